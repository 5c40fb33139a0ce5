// SPDX-License-Identifier: GPL-2.0
/* Which regions rest, for how long, and which one wakes: the books alone. */
#include "dma/core/resting.h"

#include <vector>

#include <gtest/gtest.h>

namespace dmamap::test {
namespace {

constexpr unsigned kAll = Resting::kMost;

class RestingTest : public ::testing::Test {
protected:
	/// A region that is known by its number.
	bool rest(unsigned number, std::uint64_t pages, unsigned most = kAll)
	{
		return resting.rest(Pages(pages), &owners[number], most);
	}
	/// As the worker does.
	void make_ready()
	{
		while (const auto dirty = resting.take_dirty())
			resting.put_ready(dirty);
	}
	/// The number of the region that woke, or 0.
	unsigned wake(std::uint64_t pages)
	{
		void *const owner = resting.wake(Pages(pages), [](void *) { return true; });

		return owner ? number_of(owner) : 0;
	}
	std::vector<unsigned> visit()
	{
		std::vector<unsigned> gone;

		resting.visit();
		while (const auto one = resting.take_unwanted())
			gone.push_back(number_of(one.owner));
		return gone;
	}
	unsigned number_of(void *owner)
	{
		return static_cast<unsigned>(static_cast<char *>(owner) - owners);
	}

