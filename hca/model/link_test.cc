// SPDX-License-Identifier: GPL-2.0
// Chips on a fabric: packets between boards while frames and cables fail.
#include "hca.h"
#include "test_fabric.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>

namespace chip_model {
namespace {

uint32_t error_of(TestBoard &board, uint32_t n)
{
	return board.avail(n).read(HCA_AVAIL_ERROR);
}

uint32_t count_of(TestBoard &board, hca_chip_error error)
{
	return board.window().read(HCA_COUNT(error));
}

TEST(Fabric, CarriesAPacket)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(3));
	ASSERT_TRUE(boards[2].enable(5));
	boards[1].send(3, {.dest = HCA_ADDRESS(2, 5), .tag = 9, .payload = "far", .checksum = 7});
	boards.settle();

	Words entry = boards[2].entry(5, 0);

	EXPECT_EQ(entry.read(HCA_HDR_SOURCE), uint32_t{HCA_ADDRESS(1, 3)});
	EXPECT_EQ(entry.read(HCA_HDR_LENGTH), 3u);
	EXPECT_EQ(entry.read(HCA_HDR_TAG), 9u);
	EXPECT_EQ(entry.read(HCA_HDR_CHECKSUM), 7u);
	EXPECT_EQ(entry.read(HCA_HDR_SEQUENCE), 1u);
	EXPECT_EQ(std::memcmp(boards[2].eager(5, 0).data(), "far", 3), 0);
	EXPECT_EQ(boards[1].done(3, 0), 1u);
	EXPECT_EQ(boards[1].window().read(HCA_ERRORS), 0u);
	EXPECT_EQ(boards[2].window().read(HCA_PACKETS), 1u);
}

TEST(Fabric, ANodeNumberIsNeededForLoopbackToo)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	boards[1].send(0, {.buffer = 0, .dest = HCA_ADDRESS(1, 0), .tag = 1});
	boards.settle();
	EXPECT_EQ(boards[1].entry(0, 0).read(HCA_HDR_SOURCE), uint32_t{HCA_ADDRESS(1, 0)});
}

TEST(Fabric, KeepsTheOrderOfASender)
{
	TestBoards boards(3);

	for (const uint32_t node : {1u, 2u, 3u})
		ASSERT_TRUE(boards[node].enable(0, {.entries = 16, .eager = 16}));
	for (uint32_t i = 0; i < 8; ++i)
		boards[1].send(0, {.buffer = i, .dest = HCA_ADDRESS(2 + i % 2, 0), .tag = i});
	boards.settle();
	for (uint32_t i = 0; i < 8; ++i) {
		EXPECT_EQ(boards[2 + i % 2].entry(0, i / 2).read(HCA_HDR_TAG), i);
		EXPECT_EQ(boards[1].done(0, i), 1u);
	}
}

TEST(Fabric, ShowsWhoIsThere)
{
	TestBoards boards(3);

	ASSERT_TRUE(boards[2].enable(0));
	boards.beat(2);
	EXPECT_EQ(boards[2].window().read(HCA_NODE), 2u);
	EXPECT_EQ(boards[2].window().read(HCA_LINK), uint32_t{HCA_LINK_UP});
	EXPECT_EQ(boards[2].window().read(HCA_PEERS), 1u << 1 | 1u << 3);
	EXPECT_EQ(boards[2].avail(0).read(HCA_AVAIL_PEERS), 1u << 1 | 1u << 3);
	EXPECT_EQ(boards[2].avail(0).read(HCA_AVAIL_LINK), uint32_t{HCA_LINK_UP});

	boards.end(3).plugged = false;
	boards.beat(HCA_PEER_BEATS + 2);
	EXPECT_EQ(boards[2].avail(0).read(HCA_AVAIL_PEERS), 1u << 1);
	EXPECT_EQ(boards[3].window().read(HCA_LINK), uint32_t{HCA_LINK_DOWN});
	EXPECT_EQ(boards[3].window().read(HCA_PEERS), 0u);

	boards.end(3).plugged = true;
	boards.beat(2);
	EXPECT_EQ(boards[2].window().read(HCA_PEERS), 1u << 1 | 1u << 3);
}

struct FarRefusal {
	uint32_t dest;
	hca_chip_error error;
};

