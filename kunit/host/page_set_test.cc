// SPDX-License-Identifier: GPL-2.0
/* The free pages of a chunk, and the chunk that a page is of. */
#include "dma/core/pool.h"

#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

constexpr unsigned kMost = PageSet::kMost;

Region held(std::uint64_t first, std::uint64_t pages)
{
	return {.run = {Pfn(first), Pages(pages)},
		.cpu = CpuAddr(0xf000'0000 + (first << kPageShift)),
		.bus = BusAddr(first << kPageShift),
		.strategy = StrategyId::unmap,
		.attribute = Attribute::coherent,
		.behind = Behind::reserved};
}

constexpr auto kEverywhere = [](FrameRun run) -> Result<BusAddr> {
	return BusAddr(to_phys(run.first).raw());
};

/* A clean region of that size. */
std::optional<Region> lend(Chunk &chunk, std::uint64_t pages, BusAddr bus = BusAddr())
{
	const auto run = chunk.take(unsigned(pages), Wanted::clean);

	return run ? std::optional(chunk.region(run, bus)) : std::nullopt;
}

TEST(PageSetTest, FindsTheFirstFreePage)
{
	PageSet set;

	for (unsigned i = 0; i < kMost; ++i) {
		ASSERT_EQ(set.find(1, kMost), i);
		set.set(i, 1, true);
	}
	EXPECT_EQ(set.find(1, kMost), PageSet::kNowhere);
	for (unsigned i : {700u, 63u, 32u, 31u, 0u}) {
		set.set(i, 1, false);
		EXPECT_EQ(set.find(1, kMost), i);
	}
}

TEST(PageSetTest, LeavesNeighboursAlone)
{
	for (unsigned pages : {1u, 2u, 3u, 31u, 32u, 33u, 64u, 100u})
		for (unsigned at : {1u, 30u, 31u, 32u, 63u, 64u, 500u}) {
			PageSet set;

			SCOPED_TRACE(::testing::Message() << pages << " at " << at);
			set.set(0, kMost, true);
			set.set(at, pages, false);
			for (unsigned i = at; i < at + pages; ++i) {
				ASSERT_EQ(set.find(1, kMost), i);
				set.set(i, 1, true);
			}
			EXPECT_EQ(set.find(1, kMost), PageSet::kNowhere);
		}
}

/* As a buddy allocator: aligned to the size, rounded up to a power of two. */
TEST(PageSetTest, RunsAreAlignedToTheirSize)
{
	for (unsigned pages = 1; pages <= kMost; ++pages) {
		const unsigned step = std::bit_ceil(pages);
		PageSet set;

		set.set(0, 1, true);
		ASSERT_EQ(set.find(pages, kMost),
			  step + pages <= kMost ? step : PageSet::kNowhere)
			<< pages;
	}
}

TEST(PageSetTest, ARunHasToBeFreeAsAWhole)
{
	for (unsigned pages : {2u, 3u, 4u, 7u, 32u, 33u, 64u, 200u})
		for (unsigned used = 0; used < pages; ++used) {
			PageSet set;

			set.set(used, 1, true);
			EXPECT_EQ(set.find(pages, kMost), std::bit_ceil(pages)) << pages << used;
			set.set(used, 1, false);
			set.set(pages, 1, true);   // the one behind does not matter
			EXPECT_EQ(set.find(pages, kMost), 0u) << pages;
		}
}

TEST(PageSetTest, RunsEndWithinTheRoom)
{
	for (unsigned room : {1u, 4u, 5u, 31u, 32u, 33u, 64u, kMost}) {
		PageSet set;

		EXPECT_EQ(set.find(room, room), 0u) << room;
		EXPECT_EQ(set.find(room + 1, room), PageSet::kNowhere) << room;
		set.set(0, room, true);
		EXPECT_EQ(set.find(1, room), PageSet::kNowhere) << room;
	}
	/* The next step would be in the room, its end would not. */
	PageSet set;

	set.set(0, 4, true);
	EXPECT_EQ(set.find(4, 7), PageSet::kNowhere);
	EXPECT_EQ(set.find(3, 7), 4u);
	EXPECT_EQ(set.find(4, 8), 4u);
}

/* Full words are skipped at once, but not the free page behind them. */
TEST(PageSetTest, LooksBehindFullWords)
{
	for (unsigned full : {32u, 64u, 96u, 896u, 992u})
		for (unsigned pages : {1u, 2u, 16u, 32u, 33u, 64u, 100u}) {
			const unsigned step = std::bit_ceil(pages);
			const unsigned next = (full + step - 1) / step * step;
			PageSet set;

			set.set(0, full, true);
			EXPECT_EQ(set.find(pages, kMost),
				  next + pages <= kMost ? next : PageSet::kNowhere)
				<< pages << " behind " << full;
		}
}

TEST(PageSetTest, FindsWhatIsOnlyInOneOfTwo)
{
	PageSet one, other;

	EXPECT_FALSE(one.find_without(other, 8));
	one.set(30, 40, true);
	other.set(30, 5, true);
	for (const auto [at, pages] : {PageRun{35, 8}, {43, 8}, {51, 8}, {59, 5}, {64, 6}}) {
		const auto found = one.find_without(other, 8);

		ASSERT_TRUE(found) << at;
		EXPECT_EQ(found.at, at);
		EXPECT_EQ(found.pages, pages);
		other.set(at, pages, true);
	}
	EXPECT_FALSE(one.find_without(other, 8));
	other.set(kMost - 1, 1, true);
	EXPECT_EQ(other.find_without(one, 8).at, kMost - 1);
}

TEST(PageSetTest, NoRunIsZero)
{
	constexpr PageRun none;

	EXPECT_FALSE(none);
	EXPECT_EQ(none.at, 0u);
}

TEST(PageSetTest, ARunEndsWithItsWord)
{
	PageSet set;

	set.set(0, 32, true);
	EXPECT_EQ(set.find_without({}, kMost).pages, 32u);
}

TEST(PageSetTest, CountsItsOwn)
{
	PageSet set;

	set.set(30, 5, true);
	EXPECT_EQ(set.count({0, kMost}), 5u);
	EXPECT_EQ(set.count({31, 3}), 3u);
	EXPECT_EQ(set.count({0, 31}), 1u);
	EXPECT_EQ(set.count({35, 60}), 0u);
}

TEST(ChunkTest, NothingIsNoChunk)
{
	const Chunk none;

	EXPECT_FALSE(none.present());
	EXPECT_FALSE(none.unused());
	EXPECT_EQ(none.pages(), 0u);
}

TEST(ChunkTest, PagesAreLentWhereTheyAre)
{
	const Region whole = held(0x100, 8);
	Chunk chunk(whole);

	ASSERT_TRUE(lend(chunk, 1));
	const auto region = lend(chunk, 3, BusAddr(0x8000'0000));

	ASSERT_TRUE(region);
	EXPECT_EQ(region->run, (FrameRun{Pfn(0x104), Pages(3)}));
	EXPECT_EQ(region->cpu, whole.cpu + 4 * kPageBytes);
	EXPECT_EQ(region->bus, BusAddr(0x8000'0000 + 4 * kPageBytes));
	EXPECT_EQ(region->strategy, whole.strategy);
	EXPECT_EQ(region->attribute, whole.attribute);
	EXPECT_EQ(region->behind, whole.behind);
	EXPECT_EQ(region->tail_frames, 0);
}

TEST(ChunkTest, IsUnusedWhenTheLastPageIsBack)
{
	Chunk chunk(held(0x100, 4));

	EXPECT_TRUE(chunk.present());
	EXPECT_TRUE(chunk.unused());
	const auto one = lend(chunk, 1);
	const auto two = lend(chunk, 2);

	ASSERT_TRUE(one && two);
	EXPECT_FALSE(chunk.unused());
	chunk.give(one->run, false);
	EXPECT_FALSE(chunk.unused());
	chunk.give(two->run, false);
	EXPECT_TRUE(chunk.unused());
	EXPECT_EQ(lend(chunk, 4)->run, (FrameRun{Pfn(0x100), Pages(4)}));
}

TEST(ChunkTest, WhatComesBackIsDirtyUntilItIsZeroed)
{
	Chunk chunk(held(0x100, 16));
	const auto some = lend(chunk, 12);

	ASSERT_TRUE(some);
	EXPECT_EQ(chunk.dirty(), 0u);
	EXPECT_FALSE(chunk.take_dirty());   // no page that is lent
	chunk.give(some->run, true);
	EXPECT_EQ(chunk.dirty(), 12u);
	EXPECT_FALSE(lend(chunk, 8));
	EXPECT_EQ(chunk.take(2, Wanted::any).at, 0u);
	EXPECT_EQ(chunk.dirty(), 10u);

	const auto first = chunk.take_dirty();

	ASSERT_TRUE(first);
	EXPECT_EQ(first.at, 2u);
	EXPECT_EQ(first.pages, 8u);
	EXPECT_EQ(chunk.dirty(), 2u);
	EXPECT_EQ(chunk.take_dirty().at, 10u);
	EXPECT_FALSE(chunk.take_dirty());
	chunk.give(chunk.region(first, BusAddr()).run, false);
	EXPECT_EQ(chunk.dirty(), 0u);
	EXPECT_EQ(lend(chunk, 4)->run.first, Pfn(0x104));
}

/* A unit of the linear map may be larger than what a set can count. */
TEST(ChunkTest, LendsNoMoreThanItCanCount)
{
	Chunk chunk(held(0x1000, 4 * kMost));

	EXPECT_EQ(chunk.pages(), kMost);
	EXPECT_FALSE(chunk.has(kMost + 1));
	EXPECT_FALSE(lend(chunk, kMost + 1));
	EXPECT_TRUE(chunk.has(kMost));
	ASSERT_TRUE(lend(chunk, kMost));
	EXPECT_FALSE(chunk.has(1));
	EXPECT_FALSE(lend(chunk, 1));

	Pool<1> pool;

	ASSERT_TRUE(pool.add(held(0x1000, 4 * kMost), Pages(1)));
	EXPECT_EQ(pool.free_pages(), Pages(kMost - 1));
}

TEST(PoolTest, KnowsWhichChunkAPageIsOf)
{
	Pool<3> pool;

	for (unsigned i = 1; i <= 3; ++i) {
		EXPECT_FALSE(pool.full());
		const auto region = pool.add(held(0x100 * i, 4), Pages(4));

		ASSERT_TRUE(region);
		EXPECT_EQ(region->chunk, i);
	}
	EXPECT_TRUE(pool.full());
	EXPECT_EQ(pool.add(held(0x900, 4), Pages(1)), std::nullopt);
	EXPECT_EQ(pool.free_pages(), Pages());
	EXPECT_FALSE(pool.take(Pages(1), Pages(), kEverywhere));

	Region second = held(0x201, 2);

	second.chunk = 2;
	pool.give(second);
	EXPECT_EQ(pool.free_pages(), Pages(2));
	for (std::uint64_t pfn : {0x201, 0x202}) {
		const auto again = pool.take(Pages(1), Pages(), kEverywhere);

		ASSERT_TRUE(again);
		EXPECT_EQ(pool.region_of(again).run.first, Pfn(pfn));
		EXPECT_EQ(pool.region_of(again).chunk, 2);
	}
	EXPECT_EQ(pool.free_pages(), Pages());
}

TEST(PoolTest, AChunkCanBeAddedForLater)
{
	Pool<1> pool;
	const auto region = pool.add(held(0x100, 4), Pages());

	ASSERT_TRUE(region);
	EXPECT_EQ(region->run.pages, Pages(4));
	EXPECT_EQ(pool.free_pages(), Pages(4));
	EXPECT_EQ(pool.take(Pages(4), Pages(), kEverywhere).chunk, 0u);
}

TEST(PoolTest, KeepsWhatItIsTold)
{
	Pool<2> pool;

	ASSERT_TRUE(pool.add(held(0x100, 4), Pages()));
	EXPECT_FALSE(pool.take(Pages(2), Pages(3), kEverywhere));
	EXPECT_TRUE(pool.take(Pages(1), Pages(3), kEverywhere));
	EXPECT_FALSE(pool.take(Pages(1), Pages(3), kEverywhere));
	EXPECT_TRUE(pool.take(Pages(1), Pages(2), kEverywhere));
	EXPECT_TRUE(pool.take(Pages(2), Pages(), kEverywhere));
}

TEST(PoolTest, RemovesWhatNobodyUses)
{
	Pool<3> pool;

	EXPECT_FALSE(pool.remove(Pages()));
	ASSERT_TRUE(pool.add(held(0x100, 4), Pages(1)));
	ASSERT_TRUE(pool.add(held(0x200, 4), Pages()));
	EXPECT_EQ(pool.free_pages(), Pages(7));
	EXPECT_FALSE(pool.remove(Pages(4)));
	const auto removed = pool.remove(Pages(3));

	ASSERT_TRUE(removed);
	EXPECT_EQ(removed->run, (FrameRun{Pfn(0x200), Pages(4)}));
	EXPECT_EQ(pool.free_pages(), Pages(3));
	EXPECT_FALSE(pool.remove(Pages()));
	EXPECT_FALSE(pool.full());
	EXPECT_EQ(pool.add(held(0x300, 4), Pages(1))->chunk, 2);
}

/* The same frames are elsewhere for another device, or nowhere. */
TEST(PoolTest, TakesOnlyWhatTheDeviceReaches)
{
	Pool<2> pool;
	const auto low = [](FrameRun run) -> Result<BusAddr> {
		if (run.end() > Pfn(0x200))
			return fail(Errno::io);
		return BusAddr(0x7000'0000);
	};

	ASSERT_TRUE(pool.add(held(0x200, 4), Pages()));
	EXPECT_FALSE(pool.take(Pages(1), Pages(), low));
	EXPECT_EQ(pool.free_pages(), Pages(4));
	ASSERT_TRUE(pool.add(held(0x100, 4), Pages(1)));
	const auto lent = pool.take(Pages(1), Pages(), low);

	ASSERT_TRUE(lent);
	const Region region = pool.region_of(lent);

	EXPECT_EQ(region.run.first, Pfn(0x101));
	EXPECT_EQ(region.bus, BusAddr(0x7000'1000));
	EXPECT_EQ(region.chunk, 2);
}

TEST(PoolTest, AsksOfChunksOnlyWhereTheyAre)
{
	Pool<3> pool;
	std::vector<FrameRun> asked;
	const auto nowhere = [&](FrameRun run) -> Result<BusAddr> {
		asked.push_back(run);
		return fail(Errno::io);
	};

	ASSERT_TRUE(pool.add(held(0x100, 4), Pages()));
	EXPECT_FALSE(pool.take(Pages(1), Pages(), nowhere));
	EXPECT_EQ(asked, (std::vector{FrameRun{Pfn(0x100), Pages(4)}}));
}

TEST(PoolTest, CountsDirtyPages)
{
	Pool<1> pool;
	const auto two = pool.add(held(0x100, 4), Pages(2));

	ASSERT_TRUE(two);
	pool.give(*two);
	EXPECT_EQ(pool.dirty_pages(), Pages(2));
	const auto clean = pool.take(Pages(1), Pages(), kEverywhere);

	ASSERT_TRUE(clean);
	EXPECT_FALSE(clean.dirty);
	EXPECT_EQ(pool.dirty_pages(), Pages(2));
	const auto dirty = pool.take(Pages(2), Pages(), kEverywhere);

	ASSERT_TRUE(dirty);
	EXPECT_TRUE(dirty.dirty);
	EXPECT_EQ(pool.dirty_pages(), Pages());
}

TEST(PoolTest, PagesThatAreNotSideBySideDoNotEndTheSearch)
{
	Pool<2> pool;
	const auto first = pool.add(held(0x100, 4), Pages(4));

	ASSERT_TRUE(first);
	ASSERT_TRUE(pool.add(held(0x200, 4), Pages()));
	for (std::uint64_t pfn : {0x100, 0x102}) {
		Region page = held(pfn, 1);

		page.chunk = first->chunk;
		pool.give(page);
	}
	const auto two = pool.take(Pages(2), Pages(), kEverywhere);

	ASSERT_TRUE(two);
	EXPECT_EQ(pool.region_of(two).run.first, Pfn(0x200));
}

/* Pages that do not fit into one chunk may fit into the next. */
TEST(PoolTest, LooksIntoEveryChunk)
{
	Pool<3> pool;

	ASSERT_TRUE(pool.add(held(0x100, 4), Pages(1)));
	ASSERT_TRUE(pool.add(held(0x200, 4), Pages(1)));
	ASSERT_TRUE(pool.add(held(0x300, 4), Pages()));
	EXPECT_EQ(pool.take(Pages(4), Pages(), kEverywhere).chunk, 2u);
	EXPECT_FALSE(pool.take(Pages(4), Pages(), kEverywhere));
	EXPECT_EQ(pool.free_pages(), Pages(6));
}

} // namespace
} // namespace dmamap::test
