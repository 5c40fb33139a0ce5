// SPDX-License-Identifier: GPL-2.0
/* The pages that the pool keeps, those that it gives back, and the devices for
   which it keeps them. */
#include "kunit/host/pool_fixture.h"

#include <functional>

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;

template <class B>
class LimitsTest : public ::testing::Test {
protected:
	using Fixture = PoolFixture<typename B::Strategy>;
};

TYPED_TEST_SUITE(LimitsTest, Boards, BoardName);

TYPED_TEST(LimitsTest, InterruptsGetWhatThePoolHas)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto first = fixture.alloc(1);

	ASSERT_TRUE(first);
	(void)fixture.said();
	auto region = fixture.alloc_at_once(2);

	ASSERT_TRUE(region);
	EXPECT_EQ(fixture.said(), "lend");
	EXPECT_EQ(region->chunk, 1);
	fixture.machine.in_interrupt(true);
	fixture.release(*region);
	fixture.machine.in_interrupt(false);
	EXPECT_EQ(fixture.said(), "recall");
	EXPECT_EQ(fixture.free(), kChunk - 1);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, InterruptsFindAnEmptyPoolOnce)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(1), Pages(8)});
	const auto before = fixture.machine.state();

	EXPECT_EQ(why(fixture.alloc_at_once(1)), Errno::nomem);
	EXPECT_EQ(fixture.said(), "");
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_EQ(fixture.machine.tend_wanted(), 1u);

	fixture.layer.tend();
	EXPECT_EQ(fixture.free(), kChunk);
	EXPECT_TRUE(fixture.alloc_at_once(1));
	EXPECT_EQ(fixture.machine.tend_wanted(), 1u);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, WhoMaySleepFillsThePoolHimself)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(1), Pages(8)});

	EXPECT_TRUE(fixture.alloc(1));
	EXPECT_EQ(fixture.machine.tend_wanted(), 0u);
	EXPECT_EQ(fixture.free(), kChunk - 1);
}

TYPED_TEST(LimitsTest, InterruptsGetNoMoreThanAChunk)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto first = fixture.alloc(1);

	ASSERT_TRUE(first);
	(void)fixture.said();
	EXPECT_EQ(why(fixture.alloc_at_once(kChunk)), Errno::nomem);
	EXPECT_EQ(why(fixture.alloc_at_once(kChunk + 1)), Errno::nomem);
	EXPECT_EQ(fixture.said(), "");
	EXPECT_EQ(fixture.free(), kChunk - 1);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, TheFloorIsForInterrupts)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(3), Pages(8)});

	fixture.layer.tend();
	EXPECT_EQ(fixture.free(), kChunk);
	EXPECT_EQ(fixture.alloc(1)->chunk, 1);   // leaves the floor
	EXPECT_EQ(fixture.free(), 3u);
	(void)fixture.said();

	EXPECT_EQ(fixture.alloc(1)->chunk, 2);   // would not: there is another chunk
	EXPECT_TRUE(fixture.said().ends_with("hold lend"));
	EXPECT_EQ(fixture.free(), 2 * kChunk - 2);
	EXPECT_EQ(fixture.machine.tend_wanted(), 0u);

	/* A handler goes below it, and has it filled again. */
	ASSERT_TRUE(fixture.alloc_at_once(2));
	ASSERT_TRUE(fixture.alloc_at_once(1));
	EXPECT_EQ(fixture.free(), 3u);
	EXPECT_EQ(fixture.machine.tend_wanted(), 0u);
	ASSERT_TRUE(fixture.alloc_at_once(2));
	EXPECT_EQ(fixture.free(), 1u);
	EXPECT_EQ(fixture.machine.tend_wanted(), 1u);
	EXPECT_KEPT(fixture.machine);
}

/* Where frames come from CMA, there are none without moving what is there. */
TYPED_TEST(LimitsTest, TheFloorIsForCallersThatMayNotWaitForIo)
{
	constexpr bool cma = std::is_base_of_v<FromCma, typename TypeParam::Strategy>;
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(3), Pages(8)});

	fixture.layer.tend();
	EXPECT_EQ(fixture.alloc_without_io(1)->chunk, 1);   // leaves the floor
	EXPECT_EQ(fixture.machine.tend_wanted(), 0u);
	(void)fixture.said();

	auto region = fixture.alloc_without_io(2);

	ASSERT_TRUE(region);
	EXPECT_EQ(fixture.said() == "lend", cma);
	EXPECT_EQ(region->chunk, cma ? 1 : 2);
	EXPECT_EQ(fixture.free(), cma ? 1 : 2 * kChunk - 3);
	EXPECT_EQ(fixture.machine.tend_wanted(), cma ? 1u : 0u);
	if (cma) {
		const auto before = fixture.machine.state();

		EXPECT_EQ(why(fixture.alloc_without_io(2)), Errno::nomem);
		EXPECT_EQ(fixture.machine.state(), before);
		EXPECT_TRUE(fixture.alloc(2));   // makes room for itself
	}
	EXPECT_KEPT(fixture.machine);
}