TEST(Fabric, SaysWhatTheOtherBoardRefuses)
{
	const FarRefusal cases[] = {
		{HCA_ADDRESS(2, 1), HCA_ERR_BAD_DEST},		// not enabled
		{HCA_ADDRESS(2, HCA_CONTEXTS), HCA_ERR_BAD_DEST},
		{HCA_ADDRESS(HCA_NODES, 0), HCA_ERR_BAD_DEST},
		{HCA_ADDRESS(2, 2), HCA_ERR_BAD_PARTITION},
		{HCA_ADDRESS(1, 2), HCA_ERR_BAD_PARTITION},	// on the same board
	};
	TestBoards boards(2);
	uint32_t generation = 0;

	ASSERT_TRUE(boards[1].enable(0, {.partition = 7}));
	ASSERT_TRUE(boards[1].enable(2, {.partition = 8}));
	ASSERT_TRUE(boards[2].enable(0, {.partition = 7}));
	ASSERT_TRUE(boards[2].enable(2, {.partition = 8}));
	for (const auto &[dest, error] : cases) {
		boards[1].send(0, {.generation = ++generation, .dest = dest, .payload = "x"});
		boards.settle();
		EXPECT_EQ(boards[1].done(0, 0), generation);
		EXPECT_EQ(error_of(boards[1], 0), uint32_t{error}) << dest;
	}
	EXPECT_EQ(boards[1].avail(0).read(HCA_AVAIL_ERRORS), generation);
	EXPECT_EQ(count_of(boards[1], HCA_ERR_BAD_PARTITION), 2u);
	EXPECT_EQ(boards[2].window().read(HCA_PACKETS), 0u);
	EXPECT_EQ(boards[1].window().read(HCA_PACKETS), 0u);

	boards[1].send(0, {.generation = ++generation, .dest = HCA_ADDRESS(2, 0), .payload = "x"});
	boards.settle();
	EXPECT_EQ(boards[2].window().read(HCA_PACKETS), 1u);
}

// How often a frame arrives.

constexpr int kLost = 0;
constexpr int kDoubled = 2;

// Each first frame of a packet is lost or doubled, or each answer: all arrive once.
void exchange(int type, int times)
{
	TestBoards boards(2);
	std::map<uint32_t, int> seen;

	boards.fabric.weather = [&](TestFabric::Bytes &frame) {
		const auto sequence = static_cast<uint32_t>(frame[HCA_FRAME_SEQUENCE]);

		if (frame[HCA_FRAME_TYPE] != static_cast<std::byte>(type))
			return 1;
		return seen[sequence]++ == 0 ? times : 1;
	};
	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0));
	for (uint32_t i = 0; i < 20; ++i) {
		boards[1].send(0, {.buffer = i % 8, .generation = 1 + i / 8,
				   .dest = HCA_ADDRESS(2, 0), .tag = i, .payload = "again"});
		boards.beat(HCA_RETRY_BEATS + 1);
		ASSERT_EQ(boards[2].entry(0, i % 8).read(HCA_HDR_TAG), i);
		ASSERT_EQ(boards[2].entry(0, i % 8).read(HCA_HDR_SEQUENCE), i + 1);
		boards[2].consume(0, i + 1);
		ASSERT_EQ(boards[1].done(0, i % 8), 1 + i / 8);
	}
	EXPECT_EQ(boards[2].window().read(HCA_PACKETS), 20u);
	EXPECT_EQ(boards[1].window().read(HCA_ERRORS), 0u);
	EXPECT_EQ(boards[1].window().read(HCA_RETRIES), times == kLost ? 20u : 0u);

	// Packets that came twice were delivered once, and counted.
	const bool twice = type == HCA_FRAME_ANSWER ? times == kLost : times == kDoubled;

	EXPECT_EQ(count_of(boards[2], HCA_ERR_SEQUENCE), twice ? 20u : 0u);
}

TEST(FabricFaults, APacketIsLost) { exchange(HCA_FRAME_PACKET, kLost); }
TEST(FabricFaults, AnAnswerIsLost) { exchange(HCA_FRAME_ANSWER, kLost); }
TEST(FabricFaults, APacketComesTwice) { exchange(HCA_FRAME_PACKET, kDoubled); }
TEST(FabricFaults, AnAnswerComesTwice) { exchange(HCA_FRAME_ANSWER, kDoubled); }

