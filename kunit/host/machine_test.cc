// SPDX-License-Identifier: GPL-2.0
/* The simulated machine itself: it sees machines that do less than is asked. */
#include "kunit/host/fixture.h"

#include <algorithm>

namespace dmamap::test {
namespace {

using judge::Op;
using judge::Rule;
using sim::SimulatedMachine;

TEST(EachTest, ARunContainsItsFramesOnly)
{
	const FrameRun run{Pfn(10), Pages(3)};

	EXPECT_FALSE(sim::contains(run, Pfn(9)));
	EXPECT_TRUE(sim::contains(run, Pfn(10)));
	EXPECT_TRUE(sim::contains(run, Pfn(12)));
	EXPECT_FALSE(sim::contains(run, Pfn(13)));
	EXPECT_FALSE(sim::contains({Pfn(10), Pages()}, Pfn(10)));
}

TEST(SimulatedMachineTest, FailsTheNthStepThatCanFail)
{
	SimulatedMachine machine(sim::kSmallPages);

	machine.fail_next(2, 1);
	EXPECT_TRUE(machine.take_pages(Pages(1), Reach{}));
	EXPECT_FALSE(machine.take_pages(Pages(1), Reach{}));
	EXPECT_FALSE(machine.take_pages(Pages(1), Reach{}));
	EXPECT_TRUE(machine.take_pages(Pages(1), Reach{}));
	EXPECT_EQ(machine.failures(), 2u);
}

/*
 * Machines that do less than dma/core/machine.h asks for. Each hides one
 * primitive of the right machine.
 */
struct PurgesOneCpu : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void purge_linear(FrameRun run) noexcept
	{
		for (const sim::Page &page : pages_at(linear_address(run.first), run))
			feed({.op = Op::purge, .cpu = 0, .va = page.va, .pfn = page.pfn});
	}
};

struct PurgesFirstPage : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void purge_linear(FrameRun run) noexcept
	{
		SimulatedMachine::purge_linear({run.first, Pages(1)});
	}
};

struct FlushesFirstPage : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void flush(FrameRun run, CpuAddr addr) noexcept
	{
		SimulatedMachine::flush({run.first, Pages(1)}, addr);
	}
};

struct FlushesThroughNothing : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void flush(FrameRun run, CpuAddr) noexcept
	{
		SimulatedMachine::flush(run, linear_address(run.first));
	}
};

struct ZeroesFirstPage : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void zero(CpuAddr addr, Pages) noexcept { SimulatedMachine::zero(addr, Pages(1)); }
};

struct OrdersNothing : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void barrier() noexcept {}
};

struct MapsCacheable : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	Result<CpuAddr> map(FrameRun run, Attribute) noexcept
	{
		return SimulatedMachine::map_device(run, Attribute::cached);
	}
	void unmap(CpuAddr addr, FrameRun run) noexcept { unmap_device(addr, run); }
};

struct KeepsLazyAliases : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void drop_lazy_aliases(FrameRun) noexcept {}
};

/* kunmap_local() has purged the TLB of its own CPU. */
struct KeepsLocalSlots : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void drop_lazy_aliases(FrameRun run) noexcept { drop_but_local(run); }
};

struct ClaimsNothing : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	Result<void> claim(FrameRun, Attribute) noexcept { return {}; }
};

struct KeepsClaims : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void release(FrameRun) noexcept {}
};

/* vunmap() without vm_unmap_aliases(): a TLB keeps the mapping of the region. */
struct UnmapsLazily : SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	void unmap(CpuAddr addr, FrameRun run) noexcept
	{
		for (const sim::Page &page : pages_at(addr, run)) {
			page_table().clear(CpuAddr(page.va << kPageShift));
			primitives().edit(page, judge::Attr::none);
		}
	}
};

template <class M, class S>
void expect_seen(const sim::Profile &profile, Rule rule)
{
	Fixture<S, M> fixture(profile);
	auto region = fixture.alloc(3);

	ASSERT_TRUE(region);
	fixture.machine.write(0, region->cpu, 1);
	fixture.layer.release(*region);
	EXPECT_TRUE(std::ranges::any_of(fixture.machine.violations(),
					[&](const auto &v) { return v.rule == rule; }))
		<< judge::name_of(rule) << " expected, seen "
		<< ::testing::PrintToString(fixture.machine.violations());
}

TEST(SimulatedMachineTest, SeesMachinesThatDoTooLittle)
{
	expect_seen<PurgesOneCpu, Unmap>(sim::kSmallPages, Rule::alias);
	expect_seen<PurgesFirstPage, Unmap>(sim::kSmallPages, Rule::alias);
	expect_seen<FlushesFirstPage, Highmem>(sim::kCmaInHighmem, Rule::line);
	expect_seen<FlushesThroughNothing, Highmem>(sim::kCmaInHighmem, Rule::bad_flush);
	expect_seen<FlushesThroughNothing, Unmap>(sim::kSmallPages, Rule::bad_flush);
	expect_seen<ZeroesFirstPage, Unmap>(sim::kSmallPages, Rule::secret);
	expect_seen<OrdersNothing, Unmap>(sim::kSmallPages, Rule::secret);
	expect_seen<MapsCacheable, Highmem>(sim::kCmaInHighmem, Rule::alias);
	expect_seen<KeepsLazyAliases, Highmem>(sim::kCmaInHighmem, Rule::alias);
	expect_seen<KeepsLazyAliases, Unmap>(sim::kSmallPages, Rule::alias);
	expect_seen<KeepsLocalSlots, Highmem>(sim::kCmaInHighmem, Rule::alias);
	expect_seen<ClaimsNothing, Unmap>(sim::kSmallPages, Rule::alias);
	expect_seen<KeepsClaims, Unmap>(sim::kSmallPages, Rule::reused);
	expect_seen<UnmapsLazily, Highmem>(sim::kCmaInHighmem, Rule::reused);
	expect_seen<UnmapsLazily, Unmap>(sim::kSmallPages, Rule::alias);
}

} // namespace
} // namespace dmamap::test