/* Others do not get it, whatever was refused before. */
TYPED_TEST(LimitsTest, TheFloorIsNotForWhoMayWait)
{
	PoolFixture<typename TypeParam::Strategy, 1> fixture(TypeParam::profile,
							     {Pages(2), Pages(8)});

	ASSERT_TRUE(fixture.alloc(2));
	fixture.machine.fail_next(1);
	EXPECT_EQ(why(fixture.alloc(1)), Errno::nomem);
	EXPECT_EQ(fixture.free(), 2u);
	fixture.machine.fail_next(1);
	EXPECT_TRUE(fixture.alloc_without_io(1));
	EXPECT_EQ(fixture.free(), 1u);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, TendingFillsUpToTheFloor)
{
	for (std::uint64_t floor : {0, 1, 4, 5, 8}) {
		SCOPED_TRACE(floor);
		typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(floor), Pages(16)});

		fixture.layer.tend();
		EXPECT_EQ(fixture.free(), (floor + kChunk - 1) / kChunk * kChunk);
		(void)fixture.said();
		fixture.layer.tend();
		EXPECT_EQ(fixture.said(), "");
		for (std::uint64_t i = 0; i < floor; ++i)
			EXPECT_TRUE(fixture.alloc_at_once(1)) << i;
		EXPECT_KEPT(fixture.machine);
	}
}

/* Not even a pool that has no place for the floor is tended for ever. */
TYPED_TEST(LimitsTest, TendingEndsWhenThePoolIsFull)
{
	PoolFixture<typename TypeParam::Strategy, 1> fixture(TypeParam::profile,
							     {Pages(8), Pages(16)});

	fixture.layer.tend();
	EXPECT_EQ(fixture.free(), kChunk);
	(void)fixture.said();
	fixture.layer.tend();
	EXPECT_EQ(fixture.said(), "");
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, WhatIsAboveTheBoundGoesBack)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(), Pages(kChunk)});
	std::vector<Region> regions;

	for (unsigned i = 0; i < 2 * kChunk; ++i)
		regions.push_back(*fixture.alloc(1));
	for (unsigned i = 0; i < 2 * kChunk; ++i) {
		fixture.release(regions[i]);
		EXPECT_EQ(fixture.machine.tend_wanted(), i < kChunk ? 0 : i - kChunk + 1) << i;
	}
	(void)fixture.said();
	fixture.layer.tend();
	EXPECT_TRUE(fixture.said().starts_with("withdraw barrier unmap "));
	EXPECT_EQ(fixture.free(), kChunk);
	fixture.layer.tend();
	EXPECT_EQ(fixture.said(), "");
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, AsManyChunksGoBackAsItTakes)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(), Pages(kChunk - 1)});
	const auto before = fixture.machine.state();
	auto one = fixture.alloc(kChunk);
	auto two = fixture.alloc(kChunk);

	ASSERT_TRUE(one && two);
	fixture.release(*one);
	fixture.release(*two);
	fixture.layer.tend();
	EXPECT_EQ(fixture.free(), 0u);
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, TendingLeavesTheFloorAndWhatIsUsed)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, {Pages(5), Pages(6)});
	auto one = fixture.alloc(kChunk);
	auto two = fixture.alloc(kChunk);

	ASSERT_TRUE(one && two);
	fixture.release(*one);
	fixture.layer.tend();   // nothing above the bound, no place below the floor
	EXPECT_EQ(fixture.free(), kChunk);
	fixture.release(*two);
	EXPECT_EQ(fixture.free(), 2 * kChunk);
	(void)fixture.said();
	fixture.layer.tend();   // a chunk less would be below the floor
	EXPECT_EQ(fixture.said(), "zero barrier");
	EXPECT_EQ(fixture.free(), 2 * kChunk);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, ShrinkingTakesUnusedChunksOnly)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	const auto before = fixture.machine.state();

	EXPECT_FALSE(fixture.layer.shrink(Pages()));
	auto one = fixture.alloc(kChunk);
	auto two = fixture.alloc(1);

	ASSERT_TRUE(one && two);
	fixture.machine.write(0, two->cpu, 5);
	EXPECT_FALSE(fixture.layer.shrink(Pages()));
	fixture.release(*one);
	EXPECT_EQ(fixture.free(), 2 * kChunk - 1);
	EXPECT_FALSE(fixture.layer.shrink(Pages(kChunk)));
	EXPECT_TRUE(fixture.layer.shrink(Pages(kChunk - 1)));
	EXPECT_EQ(fixture.free(), kChunk - 1);
	EXPECT_FALSE(fixture.layer.shrink(Pages()));
	EXPECT_EQ(fixture.machine.read(0, two->cpu), 5u);
	EXPECT_EQ(fixture.machine.read(0, one->cpu), std::nullopt);

	fixture.release(*two);
	EXPECT_TRUE(fixture.layer.shrink(Pages()));
	EXPECT_EQ(fixture.free(), 0u);
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, AChunkThatWasGivenBackMakesPlaceForAnother)
{
	PoolFixture<typename TypeParam::Strategy, 1> fixture(TypeParam::profile);

	for (int round = 0; round < 3; ++round) {
		auto region = fixture.alloc(2);

		ASSERT_TRUE(region);
		EXPECT_EQ(region->chunk, 1);
		fixture.release(*region);
		EXPECT_TRUE(fixture.layer.shrink(Pages()));
	}
	EXPECT_KEPT(fixture.machine);
}