// A change of any bit of any frame is noticed, and the packet comes whole in the end.
TEST(FabricFaults, ADamagedFrameIsDropped)
{
	TestBoards boards(2);
	const std::size_t bits = (HCA_FRAME_PAYLOAD + 4) * 8;

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0));
	for (uint32_t i = 0; i < bits; ++i) {
		bool first = true;

		boards.fabric.weather = [&](TestFabric::Bytes &frame) {
			if (std::exchange(first, false))
				frame[i / 8] ^= std::byte{1} << i % 8;
			return 1;
		};
		boards[1].send(0, {.buffer = i % 8, .generation = 1 + i / 8,
				   .dest = HCA_ADDRESS(2, 0), .tag = i, .payload = "abcd"});
		boards.beat(HCA_RETRY_BEATS + 1);
		ASSERT_EQ(boards[2].entry(0, i % 8).read(HCA_HDR_TAG), i);
		ASSERT_EQ(boards[1].done(0, i % 8), 1 + i / 8);
		boards[2].consume(0, i + 1);
	}
	EXPECT_EQ(count_of(boards[2], HCA_ERR_CRC), bits);
	EXPECT_EQ(boards[2].window().read(HCA_ERROR_CONTEXT), HCA_NO_CONTEXT);
	EXPECT_EQ(boards[2].window().read(HCA_PACKETS), bits);
}

TEST(FabricFaults, AFrameThatIsNoneIsDropped)
{
	TestBoards boards(2);

	boards.fabric.carry(2, TestFabric::Bytes(HCA_FRAME_PAYLOAD - 1));
	boards.fabric.carry(2, TestFabric::Bytes(HCA_FRAME_MAX + 1));
	boards.settle();
	EXPECT_EQ(count_of(boards[2], HCA_ERR_FRAME), 2u);

	// Whole frames, but for other nodes, or from no node.
	const Frame cases[] = {
		{.type = HCA_FRAME_PACKET, .from = HCA_ADDRESS(1, 0), .to = HCA_ADDRESS(3, 0)},
		{.type = HCA_FRAME_PACKET, .from = HCA_ADDRESS(2, 0), .to = HCA_ADDRESS(2, 0)},
		{.type = HCA_FRAME_PACKET, .from = HCA_ADDRESS(HCA_NODES, 0), .to = HCA_ADDRESS(2, 0)},
		{.type = HCA_FRAME_PACKET, .from = HCA_ADDRESS(1, HCA_CONTEXTS),
		 .to = HCA_ADDRESS(2, 0)},
		{.type = HCA_FRAME_PACKET, .from = HCA_ADDRESS(1, 0),
		 .to = HCA_ADDRESS(2, HCA_CONTEXTS)},
	};
	std::array<std::byte, HCA_FRAME_MAX> room;
	uint32_t bad = 2;

	for (const Frame &frame : cases) {
		const auto bytes = encode(frame, room);

		boards.fabric.carry(2, TestFabric::Bytes(bytes.begin(), bytes.end()));
		boards.settle();
		EXPECT_EQ(count_of(boards[2], HCA_ERR_FRAME), ++bad);
	}

	// An unknown type, in a frame that is right otherwise.
	auto bytes = encode({.type = HCA_FRAME_HELLO, .from = HCA_ADDRESS(1, 0),
			     .to = HCA_ADDRESS(2, 0)}, room);

	for (const std::size_t word : {HCA_FRAME_TYPE, HCA_FRAME_CRC}) {
		std::ranges::fill(bytes.subspan(word, 4), std::byte{0});
		if (word == HCA_FRAME_TYPE)
			bytes[word] = std::byte{4};
	}

	uint32_t crc = hca_crc32c(bytes.data(), bytes.size());

	for (std::size_t i = 0; i < 4; ++i)
		bytes[HCA_FRAME_CRC + i] = static_cast<std::byte>(crc >> 8 * i);
	boards.fabric.carry(2, TestFabric::Bytes(bytes.begin(), bytes.end()));
	boards.settle();
	EXPECT_EQ(count_of(boards[2], HCA_ERR_FRAME), ++bad);
}

TEST(FabricFaults, ANodeThatIsNotThereIsATimeOut)
{
	TestBoards boards(1);

	ASSERT_TRUE(boards[1].enable(0));
	boards[1].send(0, {.dest = HCA_ADDRESS(2, 0)});
	boards.beat(HCA_TIMEOUT_BEATS - 1);
	EXPECT_EQ(boards[1].done(0, 0), 0u);
	boards.beat(1);
	EXPECT_EQ(boards[1].done(0, 0), 1u);
	EXPECT_EQ(error_of(boards[1], 0), uint32_t{HCA_ERR_TIMEOUT});
}