	Resting resting;
	char owners[4096] = {};
};

TEST_F(RestingTest, NothingRestsAtFirst)
{
	EXPECT_EQ(resting.pages(), 0u);
	EXPECT_EQ(resting.dirty_pages(), 0u);
	EXPECT_FALSE(resting.take_dirty());
	EXPECT_FALSE(resting.take_any());
	EXPECT_TRUE(visit().empty());
	for (std::uint64_t pages = 0; pages <= Resting::kMostPages + 1; ++pages)
		EXPECT_EQ(wake(pages), 0u) << pages;
}

TEST_F(RestingTest, WhatIsDirtyDoesNotWake)
{
	ASSERT_TRUE(rest(7, 1));
	EXPECT_EQ(resting.pages(), 1u);
	EXPECT_EQ(resting.dirty_pages(), 1u);
	EXPECT_EQ(wake(1), 0u);

	const auto dirty = resting.take_dirty();

	ASSERT_TRUE(dirty);
	EXPECT_EQ(number_of(dirty.owner), 7u);
	EXPECT_EQ(dirty.pages, 1u);
	EXPECT_EQ(resting.pages(), 1u) << "it comes back";
	EXPECT_EQ(resting.dirty_pages(), 0u);
	EXPECT_EQ(wake(1), 0u) << "being zeroed";
	resting.put_ready(dirty);
	EXPECT_EQ(wake(1), 7u);
	EXPECT_EQ(resting.pages(), 0u);
	EXPECT_EQ(wake(1), 0u);
}

TEST_F(RestingTest, ASizeWakesOnlyThatSize)
{
	for (unsigned pages = 1; pages <= Resting::kMostPages; ++pages)
		ASSERT_TRUE(rest(pages * 100, pages)) << pages;
	make_ready();
	for (unsigned pages = Resting::kMostPages; pages; --pages) {
		EXPECT_EQ(wake(pages), pages * 100);
		EXPECT_EQ(wake(pages), 0u);
	}
	EXPECT_EQ(resting.pages(), 0u);
}

TEST_F(RestingTest, LargeRegionsDoNotRest)
{
	EXPECT_FALSE(rest(1, Resting::kMostPages + 1));
	EXPECT_TRUE(rest(1, Resting::kMostPages));
	EXPECT_FALSE(rest(1, std::uint64_t{1} << 32)) << "the low half of its size is none";
	EXPECT_EQ(wake((std::uint64_t{1} << 32) + Resting::kMostPages), 0u);
}

TEST_F(RestingTest, TheNewestWakesFirst)
{
	ASSERT_TRUE(rest(1, 2));
	make_ready();
	ASSERT_TRUE(rest(5, 2));
	make_ready();
	EXPECT_EQ(wake(2), 5u);
	EXPECT_EQ(wake(2), 1u);
}

TEST_F(RestingTest, OutOfReachItStays)
{
	ASSERT_TRUE(rest(3, 1));
	make_ready();
	EXPECT_FALSE(resting.wake(Pages(1), [&](void *owner) {
		EXPECT_EQ(number_of(owner), 3u);
		return false;
	}));
	EXPECT_EQ(resting.pages(), 1u);
	EXPECT_EQ(visit(), std::vector<unsigned>{3}) << "not wanted: it could not be had";
}

TEST_F(RestingTest, EachSizeHasItsShare)
{
	const unsigned many = Resting::kEachSize / 3;

	for (unsigned i = 0; i < many; ++i)
		ASSERT_TRUE(rest(10 + i * 3, 3)) << i;
	EXPECT_FALSE(rest(1000, 3));
	EXPECT_EQ(resting.pages(), many * 3);
	EXPECT_TRUE(rest(1000, 4)) << "another size has room";
	make_ready();
	EXPECT_FALSE(rest(2000, 3)) << "what is ready counts, too";
	EXPECT_NE(wake(3), 0u);
	EXPECT_TRUE(rest(2000, 3));
}

TEST_F(RestingTest, ExactlyTheShareFits)
{
	for (unsigned i = 0; i < Resting::kEachSize; ++i)
		ASSERT_TRUE(rest(i, 1)) << i;
	EXPECT_FALSE(rest(100, 1));
}

TEST_F(RestingTest, AllTogetherHaveALimit)
{
	EXPECT_FALSE(rest(1, 2, 1));
	EXPECT_TRUE(rest(1, 2, 2));
	EXPECT_FALSE(rest(9, 1, 2));
	EXPECT_FALSE(rest(9, 1, 0));
	EXPECT_TRUE(rest(9, 1, 3));
}

TEST_F(RestingTest, NoMoreThanThereAreEntries)
{
	unsigned rested = 0;

	for (const unsigned pages : {1u, 2u, 4u, 8u, 16u})
		for (unsigned i = 0; i < Resting::kEachSize; ++i)
			rested += rest(i, pages, 1u << 20) ? pages : 0;
	EXPECT_EQ(rested, Resting::kMost);
	EXPECT_EQ(resting.pages(), Resting::kMost);
}

TEST_F(RestingTest, APageThatIsZeroedKeepsItsPlace)
{
	ASSERT_TRUE(rest(1, 1, 1));

	const auto dirty = resting.take_dirty();

	ASSERT_TRUE(dirty);
	EXPECT_FALSE(rest(2, 1, 1));
	resting.put_ready(dirty);
	EXPECT_EQ(wake(1), 1u);
	EXPECT_TRUE(rest(2, 1, 1));
}

TEST_F(RestingTest, EntriesAreUsedAgain)
{
	for (unsigned round = 1; round < 2000; ++round) {
		const unsigned pages = round % Resting::kMostPages + 1;

		ASSERT_TRUE(rest(round, pages));
		ASSERT_TRUE(rest(round + 2000, pages));
		make_ready();
		ASSERT_NE(wake(pages), 0u);
		ASSERT_NE(wake(pages), 0u);
		ASSERT_EQ(resting.pages(), 0u);
	}
}

TEST_F(RestingTest, HalfOfWhatIsNotWantedGoesBack)
{
	for (unsigned i = 1; i <= 8; ++i)
		ASSERT_TRUE(rest(i, 1));
	for (unsigned i = 0; i < 4; ++i)
		ASSERT_TRUE(rest(100 + i * 2, 2));
	make_ready();
	ASSERT_NE(wake(1), 0u);
	EXPECT_EQ(visit().size(), 3u) << "half of four of two pages, and one more; the other is wanted";
	EXPECT_EQ(resting.pages(), 7u + 2u);
	EXPECT_EQ(visit().size(), 4u + 1u) << "now neither is: half of 7 and one, and the last of 2";
	EXPECT_EQ(resting.pages(), 3u);
	EXPECT_EQ(visit().size(), 2u);
	EXPECT_EQ(visit().size(), 1u);
	EXPECT_EQ(resting.pages(), 0u);
	EXPECT_TRUE(visit().empty());
}

TEST_F(RestingTest, EachSizeIsVisited)
{
	for (unsigned pages = 1; pages <= Resting::kMostPages; ++pages)
		ASSERT_TRUE(rest(pages, pages));
	make_ready();
	EXPECT_EQ(visit().size(), Resting::kMostPages);
}

TEST_F(RestingTest, AVisitTakesOnlyItsShare)
{
	for (unsigned i = 1; i <= 8; ++i)
		ASSERT_TRUE(rest(i, 1));
	make_ready();
	resting.visit();
	for (unsigned i = 0; i < 5; ++i)
		ASSERT_TRUE(resting.take_unwanted()) << i;
	EXPECT_FALSE(resting.take_unwanted());
	ASSERT_TRUE(rest(20, 1));
	make_ready();
	EXPECT_FALSE(resting.take_unwanted()) << "the visit is over";
}

TEST_F(RestingTest, WhatIsDirtyIsNotUnwanted)
{
	ASSERT_TRUE(rest(1, 1));
	EXPECT_TRUE(visit().empty());
	make_ready();
	EXPECT_EQ(visit(), std::vector<unsigned>{1});
}

TEST_F(RestingTest, AllOfItCanBeTaken)
{
	for (unsigned pages = 1; pages <= Resting::kMostPages; ++pages)
		ASSERT_TRUE(rest(pages * 100, pages));
	make_ready();
	for (unsigned pages = 1; pages <= 4; ++pages)
		ASSERT_TRUE(rest(pages * 100 + 50, pages));

	unsigned pages = 0;

	while (const auto any = resting.take_any())
		pages += any.pages;
	EXPECT_EQ(pages, Resting::kMostPages * (Resting::kMostPages + 1) / 2 + 10);
	EXPECT_EQ(resting.pages(), 0u);
	EXPECT_EQ(resting.dirty_pages(), 0u);
	for (unsigned i = 0; i < Resting::kEachSize; ++i)
		ASSERT_TRUE(rest(i, 1)) << "each size has its whole share again";
}

} // namespace
} // namespace dmamap::test
