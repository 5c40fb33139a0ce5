// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/state_set.h"

#include <gtest/gtest.h>

namespace dmamap::prove {
namespace {

judge::State numbered(unsigned n)
{
	judge::State state;

	state.node = std::uint16_t(n);
	state.lines[1][1].caches = n >> 16 & 0xfff;
	return state;
}

TEST(StateSetTest, KeepsEachStateOnceInOrderWithItsParent)
{
	constexpr unsigned many = 100'000;   // more than a chunk, and the table grows
	StateSet set(many);

	for (unsigned i = 0; i < many; ++i)
		ASSERT_TRUE(set.add(numbered(i), i / 2));
	for (unsigned i = 0; i < many; ++i)
		ASSERT_FALSE(set.add(numbered(i), 0));
	ASSERT_EQ(set.size(), many);
	for (unsigned i = 0; i < many; ++i) {
		ASSERT_TRUE(set[i] == numbered(i));
		ASSERT_EQ(set.parent(i), i / 2);
	}
	EXPECT_FALSE(set.full());
}

TEST(StateSetTest, SaysWhenItIsFull)
{
	StateSet set(2);

	EXPECT_TRUE(set.add(numbered(1), 0));
	EXPECT_TRUE(set.add(numbered(2), 0));
	EXPECT_FALSE(set.add(numbered(1), 0));
	EXPECT_FALSE(set.full());
	EXPECT_FALSE(set.add(numbered(3), 0));
	EXPECT_TRUE(set.full());
	EXPECT_EQ(set.size(), 2u);
}

} // namespace
} // namespace dmamap::prove