/* A pool that is full costs nothing: no chunk is flipped for naught. */
TYPED_TEST(LimitsTest, WithoutAPlaceRegionsAreFlippedByThemselves)
{
	PoolFixture<typename TypeParam::Strategy, 1> fixture(TypeParam::profile);
	const auto before = fixture.machine.state();
	auto pooled = fixture.alloc(kChunk);

	ASSERT_TRUE(pooled);
	(void)fixture.said();
	auto single = fixture.alloc(1);

	ASSERT_TRUE(single);
	EXPECT_EQ(single->chunk, 0);
	const auto steps = fixture.machine.steps();

	EXPECT_EQ(std::ranges::count(steps, DMAMAP_STEP_TAKE, &dmamap_step::id), 1);
	EXPECT_EQ(std::ranges::count(steps, DMAMAP_STEP_GIVE, &dmamap_step::id), 0);
	EXPECT_EQ(why(fixture.alloc_at_once(1)), Errno::nomem);
	fixture.release(*single);
	fixture.release(*pooled);
	fixture.empty();
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_KEPT(fixture.machine);
}

/// A machine on which something happens while a chunk is made, or as soon as the
/// pool is unlocked.
struct Busy : sim::SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;

	Result<void> hold(FrameRun run) noexcept
	{
		if (auto meanwhile = std::exchange(while_made_, nullptr))
			meanwhile();
		return SimulatedMachine::hold(run);
	}
	void unlock(std::uint64_t flags) noexcept
	{
		SimulatedMachine::unlock(flags);
		if (auto at_once = std::exchange(when_unlocked_, nullptr))
			at_once();
	}

	std::function<void()> while_made_;
	std::function<void()> when_unlocked_;
};

/* Two made a chunk for the last place. */
TYPED_TEST(LimitsTest, AChunkTooManyIsGivenBack)
{
	PoolFixture<typename TypeParam::Strategy, 1, Busy> fixture(TypeParam::profile);
	const auto before = fixture.machine.state();
	Result<Region> quicker = fail(Errno::noent);

	fixture.machine.while_made_ = [&] { quicker = fixture.alloc(1); };
	auto region = fixture.alloc(1);

	ASSERT_TRUE(quicker && region);
	EXPECT_EQ(quicker->chunk, 1);
	EXPECT_EQ(region->chunk, 0);
	EXPECT_EQ(fixture.free(), kChunk - 1);
	fixture.release(*region);
	fixture.release(*quicker);
	fixture.empty();
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_KEPT(fixture.machine);
}

