// SPDX-License-Identifier: GPL-2.0
/* Regions that rest on a machine: what the next owner finds, and who has the frames. */
#include "dma/core/resting_layer.h"

#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;
/// The pool never shrinks by itself; the worker is woken at the second dirty page.
constexpr RestingLimits kLimits{{Pages(), Pages(64)}, Pages(8), Pages(2)};

/// A machine, a device on it, and the layer with regions that rest.
template <class S>
struct RestingFixture {
	explicit RestingFixture(const sim::Profile &profile, RestingLimits limits = kLimits)
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
	/// As a driver does that I/O waits for.
	Result<Region> alloc_without_io(std::uint64_t pages, void *owner)
	{
		return layer.alloc({.bytes = pages << kPageShift,
				    .reach = {.may_move = false},
				    .device = &device},
				   owner);
	}
	/// The region that woke, as the machine has it; nothing if none did.
	std::optional<Region> wake(std::uint64_t pages, void *expected)
	{
		machine.in_interrupt(true);
		void *const owner = layer.wake(Pages(pages), &device);

		machine.in_interrupt(false);
		if (!owner)
			return std::nullopt;
		EXPECT_EQ(owner, expected);
		return machine.woken();
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
	using Fixture = RestingFixture<typename B::Strategy>;
};

TYPED_TEST_SUITE(RestingLayerTest, Boards, BoardName);

TYPED_TEST(RestingLayerTest, TheNextOwnerFindsZeroes)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(2, &fixture.one);

	ASSERT_TRUE(region);
	fixture.soil(*region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	EXPECT_FALSE(fixture.wake(2, &fixture.one)) << "dirty";
	EXPECT_EQ(fixture.layer.resting_pages(), Pages(2));
	fixture.layer.tend();
	(void)fixture.said();

	const auto woken = fixture.wake(2, &fixture.one);

	ASSERT_TRUE(woken);
	EXPECT_EQ(woken->run, region->run);
	EXPECT_EQ(woken->bus, region->bus);
	EXPECT_EQ(fixture.said(), "") << "no step of the machine";
	EXPECT_EQ(fixture.layer.resting_pages(), Pages());
	fixture.expect_zero(*region);
	fixture.layer.release(*region);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, TheWorkerZeroesWhatRests)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	fixture.soil(*region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	(void)fixture.said();
	fixture.layer.tend();
	EXPECT_EQ(fixture.said(), "zero barrier");
	fixture.layer.tend();
	EXPECT_EQ(fixture.said(), "recall zero barrier") << "the pool's, not wanted in between";
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, TheWorkerIsWokenOnce)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	std::vector<Region> regions;
	int owners[4] = {};

	for (int &owner : owners)
		regions.push_back(fixture.alloc(1, &owner).value_or(Region{}));
	const unsigned before = fixture.machine.tend_wanted();

	ASSERT_TRUE(fixture.rest(regions[0], &owners[0]));
	EXPECT_EQ(fixture.machine.tend_wanted(), before);
	ASSERT_TRUE(fixture.rest(regions[1], &owners[1]));
	EXPECT_EQ(fixture.machine.tend_wanted(), before + 1);
	ASSERT_TRUE(fixture.rest(regions[2], &owners[2]));
	EXPECT_EQ(fixture.machine.tend_wanted(), before + 1);
	fixture.layer.tend();
	ASSERT_TRUE(fixture.rest(regions[3], &owners[3]));
	EXPECT_EQ(fixture.machine.tend_wanted(), before + 1) << "one page is not enough";
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, ManyPagesAtOnceWakeItToo)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(3, &fixture.one);

	ASSERT_TRUE(region);
	const unsigned before = fixture.machine.tend_wanted();

	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	EXPECT_EQ(fixture.machine.tend_wanted(), before + 1);
}

TYPED_TEST(RestingLayerTest, WithoutALimitItIsNeverWoken)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {{Pages(), Pages(64)}, Pages(8)});
	const auto region = fixture.alloc(3, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	EXPECT_EQ(fixture.machine.tend_wanted(), 0u);
}

/* Others make room in memory for themselves, and let it rest. */
TYPED_TEST(RestingLayerTest, WhatRestsIsForCallersThatMayNotWaitForIo)
{
	constexpr bool cma = std::is_base_of_v<FromCma, typename TypeParam::Strategy>;
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(kChunk, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	EXPECT_TRUE(fixture.alloc_without_io(2, &fixture.other));
	EXPECT_EQ(fixture.layer.resting_pages(), Pages(cma ? 0 : kChunk));

	typename TestFixture::Fixture other(TypeParam::profile);
	const auto full = other.alloc(kChunk, &other.one);

	ASSERT_TRUE(full);
	ASSERT_TRUE(other.rest(*full, &other.one));
	EXPECT_TRUE(other.alloc(2, &other.other));
	EXPECT_EQ(other.layer.resting_pages(), Pages(kChunk));
	EXPECT_KEPT(fixture.machine);
	EXPECT_KEPT(other.machine);
}

TYPED_TEST(RestingLayerTest, OutOfReachItRestsOn)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	fixture.layer.tend();
	fixture.device.mask = 0;
	EXPECT_FALSE(fixture.wake(1, &fixture.one));
	EXPECT_EQ(fixture.layer.resting_pages(), Pages(1));
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, TheNextDeviceHasItsOwnAddress)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	fixture.layer.tend();
	fixture.device.offset = 0x1000000;

	const auto woken = fixture.wake(1, &fixture.one);

	ASSERT_TRUE(woken);
	EXPECT_EQ(woken->bus, region->bus + 0x1000000);
}