TEST(FabricFaults, WithoutACableOnlyTheOwnBoardIsReached)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0));
	boards.end(1).plugged = false;
	boards.settle();
	boards[1].send(0, {.buffer = 0, .dest = HCA_ADDRESS(2, 0)});
	boards[1].send(0, {.buffer = 1, .dest = HCA_ADDRESS(1, 0)});
	boards.settle();
	EXPECT_EQ(error_of(boards[1], 0), uint32_t{HCA_ERR_LINK_DOWN});
	EXPECT_EQ(boards[1].done(0, 1), 1u);
	EXPECT_EQ(boards[1].window().read(HCA_PACKETS), 1u);

	TestBoard alone;	// has no fabric at all

	ASSERT_TRUE(alone.enable(0));
	alone.send(0, {.dest = HCA_ADDRESS(2, 0)});
	alone.chip().step();
	EXPECT_EQ(error_of(alone, 0), uint32_t{HCA_ERR_LINK_DOWN});
}

TEST(FabricFaults, ACablePulledOutEndsWhatIsOnItsWay)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0));
	boards.fabric.weather = [](TestFabric::Bytes &) { return 0; };
	boards[1].send(0, {.dest = HCA_ADDRESS(2, 0)});
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 0), 0u);
	boards.end(1).plugged = false;
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 0), 1u);
	EXPECT_EQ(error_of(boards[1], 0), uint32_t{HCA_ERR_LINK_DOWN});
}

TEST(FabricFlow, AFullReceiverElsewhereHoldsItsSender)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[1].enable(1));
	ASSERT_TRUE(boards[2].enable(0, {.entries = 2, .eager = 2}));
	ASSERT_TRUE(boards[2].enable(1));
	for (uint32_t i = 0; i < 4; ++i)
		boards[1].send(0, {.buffer = i, .dest = HCA_ADDRESS(2, 0), .tag = i});

	// Longer than the time-out: the receiver is only slow.
	boards.beat(2 * HCA_TIMEOUT_BEATS);
	EXPECT_EQ(boards[1].done(0, 1), 1u);
	EXPECT_EQ(boards[1].done(0, 2), 0u);
	EXPECT_EQ(boards[1].window().read(HCA_ERRORS), 0u);
	EXPECT_EQ(count_of(boards[2], HCA_ERR_SEQUENCE), 0u);

	boards[1].send(1, {.dest = HCA_ADDRESS(2, 1)});
	boards.settle();
	EXPECT_EQ(boards[1].done(1, 0), 1u) << "others don't wait for it";

	boards[2].consume(0, 2);
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 3), 1u);
	EXPECT_EQ(boards[2].entry(0, 1).read(HCA_HDR_TAG), 3u);
}

TEST(FabricFlow, WhoWaitsForAReceiverThatGoesIsRefused)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0, {.entries = 1, .eager = 1}));
	for (uint32_t i = 0; i < 2; ++i)
		boards[1].send(0, {.buffer = i, .dest = HCA_ADDRESS(2, 0)});
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 1), 0u);
	ASSERT_TRUE(boards[2].set_enable(0, 0));
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 1), 1u);
	EXPECT_EQ(error_of(boards[1], 0), uint32_t{HCA_ERR_BAD_DEST});
}

// The answer to the packet of an earlier life must not end one of this life.
TEST(FabricFlow, ANewLifeOfAContextIsAnother)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0, {.entries = 1, .eager = 1}));
	boards[1].send(0, {.buffer = 0, .dest = HCA_ADDRESS(2, 0), .tag = 1});
	boards[1].send(0, {.buffer = 1, .dest = HCA_ADDRESS(2, 0), .tag = 2});
	boards.settle();
	ASSERT_TRUE(boards[1].set_enable(0, 0));
	ASSERT_TRUE(boards[1].enable(0));
	boards[1].send(0, {.buffer = 0, .dest = HCA_ADDRESS(2, 0), .tag = 3});
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 0), 0u) << "the receiver is still full";
	boards[2].consume(0, 1);
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 0), 1u);
	EXPECT_EQ(boards[2].entry(0, 0).read(HCA_HDR_TAG), 3u);
}

