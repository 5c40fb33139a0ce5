// SPDX-License-Identifier: GPL-2.0
#include "eager_buffers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <random>

namespace chip_model {
namespace {

class EagerBuffersTest : public testing::Test {
protected:
	static constexpr uint32_t kCount = 5;

	uint32_t lend(int times)
	{
		uint32_t buffer = 0;

		while (times-- > 0)
			buffer = buffers_.lend();
		return buffer;
	}

	std::array<std::byte, 8 * kCount> memory_;
	EagerBuffers buffers_{[this] {
		std::vector<std::span<std::byte>> parts;

		for (uint32_t i = 0; i < kCount; ++i)
			parts.push_back(std::span(memory_).subspan(8 * i, 8));
		return parts;
	}()};
};

TEST_F(EagerBuffersTest, FirstInTheOrderOfTheTable)
{
	for (uint32_t i = 0; i < kCount; ++i)
		EXPECT_EQ(buffers_.lend(), i);
	EXPECT_EQ(buffers_.size(), kCount);
	EXPECT_EQ(buffers_[3].data(), memory_.data() + 24);
}

TEST_F(EagerBuffersTest, WhoKeepsUpNeedsOne)
{
	for (uint32_t i = 0; i < 3 * kCount; ++i) {
		EXPECT_EQ(buffers_.lend(), 0u);
		buffers_.keep(0);
	}
}

TEST_F(EagerBuffersTest, TheOneThatCameBackLastIsNext)
{
	lend(3);		// 0, 1, 2
	buffers_.keep(1);	// 0 and then 1 come back
	EXPECT_EQ(buffers_.lend(), 1u);
	EXPECT_EQ(buffers_.lend(), 0u);
	EXPECT_EQ(buffers_.lend(), 3u);
}

TEST_F(EagerBuffersTest, ComeBackInTheOrderLent)
{
	lend(3);
	buffers_.keep(1);	// 2 is out
	lend(2);		// 1, 0
	buffers_.keep(2);	// 2 comes back
	EXPECT_EQ(buffers_.lend(), 2u);
	buffers_.keep(2);	// 1 comes back
	EXPECT_EQ(buffers_.lend(), 1u);
}

TEST_F(EagerBuffersTest, MoreThanWasLentIsNothing)
{
	EXPECT_EQ(lend(2), 1u);
	for (const uint32_t used : {2u, 3u, kCount, kCount + 1, std::numeric_limits<uint32_t>::max()})
		buffers_.keep(used);
	EXPECT_EQ(buffers_.lend(), 2u);
}

TEST_F(EagerBuffersTest, NoneIsLentTwiceWhateverIsKept)
{
	std::mt19937 random(1);
	std::deque<uint32_t> lent;

	for (int i = 0; i < 20000; ++i) {
		const uint32_t used = random() % (2 * kCount);

		buffers_.keep(used);
		while (lent.size() > used)
			lent.pop_front();
		if (lent.size() == kCount)
			continue;

		const uint32_t buffer = buffers_.lend();

		ASSERT_LT(buffer, kCount);
		ASSERT_EQ(std::ranges::count(lent, buffer), 0) << "step " << i;
		lent.push_back(buffer);
	}
}

} // namespace
} // namespace chip_model
