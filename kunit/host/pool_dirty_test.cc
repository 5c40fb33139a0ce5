// SPDX-License-Identifier: GPL-2.0
/* Pages are zero before they are lent again, zeroed by the worker or by the caller. */
#include "kunit/host/pool_fixture.h"

#include <array>
#include <functional>

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;
/// Never shrunk by itself; the worker is asked at the second dirty page.
constexpr PoolLimits kTwoDirty{Pages(), Pages(64), Pages(2)};

template <class B>
class DirtyTest : public ::testing::Test {
protected:
	using Fixture = PoolFixture<typename B::Strategy>;

	/// A region that was written by its owner, and by its device.
	static void soil(Fixture &fixture, const Region &region)
	{
		each_line_of(region.run.pages.count(), [&](std::uint64_t byte) {
			fixture.machine.write(fixture.device, region.bus + byte, 7);
			fixture.machine.write(0, region.cpu + byte, 8);
		});
	}
	static void expect_zero(Fixture &fixture, const Region &region)
	{
		each_line_of(region.run.pages.count(), [&](std::uint64_t byte) {
			ASSERT_EQ(fixture.machine.read(fixture.device, region.bus + byte), 0u) << byte;
			ASSERT_EQ(fixture.machine.read(0, region.cpu + byte), 0u) << byte;
		});
	}
};

TYPED_TEST_SUITE(DirtyTest, Boards, BoardName);

TYPED_TEST(DirtyTest, WhatIsZeroGoesFirst)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto first = fixture.alloc(1);

	ASSERT_TRUE(first);
	this->soil(fixture, *first);
	fixture.release(*first);
	(void)fixture.said();
	for (std::uint64_t i = 1; i < kChunk; ++i) {
		auto next = fixture.alloc(1);

		ASSERT_TRUE(next);
		EXPECT_EQ(fixture.said(), "lend");
		EXPECT_EQ(next->run.first, first->run.first + i);
	}
	auto last = fixture.alloc(1);

	ASSERT_TRUE(last);
	EXPECT_EQ(fixture.said(), "zero barrier lend");
	EXPECT_EQ(last->run, first->run);
	this->expect_zero(fixture, *last);
	EXPECT_KEPT(fixture.machine);
}

/* Rather than flip another chunk. */
TYPED_TEST(DirtyTest, InterruptsZeroWhatTheyGet)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto all = fixture.alloc(kChunk);

	ASSERT_TRUE(all);
	this->soil(fixture, *all);
	fixture.release(*all);
	(void)fixture.said();
	auto region = fixture.alloc_at_once(2);

	ASSERT_TRUE(region);
	EXPECT_EQ(fixture.said(), "zero barrier lend");
	EXPECT_EQ(fixture.machine.steps().size(), 0u);
	this->expect_zero(fixture, *region);
	EXPECT_KEPT(fixture.machine);
}

/* A run that is dirty in part is zeroed as a whole, and counted right. */
TYPED_TEST(DirtyTest, ARunThatIsDirtyInPartIsZero)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, kTwoDirty);
	auto one = fixture.alloc(1);

	ASSERT_TRUE(one);
	this->soil(fixture, *one);
	fixture.release(*one);
	auto all = fixture.alloc(kChunk);

	ASSERT_TRUE(all);
	EXPECT_EQ(all->chunk, 1);
	this->expect_zero(fixture, *all);
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages());
	fixture.release(*all);
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages(kChunk));
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(DirtyTest, TheWorkerZeroesWhatNobodyHas)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, kTwoDirty);
	auto lent = fixture.alloc(1);
	auto other = fixture.alloc(2);

	ASSERT_TRUE(lent && other);
	this->soil(fixture, *lent);
	this->soil(fixture, *other);
	fixture.release(*other);
	fixture.layer.tend();
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages());
	EXPECT_EQ(fixture.free(), kChunk - 1);
	this->expect_zero(fixture, *other);
	EXPECT_EQ(fixture.machine.read(0, lent->cpu), 8u);
	(void)fixture.said();
	ASSERT_TRUE(fixture.alloc(2));
	EXPECT_EQ(fixture.said(), "lend");
	fixture.layer.tend();
	EXPECT_EQ(fixture.said(), "");
	EXPECT_KEPT(fixture.machine);
}

