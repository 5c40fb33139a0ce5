// SPDX-License-Identifier: GPL-2.0
#include "memory.h"
#include "words.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace chip_model {
namespace {

template <std::size_t Size>
struct alignas(4) Of {
	std::array<std::byte, Size> bytes{};
};

using Bytes = Of<16>;

TEST(Words, AreLittleEndian)
{
	Bytes memory;
	Words words(memory.bytes);

	words.write(4, 0x11223344);
	EXPECT_EQ(memory.bytes[4], std::byte{0x44});
	EXPECT_EQ(memory.bytes[7], std::byte{0x11});
	EXPECT_EQ(words.read(4), 0x11223344u);
}

TEST(Words, PairHasItsLowHalfFirst)
{
	Bytes memory;
	Words words(memory.bytes);

	words.write(8, 0x55667788);
	words.write(12, 0x11223344);
	EXPECT_EQ(words.read_pair(8), 0x1122334455667788u);
}

TEST(WordsDeathTest, EndBeforeTheyReachBeyondTheirMemory)
{
	Bytes memory;
	Words words(memory.bytes);

	EXPECT_DEATH(words.write(16, 1), "");
	EXPECT_DEATH(words.write(std::numeric_limits<std::size_t>::max() - 3, 1), "");
	EXPECT_DEATH(words.read(2), "");
	EXPECT_DEATH(words.part(8, 12), "");
}

struct RangeCase {
	uint64_t addr;
	std::size_t bytes;
	bool inside;
};

TEST(Memory, KnowsWhatIsInRam)
{
	constexpr uint64_t kTop = std::numeric_limits<uint64_t>::max();
	Bytes ram;
	const Memory memory(ram.bytes, BusAddr{0x1000});
	const RangeCase cases[] = {
		{0x1000, 16, true},
		{0x1008, 8, true},
		{0x1010, 0, true},
		{0x1000, 17, false},
		{0x1008, 9, false},
		{0x0fff, 1, false},
		{0x0ff8, 16, false},
		{0x1011, 0, false},
		{0x1010, 1, false},
		{0, 1, false},
		{kTop, 1, false},
		{kTop - 7, 16, false},
		{0x1008, std::numeric_limits<std::size_t>::max(), false},
		{0x1'0000'1000, 16, false},
	};

	for (const auto &[addr, bytes, inside] : cases)
		EXPECT_EQ(memory.range(BusAddr{addr}, bytes).has_value(), inside)
			<< std::hex << addr << "+" << bytes;
	EXPECT_EQ(memory.range(BusAddr{0x1008}, 8)->data(), ram.bytes.data() + 8);
}

// 16 bytes of RAM at 0x1000 and, behind devices, 16 more at 0x1100.
TEST(Memory, GoesOnBehindAHole)
{
	constexpr uint64_t kTop = std::numeric_limits<uint64_t>::max();
	Of<32> ram;
	const Memory memory(ram.bytes, BusAddr{0x1000}, Hole{.first = 0x1010, .bytes = 0xf0});
	const RangeCase cases[] = {
		{0x1000, 16, true},
		{0x1008, 8, true},
		{0x1008, 9, false},
		{0x1008, 0xf9, false},
		{0x0fff, 1, false},
		{0x1010, 1, false},
		{0x10ff, 1, false},
		{0x10ff, 2, false},
		{0x1100, 16, true},
		{0x110f, 1, true},
		{0x1100, 17, false},
		{0x1110, 1, false},
		{kTop, 1, false},
		{kTop - 7, 16, false},
		{0x1008, std::numeric_limits<std::size_t>::max(), false},
		{0x1108, std::numeric_limits<std::size_t>::max(), false},
	};

	for (const auto &[addr, bytes, inside] : cases)
		EXPECT_EQ(memory.range(BusAddr{addr}, bytes).has_value(), inside)
			<< std::hex << addr << "+" << bytes;
	EXPECT_EQ(memory.range(BusAddr{0x100f}, 1)->data(), ram.bytes.data() + 15);
	EXPECT_EQ(memory.range(BusAddr{0x1100}, 1)->data(), ram.bytes.data() + 16);
}

} // namespace
} // namespace chip_model