/* Free pages may be lent to another caller at once. */
TYPED_TEST(LimitsTest, PagesAreReadyBeforeTheyAreFree)
{
	PoolFixture<typename TypeParam::Strategy, 1, Busy> fixture(TypeParam::profile);
	Result<Region> next = fail(Errno::noent);
	auto all = fixture.alloc(kChunk);

	ASSERT_TRUE(all);
	fixture.machine.when_unlocked_ = [&] {
		next = fixture.alloc(kChunk);
		if (next)
			fixture.machine.write(0, next->cpu, 3);
	};
	fixture.release(*all);
	ASSERT_TRUE(next);
	EXPECT_EQ(next->run, all->run);
	EXPECT_EQ(fixture.machine.read(fixture.device, next->bus), 3u);
	EXPECT_EQ(fixture.machine.state().directory.at(next->run.first), &fixture.owner);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, EachDeviceHasItsOwnBusAddress)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	sim::Device near, far{.offset = 0x8000'0000};
	auto one = fixture.alloc_for(near, 1);
	auto two = fixture.alloc_for(far, 1);
	auto three = fixture.alloc_for(near, 1);

	ASSERT_TRUE(one && two && three);
	EXPECT_EQ(one->chunk, two->chunk);
	EXPECT_EQ(one->bus.raw(), to_phys(one->run.first).raw());
	EXPECT_EQ(two->bus.raw(), to_phys(two->run.first).raw() + far.offset);
	EXPECT_EQ(three->bus.raw(), to_phys(three->run.first).raw());
	fixture.machine.write(far, two->bus + 1024, 6);
	EXPECT_EQ(fixture.machine.read(0, two->cpu + 1024), 6u);
	EXPECT_TRUE(resolve(*two, two->cpu, two->bus));

	/* The chunk may be made for one of them, or for no device. */
	typename TestFixture::Fixture other(TypeParam::profile, {Pages(1), Pages(8)});

	ASSERT_TRUE(other.alloc_for(far, 1));
	EXPECT_EQ(other.alloc_for(near, 1)->chunk, 1);
	other.layer.tend();
	auto last = other.alloc_for(far, 1);

	ASSERT_TRUE(last);
	EXPECT_EQ(last->bus.raw(), to_phys(last->run.first).raw() + far.offset);
	EXPECT_KEPT(fixture.machine);
	EXPECT_KEPT(other.machine);
}

TYPED_TEST(LimitsTest, AChunkOutOfReachIsNotUsed)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto high = fixture.alloc(1);   // the last frames come first

	ASSERT_TRUE(high);
	const std::uint64_t first = to_phys(high->run.first).raw();

	/* A byte of the chunk is missing, though not of the page. */
	sim::Device narrow{.mask = first + kChunk * kPageBytes - 2};

	EXPECT_EQ(fixture.alloc_for(narrow, 1)->chunk, 2);
	(void)fixture.said();
	narrow.mask = first + kChunk * kPageBytes - 1;
	EXPECT_EQ(fixture.alloc_for(narrow, 1)->chunk, 1);

	sim::Device low{.mask = first - 1};
	auto below = fixture.alloc_for(low, 1);

	if (TypeParam::profile.placement == CmaPlacement::highmem) {
		EXPECT_EQ(below->chunk, 2);
	} else {
		ASSERT_TRUE(below);
		EXPECT_LT(below->bus.raw(), low.mask);
	}
	/* A device that reaches all of the chunk gets what is left of it. */
	EXPECT_EQ(fixture.alloc(1)->chunk, 1);
	EXPECT_EQ(fixture.said(), "lend lend lend");
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(LimitsTest, ADeviceThatReachesNothingGetsNothing)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto region = fixture.alloc(1);
	const auto before = fixture.machine.state();
	sim::Device blind{.mask = 1};

	ASSERT_TRUE(region);
	EXPECT_EQ(why(fixture.alloc_for(blind, 1)), Errno::io);
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_EQ(fixture.free(), kChunk - 1);
	EXPECT_KEPT(fixture.machine);
}

/// A board that would flip more at a time than a pool can count.
struct Vast : sim::SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;

	BoardFacts facts() noexcept
	{
		BoardFacts facts = SimulatedMachine::facts();

		facts.chunk = Pages(std::uint64_t{1} << 20);
		return facts;
	}
	Result<FrameRun> take_pages(Pages pages, Reach reach) noexcept
	{
		asked_.push_back(pages.count());
		return SimulatedMachine::take_pages(pages, reach);
	}

	std::vector<std::uint64_t> asked_;
};

TEST(ChunkSizeTest, IsWhatThePoolCanCountAtMost)
{
	PoolFixture<Unmap, 1, Vast> fixture(sim::kSmallPages);
	auto region = fixture.alloc(1);

	ASSERT_TRUE(region);   // there is no such chunk
	EXPECT_EQ(region->chunk, 0);
	EXPECT_EQ(fixture.machine.asked_, (std::vector<std::uint64_t>{PageSet::kMost, 1}));
	EXPECT_FALSE(fixture.alloc(PageSet::kMost + 1));
	EXPECT_EQ(fixture.machine.asked_.size(), 3u);
	EXPECT_EQ(fixture.machine.asked_.back(), PageSet::kMost + 1);
	EXPECT_KEPT(fixture.machine);
}

/* A board that can't keep the strategy has no pool either. */
TEST(PooledHighmemTest, FailsClosed)
{
	PoolFixture<Highmem> fixture(sim::kCmaInLowmem, {Pages(1), Pages(8)});

	EXPECT_EQ(why(fixture.alloc(1)), Errno::nodev);
	EXPECT_EQ(why(fixture.alloc_at_once(1)), Errno::nodev);
	fixture.layer.tend();
	EXPECT_EQ(fixture.free(), 0u);
	EXPECT_EQ(fixture.said(), "");
}

} // namespace
} // namespace dmamap::test
