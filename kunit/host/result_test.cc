// SPDX-License-Identifier: GPL-2.0
#include "dma/core/result.h"

#include <vector>

#include <gtest/gtest.h>

namespace dmamap::test {
namespace {

Result<void> try_twice(Result<void> first, Result<int> second, int &reached)
{
	DMAMAP_TRY(first);
	reached = 1;
	DMAMAP_TRY(second);
	reached = 2;
	return {};
}

TEST(TryTest, LeavesWithTheFirstError)
{
	int reached = 0;

	EXPECT_EQ(try_twice(fail(Errno::busy), fail(Errno::io), reached), fail(Errno::busy));
	EXPECT_EQ(reached, 0);
	EXPECT_EQ(try_twice({}, fail(Errno::io), reached), fail(Errno::io));
	EXPECT_EQ(reached, 1);
	EXPECT_TRUE(try_twice({}, 7, reached));
	EXPECT_EQ(reached, 2);
}

TEST(OnExitTest, RunsAtTheEndOfTheScopeUnlessReleased)
{
	std::vector<int> order;

	{
		auto undo = on_exit([&]() noexcept { order.push_back(1); });
		auto kept = on_exit([&]() noexcept { order.push_back(2); });
		auto undo_first = on_exit([&]() noexcept { order.push_back(3); });

		kept.dismiss();
		EXPECT_TRUE(order.empty());
	}
	EXPECT_EQ(order, (std::vector<int>{3, 1}));
}

} // namespace
} // namespace dmamap::test
