// SPDX-License-Identifier: GPL-2.0
/* Regions that rest on a machine: what the next owner finds, and who has the frames. */
#include "dma/core/resting_layer.h"

#include "kunit/host/bench.h"

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;
/// The pool never shrinks by itself; the worker is woken at the second dirty page.
constexpr RestingLimits kLimits{{Pages(), Pages(64)}, Pages(8), Pages(2)};

/// A machine, a device on it, and the layer with regions that rest.
template <class S>
struct RestingBench {
	explicit RestingBench(const sim::Profile &profile, RestingLimits limits = kLimits)
		: machine(profile), layer(machine, pool, resting, limits) {}

	Result<Region> alloc(std::uint64_t pages, void *owner)
	{
		return layer.alloc({.bytes = pages << kPageShift,
				    .reach = {device.mask - device.offset},
				    .device = &device},
				   owner);
	}
	/// As an interrupt handler does.
	Result<Region> alloc_at_once(std::uint64_t pages, void *owner)
	{
		machine.in_interrupt(true);
		auto region = layer.alloc({.bytes = pages << kPageShift,
					   .reach = {.may_sleep = false},
					   .device = &device},
					  owner);

		machine.in_interrupt(false);
		return region;
	}
	Woken wake(std::uint64_t pages)
	{
		machine.in_interrupt(true);
		const auto woken = layer.wake(Pages(pages), &device);

		machine.in_interrupt(false);
		return woken;
	}
	bool rest(const Region &region, void *owner)
	{
		machine.in_interrupt(true);
		const bool rests = layer.rest(region, owner);

		machine.in_interrupt(false);
		return rests;
	}
	/// A region that was written by its owner, and by its device.
	void soil(const Region &region)
	{
		each_line_of(region.run.pages.count(), [&](std::uint64_t byte) {
			machine.write(device, region.bus + byte, 7);
			machine.write(0, region.cpu + byte, 8);
		});
	}
	void expect_zero(const Region &region)
	{
		each_line_of(region.run.pages.count(), [&](std::uint64_t byte) {
			ASSERT_EQ(machine.read(device, region.bus + byte), 0u) << byte;
			ASSERT_EQ(machine.read(0, region.cpu + byte), 0u) << byte;
		});
	}
	[[nodiscard]] std::string said()
	{
		const std::string said = words(machine.steps());

		machine.forget_steps();
		return said;
	}

	sim::SimulatedMachine machine;
	Pool<2> pool;
	Resting resting;
	RestingLayer<sim::SimulatedMachine, S, 2> layer;
	sim::Device device;
	int one = 0, other = 0, third = 0;   ///< handles of owners
};

template <class B>
class RestingLayerTest : public ::testing::Test {
protected:
	using Bench = RestingBench<typename B::Strategy>;
};

TYPED_TEST_SUITE(RestingLayerTest, Boards, BoardName);

TYPED_TEST(RestingLayerTest, TheNextOwnerFindsZeroes)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(2, &bench.one);

	ASSERT_TRUE(region);
	bench.soil(*region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	EXPECT_FALSE(bench.wake(2)) << "dirty";
	EXPECT_EQ(bench.layer.resting_pages(), Pages(2));
	bench.layer.tend();
	(void)bench.said();

	const auto woken = bench.wake(2);

	ASSERT_TRUE(woken);
	EXPECT_EQ(woken.owner, &bench.one);
	EXPECT_EQ(woken.bus, region->bus);
	EXPECT_EQ(bench.said(), "") << "no step of the machine";
	EXPECT_EQ(bench.layer.resting_pages(), Pages());
	bench.expect_zero(*region);
	bench.layer.release(*region);
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, TheWorkerZeroesWhatRests)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(1, &bench.one);

	ASSERT_TRUE(region);
	bench.soil(*region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	(void)bench.said();
	bench.layer.tend();
	EXPECT_EQ(bench.said(), "zero barrier");
	bench.layer.tend();
	EXPECT_EQ(bench.said(), "recall zero barrier") << "the pool's, not wanted in between";
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, TheWorkerIsWokenOnce)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	std::vector<Region> regions;
	int owners[4] = {};

	for (int &owner : owners)
		regions.push_back(bench.alloc(1, &owner).value_or(Region{}));
	const unsigned before = bench.machine.tend_wanted();

	ASSERT_TRUE(bench.rest(regions[0], &owners[0]));
	EXPECT_EQ(bench.machine.tend_wanted(), before);
	ASSERT_TRUE(bench.rest(regions[1], &owners[1]));
	EXPECT_EQ(bench.machine.tend_wanted(), before + 1);
	ASSERT_TRUE(bench.rest(regions[2], &owners[2]));
	EXPECT_EQ(bench.machine.tend_wanted(), before + 1);
	bench.layer.tend();
	ASSERT_TRUE(bench.rest(regions[3], &owners[3]));
	EXPECT_EQ(bench.machine.tend_wanted(), before + 1) << "one page is not enough";
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, ManyPagesAtOnceWakeItToo)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(3, &bench.one);

	ASSERT_TRUE(region);
	const unsigned before = bench.machine.tend_wanted();

	ASSERT_TRUE(bench.rest(*region, &bench.one));
	EXPECT_EQ(bench.machine.tend_wanted(), before + 1);
}

