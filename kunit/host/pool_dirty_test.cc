// SPDX-License-Identifier: GPL-2.0
/* Pages are zero before they are lent again, zeroed by the worker or by the caller. */
#include "kunit/host/pool_bench.h"

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
	using Bench = PoolBench<typename B::Strategy>;

	/// A region that was written by its owner, and by its device.
	static void soil(Bench &bench, const Region &region)
	{
		each_line_of(region.run.pages.count(), [&](std::uint64_t byte) {
			bench.machine.write(bench.device, region.bus + byte, 7);
			bench.machine.write(0, region.cpu + byte, 8);
		});
	}
	static void expect_zero(Bench &bench, const Region &region)
	{
		each_line_of(region.run.pages.count(), [&](std::uint64_t byte) {
			ASSERT_EQ(bench.machine.read(bench.device, region.bus + byte), 0u) << byte;
			ASSERT_EQ(bench.machine.read(0, region.cpu + byte), 0u) << byte;
		});
	}
};

TYPED_TEST_SUITE(DirtyTest, Boards, BoardName);

TYPED_TEST(DirtyTest, WhatIsZeroGoesFirst)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	auto first = bench.alloc(1);

	ASSERT_TRUE(first);
	this->soil(bench, *first);
	bench.release(*first);
	(void)bench.said();
	for (std::uint64_t i = 1; i < kChunk; ++i) {
		auto next = bench.alloc(1);

		ASSERT_TRUE(next);
		EXPECT_EQ(bench.said(), "lend");
		EXPECT_EQ(next->run.first, first->run.first + i);
	}
	auto last = bench.alloc(1);

	ASSERT_TRUE(last);
	EXPECT_EQ(bench.said(), "zero barrier lend");
	EXPECT_EQ(last->run, first->run);
	this->expect_zero(bench, *last);
	EXPECT_KEPT(bench.machine);
}

/* Rather than flip another chunk. */
TYPED_TEST(DirtyTest, InterruptsZeroWhatTheyGet)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	auto all = bench.alloc(kChunk);

	ASSERT_TRUE(all);
	this->soil(bench, *all);
	bench.release(*all);
	(void)bench.said();
	auto region = bench.alloc_at_once(2);

	ASSERT_TRUE(region);
	EXPECT_EQ(bench.said(), "zero barrier lend");
	EXPECT_EQ(bench.machine.steps().size(), 0u);
	this->expect_zero(bench, *region);
	EXPECT_KEPT(bench.machine);
}

/* A run that is dirty in part is zeroed as a whole, and counted right. */
TYPED_TEST(DirtyTest, ARunThatIsDirtyInPartIsZero)
{
	typename TestFixture::Bench bench(TypeParam::profile, kTwoDirty);
	auto one = bench.alloc(1);

	ASSERT_TRUE(one);
	this->soil(bench, *one);
	bench.release(*one);
	auto all = bench.alloc(kChunk);

	ASSERT_TRUE(all);
	EXPECT_EQ(all->chunk, 1);
	this->expect_zero(bench, *all);
	EXPECT_EQ(bench.pool.dirty_pages(), Pages());
	bench.release(*all);
	EXPECT_EQ(bench.pool.dirty_pages(), Pages(kChunk));
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(DirtyTest, TheWorkerZeroesWhatNobodyHas)
{
	typename TestFixture::Bench bench(TypeParam::profile, kTwoDirty);
	auto lent = bench.alloc(1);
	auto other = bench.alloc(2);

	ASSERT_TRUE(lent && other);
	this->soil(bench, *lent);
	this->soil(bench, *other);
	bench.release(*other);
	bench.layer.tend();
	EXPECT_EQ(bench.pool.dirty_pages(), Pages());
	EXPECT_EQ(bench.free(), kChunk - 1);
	this->expect_zero(bench, *other);
	EXPECT_EQ(bench.machine.read(0, lent->cpu), 8u);
	(void)bench.said();
	ASSERT_TRUE(bench.alloc(2));
	EXPECT_EQ(bench.said(), "lend");
	bench.layer.tend();
	EXPECT_EQ(bench.said(), "");
	EXPECT_KEPT(bench.machine);
}

/* However many runs they lie in. */
TYPED_TEST(DirtyTest, TheWorkerLeavesNothingDirty)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	std::array<Result<Region>, kChunk> lent{bench.alloc(1), bench.alloc(1), bench.alloc(1),
						bench.alloc(1)};

	for (const auto &region : lent)
		ASSERT_TRUE(region);
	for (const std::size_t apart : {0, 2}) {
		this->soil(bench, *lent[apart]);
		bench.release(*lent[apart]);
	}
	EXPECT_EQ(bench.pool.dirty_pages(), Pages(2));
	bench.layer.tend();
	EXPECT_EQ(bench.pool.dirty_pages(), Pages());
	this->expect_zero(bench, *lent[0]);
	this->expect_zero(bench, *lent[2]);
	EXPECT_KEPT(bench.machine);
}