/* However many runs they lie in. */
TYPED_TEST(DirtyTest, TheWorkerLeavesNothingDirty)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	std::array<Result<Region>, kChunk> lent{fixture.alloc(1), fixture.alloc(1), fixture.alloc(1),
						fixture.alloc(1)};

	for (const auto &region : lent)
		ASSERT_TRUE(region);
	for (const std::size_t apart : {0, 2}) {
		this->soil(fixture, *lent[apart]);
		fixture.release(*lent[apart]);
	}
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages(2));
	fixture.layer.tend();
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages());
	this->expect_zero(fixture, *lent[0]);
	this->expect_zero(fixture, *lent[2]);
	EXPECT_KEPT(fixture.machine);
}

/* Once for many pages, not for each. */
TYPED_TEST(DirtyTest, TheWorkerIsAskedWhenThereIsEnough)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, kTwoDirty);
	std::vector<Region> regions;

	for (std::uint64_t i = 0; i < kChunk; ++i)
		regions.push_back(*fixture.alloc(1));
	for (std::uint64_t i = 0; i < kChunk; ++i) {
		fixture.release(regions[i]);
		EXPECT_EQ(fixture.machine.tend_wanted(), i < 1 ? 0u : 1u) << i;
	}
	fixture.layer.tend();
	auto two = fixture.alloc(2);

	ASSERT_TRUE(two);
	fixture.release(*two);
	EXPECT_EQ(fixture.machine.tend_wanted(), 2u);
	EXPECT_KEPT(fixture.machine);
}

/* Nothing is zeroed that its allocator gets. */
TYPED_TEST(DirtyTest, ADirtyChunkGoesBackAsItIs)
{
	typename TestFixture::Fixture fixture(TypeParam::profile, kTwoDirty);
	const auto before = fixture.machine.state();
	auto all = fixture.alloc(kChunk);

	ASSERT_TRUE(all);
	this->soil(fixture, *all);
	fixture.release(*all);
	(void)fixture.said();
	EXPECT_TRUE(fixture.layer.shrink(Pages()));
	EXPECT_FALSE(fixture.said().contains("zero"));
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages());
	EXPECT_EQ(fixture.free(), 0u);
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_KEPT(fixture.machine);

	/* Nor does the next chunk inherit anything. */
	(void)fixture.alloc(1);
	EXPECT_TRUE(fixture.said().ends_with("zero barrier hold lend"));
	EXPECT_EQ(fixture.pool.dirty_pages(), Pages());
}

/// A machine on which something happens while pages are zeroed.
struct Zeroing : sim::SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;

	void zero(CpuAddr addr, Pages pages) noexcept
	{
		if (auto meanwhile = std::exchange(while_zeroed_, nullptr))
			meanwhile();
		SimulatedMachine::zero(addr, pages);
	}

	std::function<void()> while_zeroed_;
};

TYPED_TEST(DirtyTest, PagesThatAreBeingZeroedAreNobodyElses)
{
	PoolFixture<typename TypeParam::Strategy, 1, Zeroing> fixture(TypeParam::profile, kTwoDirty);
	auto all = fixture.alloc(kChunk);
	bool tried = false;

	ASSERT_TRUE(all);
	fixture.machine.write(0, all->cpu, 9);
	fixture.release(*all);
	fixture.machine.while_zeroed_ = [&] {
		tried = true;
		EXPECT_EQ(fixture.free(), kChunk);
		EXPECT_EQ(why(fixture.alloc_at_once(1)), Errno::nomem);
		EXPECT_FALSE(fixture.layer.shrink(Pages()));
	};
	fixture.layer.tend();
	EXPECT_TRUE(tried);
	EXPECT_TRUE(fixture.alloc_at_once(kChunk));
	EXPECT_KEPT(fixture.machine);
}

} // namespace
} // namespace dmamap::test
