// SPDX-License-Identifier: GPL-2.0
// The chip seen from one packet: delivery, order of writes, refusals.
#include "test_board.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace chip_model {
namespace {

std::string text(std::span<const std::byte> bytes, std::size_t length)
{
	return {reinterpret_cast<const char *>(bytes.data()), length};
}

TEST(Chip, ShowsItselfWhenStarted)
{
	TestBoard board;

	EXPECT_EQ(board.window().read(HCA_MAGIC), HCA_MAGIC_VALUE);
	EXPECT_EQ(board.window().read(HCA_VERSION), HCA_VERSION_VALUE);

	const uint32_t beat = board.window().read(HCA_HEARTBEAT);

	board.chip().beat();
	EXPECT_EQ(board.window().read(HCA_HEARTBEAT), beat + 1);
	EXPECT_FALSE(board.chip().step());
}

TEST(Chip, DeliversAPacket)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(2));
	ASSERT_TRUE(board.enable(5));
	board.send(2, {.dest = 5, .tag = 77, .payload = "hello", .checksum = 0xabcdef01});
	EXPECT_TRUE(board.chip().step());

	Words entry = board.entry(5, 0);

	EXPECT_EQ(entry.read(HCA_HDR_SOURCE), 2u);
	EXPECT_EQ(entry.read(HCA_HDR_LENGTH), 5u);
	EXPECT_EQ(entry.read(HCA_HDR_EAGER), 0u);
	EXPECT_EQ(entry.read(HCA_HDR_TAG), 77u);
	EXPECT_EQ(entry.read(HCA_HDR_CHECKSUM), 0xabcdef01u);
	EXPECT_EQ(entry.read(HCA_HDR_SEQUENCE), 1u);
	EXPECT_EQ(text(board.eager(5, 0), 5), "hello");
	EXPECT_EQ(board.done(2, 0), 1u);
	EXPECT_EQ(board.window().read(HCA_PACKETS), 1u);
	EXPECT_EQ(board.chip().stats().bytes, 5u);
	EXPECT_FALSE(board.chip().step());
}

TEST(Chip, DeliversToTheSenderItself)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	board.send(0, {.dest = 0, .payload = "me"});
	board.chip().step();
	EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_SEQUENCE), 1u);
	EXPECT_EQ(text(board.eager(0, 0), 2), "me");
}

TEST(Chip, DeliversTheSmallestAndTheLargestPayload)
{
	TestBoard board;
	const std::string large(HCA_PAYLOAD_MAX, 'x');

	ASSERT_TRUE(board.enable(0));
	board.send(0, {.buffer = 0, .payload = ""});
	board.send(0, {.buffer = 1, .payload = large});
	board.chip().step();
	board.chip().step();
	EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_LENGTH), 0u);
	EXPECT_EQ(board.entry(0, 1).read(HCA_HDR_LENGTH), unsigned{HCA_PAYLOAD_MAX});
	EXPECT_EQ(text(board.eager(0, 1), large.size()), large);
	EXPECT_EQ(board.eager(0, 1)[HCA_PAYLOAD_MAX], std::byte{0});
}

TEST(Chip, WritesNothingButWhatThePacketNeeds)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(1));
	ASSERT_TRUE(board.enable(2));
	std::ranges::fill(board.ram_bytes(), std::byte{0xee});
	board.send(1, {.generation = 1, .dest = 2, .payload = "abc"});
	board.chip().step();

	const auto touched = std::ranges::count_if(board.ram_bytes(),
		[](std::byte value) { return value != std::byte{0xee}; });

	// Three bytes of payload, six header words, one DONE word.
	EXPECT_EQ(touched, 3 + 6 * 4 + 4);
}