/* Once for many pages, not for each. */
TYPED_TEST(DirtyTest, TheWorkerIsAskedWhenThereIsEnough)
{
	typename TestFixture::Bench bench(TypeParam::profile, kTwoDirty);
	std::vector<Region> regions;

	for (std::uint64_t i = 0; i < kChunk; ++i)
		regions.push_back(*bench.alloc(1));
	for (std::uint64_t i = 0; i < kChunk; ++i) {
		bench.release(regions[i]);
		EXPECT_EQ(bench.machine.tend_wanted(), i < 1 ? 0u : 1u) << i;
	}
	bench.layer.tend();
	auto two = bench.alloc(2);

	ASSERT_TRUE(two);
	bench.release(*two);
	EXPECT_EQ(bench.machine.tend_wanted(), 2u);
	EXPECT_KEPT(bench.machine);
}

/* Nothing is zeroed that its allocator gets. */
TYPED_TEST(DirtyTest, ADirtyChunkGoesBackAsItIs)
{
	typename TestFixture::Bench bench(TypeParam::profile, kTwoDirty);
	const auto before = bench.machine.state();
	auto all = bench.alloc(kChunk);

	ASSERT_TRUE(all);
	this->soil(bench, *all);
	bench.release(*all);
	(void)bench.said();
	EXPECT_TRUE(bench.layer.shrink(Pages()));
	EXPECT_FALSE(bench.said().contains("zero"));
	EXPECT_EQ(bench.pool.dirty_pages(), Pages());
	EXPECT_EQ(bench.free(), 0u);
	EXPECT_EQ(bench.machine.state(), before);
	EXPECT_KEPT(bench.machine);

	/* Nor does the next chunk inherit anything. */
	(void)bench.alloc(1);
	EXPECT_TRUE(bench.said().ends_with("zero barrier hold lend"));
	EXPECT_EQ(bench.pool.dirty_pages(), Pages());
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
	PoolBench<typename TypeParam::Strategy, 1, Zeroing> bench(TypeParam::profile, kTwoDirty);
	auto all = bench.alloc(kChunk);
	bool tried = false;

	ASSERT_TRUE(all);
	bench.machine.write(0, all->cpu, 9);
	bench.release(*all);
	bench.machine.while_zeroed_ = [&] {
		tried = true;
		EXPECT_EQ(bench.free(), kChunk);
		EXPECT_EQ(why(bench.alloc_at_once(1)), Errno::nomem);
		EXPECT_FALSE(bench.layer.shrink(Pages()));
	};
	bench.layer.tend();
	EXPECT_TRUE(tried);
	EXPECT_TRUE(bench.alloc_at_once(kChunk));
	EXPECT_KEPT(bench.machine);
}

} // namespace
} // namespace dmamap::test
