// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated machine itself: it holds stale values, so that a missing step
 * shows in bytes; and it sees machines that do less than the concept asks.
 */
#include "kunit/host/bench.h"

#include <algorithm>

namespace dmamap::test {
namespace {

using sim::Rule;
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

/// A wrong order makes wrong bytes, not only a verdict.
TEST(SimulatedMachineTest, MissingFlushLosesWhatTheDeviceWrote)
{
	SimulatedMachine machine(sim::kX86);
	sim::Device device;
	auto run = Unmap::take(machine, Pages(1), Reach{});

	ASSERT_TRUE(run);
	ASSERT_TRUE(machine.claim(*run, Attribute::coherent));
	machine.drop_lazy_aliases(*run);
	ASSERT_TRUE(Unmap::close(machine, *run));
	machine.purge_linear(*run);
	auto mapping = machine.map(*run, Attribute::coherent);
	ASSERT_TRUE(mapping);
	machine.zero(*mapping, run->pages);
	machine.barrier();

	const BusAddr bus(to_phys(run->first).raw());

	machine.write(device, bus, 7);
	EXPECT_EQ(machine.read(0, *mapping), 7u);
	machine.evict();
	EXPECT_NE(machine.read(0, *mapping), 7u);
}

/// A flush that a living alias undoes leaves the kernel with stale bytes.
TEST(SimulatedMachineTest, FlushBeforePurgeHidesWhatTheDeviceWrote)
{
	SimulatedMachine machine(sim::kX86);
	sim::Device device;
	auto run = Unmap::take(machine, Pages(1), Reach{});

	ASSERT_TRUE(run);
	const CpuAddr linear = machine.linear_address(run->first);
	const BusAddr bus(to_phys(run->first).raw());

	machine.flush(*run, linear);
	machine.barrier();
	machine.write(device, bus, 7);
	EXPECT_NE(machine.read(0, linear), 7u);
}

TEST(SimulatedMachineTest, TlbKeepsWhatThePageTableLost)
{
	SimulatedMachine machine(sim::kX86);
	auto run = machine.take_pages(Pages(1), Reach{});

	ASSERT_TRUE(run);
	const CpuAddr linear = machine.linear_address(run->first);

	ASSERT_TRUE(machine.set_linear(run->first, Linear::absent));
	EXPECT_EQ(machine.linear(run->first), Linear::absent);
	EXPECT_TRUE(machine.read(1, linear));
	machine.purge_linear(*run);
	EXPECT_FALSE(machine.read(1, linear));
}

TEST(SimulatedMachineTest, SnoopingDeviceSeesTheCache)
{
	SimulatedMachine machine(sim::kX86);
	sim::Device snooping{.snooping = true};
	sim::Device other;
	auto run = machine.take_pages(Pages(1), Reach{});

	ASSERT_TRUE(run);
	const CpuAddr linear = machine.linear_address(run->first);
	const BusAddr bus(to_phys(run->first).raw());

	machine.write(0, linear, 9);
	EXPECT_EQ(machine.read(snooping, bus), 9u);
	EXPECT_NE(machine.read(other, bus), 9u);
	machine.write(snooping, bus, 10);
	EXPECT_EQ(machine.read(1, linear), 10u);
}

TEST(SimulatedMachineTest, FailsTheNthStepThatCanFail)
{
	SimulatedMachine machine(sim::kX86);

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
		for (std::uint64_t i = 0; i < run.pages.count(); ++i)
			translations().purge_on(0, linear_address(run.first + i));
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
		for (std::uint64_t i = 0; i < run.pages.count(); ++i)
			translations().clear(addr + i * kPageBytes);
	}
};

template <class M, class S>
void expect_seen(const sim::Profile &profile, Rule rule)
{
	Bench<S, M> bench(profile);
	auto region = bench.alloc(3);

	ASSERT_TRUE(region);
	bench.machine.write(0, region->cpu, 1);
	bench.layer.release(*region);
	EXPECT_TRUE(std::ranges::any_of(bench.machine.violations(),
					[&](const auto &v) { return v.rule == rule; }))
		<< rule << " expected, seen "
		<< ::testing::PrintToString(bench.machine.violations());
}

TEST(SimulatedMachineTest, SeesMachinesThatDoTooLittle)
{
	expect_seen<PurgesOneCpu, Unmap>(sim::kX86, Rule::alias);
	expect_seen<PurgesFirstPage, Unmap>(sim::kX86, Rule::alias);
	expect_seen<FlushesFirstPage, Highmem>(sim::kArm, Rule::line);
	expect_seen<FlushesThroughNothing, Highmem>(sim::kArm, Rule::no_translation);
	expect_seen<FlushesThroughNothing, Unmap>(sim::kX86, Rule::no_translation);
	expect_seen<ZeroesFirstPage, Unmap>(sim::kX86, Rule::secret);
	expect_seen<OrdersNothing, Unmap>(sim::kX86, Rule::in_flight);
	expect_seen<MapsCacheable, Highmem>(sim::kArm, Rule::alias);
	expect_seen<KeepsLazyAliases, Highmem>(sim::kArm, Rule::alias);
	expect_seen<KeepsLazyAliases, Unmap>(sim::kX86, Rule::alias);
	expect_seen<ClaimsNothing, Unmap>(sim::kX86, Rule::unclaimed);
	expect_seen<KeepsClaims, Unmap>(sim::kX86, Rule::given_claimed);
	expect_seen<UnmapsLazily, Highmem>(sim::kArm, Rule::given_mapped);
	expect_seen<UnmapsLazily, Unmap>(sim::kX86, Rule::alias);
}

} // namespace
} // namespace dmamap::test