TEST(Chip, SendsInTheOrderInWhichBuffersAreUsed)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0, {.entries = 16, .eager = 16}));
	for (uint32_t i = 0; i < 5; ++i)
		board.send(0, {.buffer = i, .tag = i});
	for (uint32_t i = 0; i < 5; ++i)
		board.chip().step();

	// 5, 6, 7, 0, 1: the search goes on where it stopped, though 0 and 1 have lower numbers.
	for (uint32_t i = 5; i < 10; ++i)
		board.send(0, {.buffer = i % 8, .generation = 1 + i / 8, .tag = i});
	for (uint32_t i = 5; i < 10; ++i)
		board.chip().step();

	for (uint32_t i = 0; i < 10; ++i)
		EXPECT_EQ(board.entry(0, i).read(HCA_HDR_TAG), i);
}

TEST(Chip, TakesABufferOutOfTurn)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	for (uint32_t generation = 1; generation < 5; ++generation) {
		board.send(0, {.buffer = 3, .generation = generation, .tag = generation});
		EXPECT_TRUE(board.chip().step());
		EXPECT_EQ(board.done(0, 3), generation);
	}
}

TEST(Chip, SendsOnAnyChangeOfTheGeneration)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	for (const uint32_t generation : {0x7fffffffu, 0x80000000u, 0xffffffffu, 0u, 1u}) {
		board.send(0, {.generation = generation});
		EXPECT_TRUE(board.chip().step()) << generation;
		EXPECT_EQ(board.done(0, 0), generation);
		EXPECT_FALSE(board.chip().step());
	}
	EXPECT_EQ(board.chip().stats().packets, 5u);
}

struct RefusalCase {
	uint32_t dest;
	uint32_t length;
	hca_chip_error error;
};

TEST(Chip, RefusesBadPackets)
{
	const RefusalCase cases[] = {
		{0, HCA_PAYLOAD_MAX + 1, HCA_ERR_BAD_LENGTH},
		{0, HCA_PIO_BYTES, HCA_ERR_BAD_LENGTH},
		{0, 0x80000000, HCA_ERR_BAD_LENGTH},
		{0, 0xffffffff, HCA_ERR_BAD_LENGTH},
		{1, 4, HCA_ERR_BAD_DEST},	// not enabled
		{HCA_CONTEXTS, 4, HCA_ERR_BAD_DEST},
		{0x80000000, 4, HCA_ERR_BAD_DEST},
		{0xffffffff, 4, HCA_ERR_BAD_DEST},
		{99, HCA_PAYLOAD_MAX + 1, HCA_ERR_BAD_LENGTH},
	};
	TestBoard board;
	uint32_t generation = 0;

	ASSERT_TRUE(board.enable(0));
	ASSERT_TRUE(board.enable(3));
	for (const auto &[dest, length, error] : cases) {
		++generation;
		board.pio(3).write(HCA_PIO_DEST, dest);
		board.pio(3).write(HCA_PIO_LENGTH, length);
		board.pio(3).write(HCA_PIO_TRIGGER, generation);
		EXPECT_TRUE(board.chip().step());
		EXPECT_EQ(board.done(3, 0), generation);
		EXPECT_EQ(board.avail(3).read(HCA_AVAIL_ERROR), unsigned{error});
		EXPECT_EQ(board.avail(3).read(HCA_AVAIL_ERRORS), generation);
		EXPECT_EQ(board.window().read(HCA_ERROR), unsigned{error});
		EXPECT_EQ(board.window().read(HCA_ERROR_CONTEXT), 3u);
		EXPECT_EQ(board.window().read(HCA_ERRORS), generation);
	}
	EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_SEQUENCE), 0u);
	EXPECT_EQ(board.window().read(HCA_PACKETS), 0u);
	EXPECT_EQ(board.chip().stats().refused[HCA_ERR_BAD_LENGTH], 5u);
	EXPECT_EQ(board.chip().stats().refused[HCA_ERR_BAD_DEST], 4u);
}

TEST(Chip, LeavesTheDriversStatusWordAlone)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	board.avail(0).write(HCA_AVAIL_STATUS, HCA_STATUS_DEAD);
	board.send(0, {.dest = 9});
	board.chip().step();
	board.send(0, {.generation = 2});
	board.chip().step();
	EXPECT_EQ(board.avail(0).read(HCA_AVAIL_STATUS), unsigned{HCA_STATUS_DEAD});
}

} // namespace
} // namespace chip_model