TEST(FabricFlow, AnAnswerToAnotherLifeIsNone)
{
	TestBoards boards(2);
	TestFabric::Bytes late;

	boards.fabric.weather = [&](TestFabric::Bytes &frame) {
		if (frame[HCA_FRAME_TYPE] != std::byte{HCA_FRAME_ANSWER})
			return 1;
		late = frame;
		return 0;
	};
	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0));
	boards[1].send(0, {.dest = HCA_ADDRESS(2, 0)});
	boards.settle();
	ASSERT_FALSE(late.empty());

	boards.fabric.weather = [](TestFabric::Bytes &) { return 0; };
	ASSERT_TRUE(boards[1].set_enable(0, 0));
	ASSERT_TRUE(boards[1].enable(0));
	boards[1].send(0, {.dest = HCA_ADDRESS(2, 0)});
	boards.settle();
	boards.fabric.weather = [](TestFabric::Bytes &) { return 1; };
	boards.fabric.carry(1, late);
	boards.settle();
	EXPECT_EQ(boards[1].done(0, 0), 0u);
}

TEST(FabricFlow, AResetForgetsWhatWaits)
{
	TestBoards boards(2);

	ASSERT_TRUE(boards[1].enable(0));
	ASSERT_TRUE(boards[2].enable(0, {.entries = 1, .eager = 1}));
	for (uint32_t i = 0; i < 2; ++i)
		boards[1].send(0, {.buffer = i, .dest = HCA_ADDRESS(2, 0), .tag = i});
	boards.settle();
	boards[2].window().write(HCA_RESET, 77);
	boards.settle();
	ASSERT_TRUE(boards[2].enable(0));
	EXPECT_EQ(boards[2].window().read(HCA_PACKETS), 0u);

	// The packet comes again, and is new.
	boards.beat(HCA_RETRY_BEATS + 1);
	EXPECT_EQ(boards[1].done(0, 1), 1u);
	EXPECT_EQ(boards[2].entry(0, 0).read(HCA_HDR_TAG), 1u);
}

// All kinds of weather together: everything arrives once, whole and in order.
TEST(FabricFlow, BadWeather)
{
	TestBoards boards(3);
	std::minstd_rand random(6);
	std::array<uint32_t, 4> sent{};
	std::array<std::array<uint32_t, 4>, 4> got{};
	std::array<uint32_t, 4> consumed{};

	boards.fabric.weather = [&](TestFabric::Bytes &frame) {
		const auto roll = random() % 100;

		if (roll < 10)
			frame[random() % frame.size()] ^= std::byte{4};
		return roll < 10 ? 1 : roll < 20 ? 0 : roll < 30 ? 2 : 1;
	};
	for (const uint32_t node : {1u, 2u, 3u})
		ASSERT_TRUE(boards[node].enable(0, {.entries = 4, .eager = 4}));
	for (int round = 0; round < 3000; ++round) {
		for (const uint32_t node : {1u, 2u, 3u}) {
			const uint32_t i = sent[node];
			const uint32_t dest = 1 + (node + i) % 3;

			// The first word of the payload is the packet's number at that receiver.
			if (boards[node].done(0, i % 8) == i / 8) {
				boards[node].send(0, {.buffer = i % 8, .generation = 1 + i / 8,
						      .dest = HCA_ADDRESS(dest, 0), .tag = i / 3});
				++sent[node];
			}
		}
		boards.beat(1);
		for (const uint32_t node : {1u, 2u, 3u}) {
			Words entry = boards[node].entry(0, consumed[node] % 4);

			while (entry.read(HCA_HDR_SEQUENCE) == consumed[node] + 1) {
				const uint32_t from = HCA_ADDRESS_NODE(entry.read(HCA_HDR_SOURCE));

				ASSERT_EQ(entry.read(HCA_HDR_TAG), got[node][from]++);
				boards[node].consume(0, ++consumed[node]);
				entry = boards[node].entry(0, consumed[node] % 4);
			}
		}
	}
	for (const uint32_t node : {1u, 2u, 3u}) {
		EXPECT_GT(consumed[node], 1000u);
		EXPECT_EQ(boards[node].avail(0).read(HCA_AVAIL_ERRORS), 0u);
		EXPECT_GT(count_of(boards[node], HCA_ERR_CRC), 50u);
		EXPECT_GT(count_of(boards[node], HCA_ERR_SEQUENCE), 50u);
	}
}

} // namespace
} // namespace chip_model