TYPED_TEST(RestingLayerTest, OnlyRegionsOfThePoolRest)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	Region alone = *region;

	alone.chunk = 0;
	EXPECT_FALSE(fixture.rest(alone, &fixture.one));
	EXPECT_EQ(fixture.layer.resting_pages(), Pages());
	fixture.layer.release(*region);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, WithoutRoomTheCallerKeepsIt)
{
	typename TestFixture::Fixture fixture(TypeParam::profile,
					      {{Pages(), Pages(64)}, Pages(1), Pages(1)});
	const auto first = fixture.alloc(1, &fixture.one);
	const auto second = fixture.alloc(1, &fixture.other);

	ASSERT_TRUE(first && second);
	ASSERT_TRUE(fixture.rest(*first, &fixture.one));
	EXPECT_EQ(fixture.machine.tend_wanted(), 1u);
	EXPECT_FALSE(fixture.rest(*second, &fixture.other));
	EXPECT_EQ(fixture.machine.tend_wanted(), 1u) << "nothing became dirty";
	fixture.soil(*second);
	fixture.layer.release(*second);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, InterruptsGetWhatRests)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto first = fixture.alloc(kChunk, &fixture.one);

	ASSERT_TRUE(first);
	fixture.soil(*first);
	ASSERT_TRUE(fixture.rest(*first, &fixture.one));

	/* All chunks of the pool are in use otherwise. */
	std::vector<Region> others;

	while (const auto other = fixture.alloc_at_once(1, &fixture.other))
		others.push_back(*other);
	ASSERT_FALSE(others.empty());
	EXPECT_EQ(fixture.layer.resting_pages(), Pages()) << "given back rather than refused";
	EXPECT_EQ(fixture.machine.retired(), std::vector<void *>{&fixture.one});
	fixture.expect_zero(others.back());
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(RestingLayerTest, WhoMaySleepLeavesItAlone)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	fixture.machine.fail_next(1);
	(void)fixture.alloc(1 << 20, &fixture.other);
	EXPECT_EQ(fixture.layer.resting_pages(), Pages(1));
}

TYPED_TEST(RestingLayerTest, WhatIsRefusedLeavesItAlone)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	EXPECT_EQ(why(fixture.alloc_at_once(0, &fixture.other)), Errno::inval);
	EXPECT_EQ(fixture.layer.resting_pages(), Pages(1));
}

TYPED_TEST(RestingLayerTest, EmptyGivesAllBack)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto first = fixture.alloc(1, &fixture.one);
	const auto second = fixture.alloc(1, &fixture.other);
	const auto third = fixture.alloc(2, &fixture.third);

	ASSERT_TRUE(first && second && third);
	ASSERT_TRUE(fixture.rest(*first, &fixture.one));
	fixture.layer.tend();
	fixture.soil(*second);
	ASSERT_TRUE(fixture.rest(*second, &fixture.other));
	ASSERT_TRUE(fixture.rest(*third, &fixture.third));
	EXPECT_TRUE(fixture.layer.empty());
	EXPECT_FALSE(fixture.layer.empty());
	EXPECT_EQ(fixture.layer.resting_pages(), Pages());
	EXPECT_EQ(fixture.machine.retired().size(), 3u);
	while (fixture.layer.shrink(Pages()))
		;
	EXPECT_EQ(fixture.layer.free_pages(), Pages());
	EXPECT_KEPT(fixture.machine);
}

/* A region whose rest ended is not found any more; its frames are. */
TYPED_TEST(RestingLayerTest, TheWorkerRetiresTheOwner)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto region = fixture.alloc(1, &fixture.one);

	ASSERT_TRUE(region);
	ASSERT_TRUE(fixture.rest(*region, &fixture.one));
	fixture.layer.tend();
	EXPECT_TRUE(fixture.machine.retired().empty());
	fixture.layer.tend();
	EXPECT_EQ(fixture.machine.retired(), std::vector<void *>{&fixture.one});
	EXPECT_FALSE(fixture.wake(1, &fixture.one));

	const auto again = fixture.alloc(1, &fixture.other);

	ASSERT_TRUE(again);
	EXPECT_EQ(again->run, region->run);
	fixture.expect_zero(*again);
	EXPECT_KEPT(fixture.machine);
}

} // namespace
} // namespace dmamap::test
