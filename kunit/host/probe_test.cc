// SPDX-License-Identifier: GPL-2.0
/* Probes ask the CPU before the memory map: what it lacks, no placement mends. */
#include "kunit/host/fixture.h"

#include <set>

namespace dmamap::test {
namespace {

/* The boundary passes a number on, whatever it is. */
constexpr auto kUnknownCpu = static_cast<CpuFit>(static_cast<std::uint8_t>(CpuFit::aliases) + 1);

constexpr CpuFit kLacking[] = {CpuFit::ignores_uncached, CpuFit::keeps_lines, CpuFit::aliases,
			       kUnknownCpu};

template <class S>
void expect_the_cpu_is_asked(CmaPlacement placement)
{
	std::set<std::string_view> sentences;

	EXPECT_TRUE(S::probe({.cma = placement}).kept);
	for (CpuFit cpu : kLacking) {
		const Verdict verdict = S::probe({.cma = placement, .cpu = cpu});

		EXPECT_FALSE(verdict.kept) << int(cpu);
		EXPECT_NE(verdict.why.find("CPU"), verdict.why.npos) << verdict.why;
		EXPECT_TRUE(sentences.insert(verdict.why).second) << verdict.why;
	}
}

TEST(CpuTest, EachStrategyAsksIt)
{
	expect_the_cpu_is_asked<Highmem>(CmaPlacement::highmem);
	expect_the_cpu_is_asked<UnmapCma>(CmaPlacement::lowmem);
	expect_the_cpu_is_asked<Unmap>(CmaPlacement::none);
	expect_the_cpu_is_asked<Purge<>>(CmaPlacement::none);
	expect_the_cpu_is_asked<Purge<true>>(CmaPlacement::none);
}

/* A mapping of a process has another address than the linear map. */
TEST(CpuTest, SnoopedMemoryAsksOnlyWhetherAddressesAgree)
{
	EXPECT_TRUE(Snooped::probe({.cpu = CpuFit::fit}).kept);
	EXPECT_TRUE(Snooped::probe({.cpu = CpuFit::keeps_lines}).kept);
	EXPECT_TRUE(Snooped::probe({.cpu = CpuFit::ignores_uncached}).kept);
	EXPECT_FALSE(Snooped::probe({.cpu = CpuFit::aliases}).kept);
	EXPECT_FALSE(Snooped::probe({.cpu = kUnknownCpu}).kept);
}

template <class S>
void expect_refused(const sim::Profile &board, bool snooped_too)
{
	SCOPED_TRACE(board.name);
	Fixture<S> fixture(board);
	const auto before = fixture.machine.state();

	EXPECT_EQ(why(fixture.alloc()), Errno::nodev);
	fixture.device.snooping = true;
	auto snooped = fixture.alloc();

	EXPECT_EQ(why(snooped), snooped_too ? std::optional(Errno::nodev) : std::nullopt);
	if (snooped)
		fixture.layer.release(*snooped);
	else
		EXPECT_EQ(words(fixture.machine.steps()), "");
	EXPECT_EQ(fixture.machine.state(), before);
}

TEST(CpuTest, BoardsWithTheWrongOneAreRefused)
{
	expect_refused<UnmapCma>(sim::kAliasingCaches, true);
	expect_refused<Unmap>(sim::kKeepsLines, false);
	expect_refused<Purge<>>(sim::kIgnoresUncached, false);
}

/* Nothing is flushed for memory that was never the kernel's. */
TEST(CpuTest, AdoptedMemoryNeedsTheUncachedAttribute)
{
	for (const sim::Profile *board : {&sim::kAliasingCaches, &sim::kKeepsLines}) {
		Fixture<Unmap> fixture(*board);

		EXPECT_TRUE(fixture.adopt(*board)) << board->name;
	}
	Fixture<Purge<>> fixture(sim::kIgnoresUncached);
	const auto before = fixture.machine.state();

	EXPECT_EQ(why(fixture.adopt(sim::kIgnoresUncached)), Errno::nodev);
	EXPECT_EQ(fixture.machine.state(), before);
}

/* Registers are never cached, by their address. */
TEST(CpuTest, MemoryOfADeviceIsAdoptedOnAnyCpu)
{
	Fixture<Purge<>> fixture(sim::kIgnoresUncached);

	EXPECT_TRUE(fixture.layer.adopt(PhysAddr(std::uint64_t{1} << 32), kPageBytes,
					Behind::device, Attribute::uncached, &fixture.owner));
}

TEST(HighmemTest, RefusesContiguousMemoryThatTheKernelGaveBack)
{
	const Verdict verdict = Highmem::probe({CmaPlacement::unusable});

	EXPECT_FALSE(verdict.kept);
	EXPECT_NE(verdict.why.find("straddles"), verdict.why.npos) << verdict.why;
}

} // namespace
} // namespace dmamap::test