TYPED_TEST(RestingLayerTest, WithoutALimitItIsNeverWoken)
{
	typename TestFixture::Bench bench(TypeParam::profile, {{Pages(), Pages(64)}, Pages(8)});
	const auto region = bench.alloc(3, &bench.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	EXPECT_EQ(bench.machine.tend_wanted(), 0u);
}

TYPED_TEST(RestingLayerTest, OutOfReachItRestsOn)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(1, &bench.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	bench.layer.tend();
	bench.device.mask = 0;
	EXPECT_FALSE(bench.wake(1));
	EXPECT_EQ(bench.layer.resting_pages(), Pages(1));
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, TheNextDeviceHasItsOwnAddress)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(1, &bench.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	bench.layer.tend();
	bench.device.offset = 0x1000000;

	const auto woken = bench.wake(1);

	ASSERT_TRUE(woken);
	EXPECT_EQ(woken.bus, region->bus + 0x1000000);
}

TYPED_TEST(RestingLayerTest, OnlyRegionsOfThePoolRest)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(1, &bench.one);

	ASSERT_TRUE(region);
	Region alone = *region;

	alone.chunk = 0;
	EXPECT_FALSE(bench.rest(alone, &bench.one));
	EXPECT_EQ(bench.layer.resting_pages(), Pages());
	bench.layer.release(*region);
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, WithoutRoomTheCallerKeepsIt)
{
	typename TestFixture::Bench bench(TypeParam::profile,
					  {{Pages(), Pages(64)}, Pages(1), Pages(1)});
	const auto first = bench.alloc(1, &bench.one);
	const auto second = bench.alloc(1, &bench.other);

	ASSERT_TRUE(first && second);
	ASSERT_TRUE(bench.rest(*first, &bench.one));
	EXPECT_EQ(bench.machine.tend_wanted(), 1u);
	EXPECT_FALSE(bench.rest(*second, &bench.other));
	EXPECT_EQ(bench.machine.tend_wanted(), 1u) << "nothing became dirty";
	bench.soil(*second);
	bench.layer.release(*second);
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, InterruptsGetWhatRests)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto first = bench.alloc(kChunk, &bench.one);

	ASSERT_TRUE(first);
	bench.soil(*first);
	ASSERT_TRUE(bench.rest(*first, &bench.one));

	/* All chunks of the pool are in use otherwise. */
	std::vector<Region> others;

	while (const auto other = bench.alloc_at_once(1, &bench.other))
		others.push_back(*other);
	ASSERT_FALSE(others.empty());
	EXPECT_EQ(bench.layer.resting_pages(), Pages()) << "given back rather than refused";
	EXPECT_EQ(bench.machine.retired(), std::vector<void *>{&bench.one});
	bench.expect_zero(others.back());
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(RestingLayerTest, WhoMaySleepLeavesItAlone)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(1, &bench.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	bench.machine.fail_next(1);
	(void)bench.alloc(1 << 20, &bench.other);
	EXPECT_EQ(bench.layer.resting_pages(), Pages(1));
}

TYPED_TEST(RestingLayerTest, EmptyGivesAllBack)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto first = bench.alloc(1, &bench.one);
	const auto second = bench.alloc(1, &bench.other);
	const auto third = bench.alloc(2, &bench.third);

	ASSERT_TRUE(first && second && third);
	ASSERT_TRUE(bench.rest(*first, &bench.one));
	bench.layer.tend();
	bench.soil(*second);
	ASSERT_TRUE(bench.rest(*second, &bench.other));
	ASSERT_TRUE(bench.rest(*third, &bench.third));
	EXPECT_TRUE(bench.layer.empty());
	EXPECT_FALSE(bench.layer.empty());
	EXPECT_EQ(bench.layer.resting_pages(), Pages());
	EXPECT_EQ(bench.machine.retired().size(), 3u);
	while (bench.layer.shrink(Pages()))
		;
	EXPECT_EQ(bench.layer.free_pages(), Pages());
	EXPECT_KEPT(bench.machine);
}

/* A region whose rest ended is not found any more; its frames are. */
TYPED_TEST(RestingLayerTest, TheWorkerRetiresTheOwner)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	const auto region = bench.alloc(1, &bench.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(bench.rest(*region, &bench.one));
	bench.layer.tend();
	EXPECT_TRUE(bench.machine.retired().empty());
	bench.layer.tend();
	EXPECT_EQ(bench.machine.retired(), std::vector<void *>{&bench.one});
	EXPECT_FALSE(bench.wake(1));

	const auto again = bench.alloc(1, &bench.other);

	ASSERT_TRUE(again);
	EXPECT_EQ(again->run, region->run);
	bench.expect_zero(*again);
	EXPECT_KEPT(bench.machine);
}

} // namespace
} // namespace dmamap::test
