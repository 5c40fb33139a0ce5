// SPDX-License-Identifier: GPL-2.0
// The chip seen from many packets: wrap of queue and counters, back-pressure, hostile heads.
#include "test_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace chip_model {
namespace {

// Sends and consumes one packet after the other and looks at each entry.
void pump(TestBoard &board, TestBoard::Geometry geometry, uint32_t first, uint32_t packets)
{
	for (uint32_t i = 0; i < packets; ++i) {
		const uint32_t k = first + i;
		const std::string payload = std::to_string(i);

		board.send(0, {.buffer = i % 8, .generation = 1 + i / 8, .tag = i,
			       .payload = payload});
		ASSERT_TRUE(board.chip().step());

		Words entry = board.entry(0, k % geometry.entries);

		ASSERT_EQ(entry.read(HCA_HDR_SEQUENCE), k + 1);
		ASSERT_EQ(entry.read(HCA_HDR_TAG), i);
		ASSERT_EQ(entry.read(HCA_HDR_EAGER), 0u);	// the buffer has just come back
		ASSERT_EQ(std::memcmp(board.eager(0, 0).data(), payload.data(), payload.size()), 0);
		board.consume(0, k + 1);
	}
}

TEST(ChipFlow, QueueWraps)
{
	constexpr TestBoard::Geometry cases[] = {{1, 1}, {1, 7}, {8, 3}, {16, 64}, {128, 5}};

	for (const auto &geometry : cases) {
		TestBoard board;

		ASSERT_TRUE(board.enable(0, geometry));
		pump(board, geometry, 0, 300);
	}
}

TEST(ChipFlow, EntryCounterWraps)
{
	constexpr uint32_t kFirst = 0xffffffff - 40;
	constexpr TestBoard::Geometry kGeometry{.entries = 16, .eager = 5};
	TestBoard board(kFirst);

	ASSERT_TRUE(board.enable(0, kGeometry));
	EXPECT_EQ(board.user(0).read(HCA_USER_RCV_HEAD), kFirst);
	pump(board, kGeometry, kFirst, 100);
}

// Around the wrap of the counter no eager buffer may be used twice while the process has it.
TEST(ChipFlow, WrapOfTheCounterReusesNothingEarly)
{
	TestBoard board(0xfffffffe);

	ASSERT_TRUE(board.enable(0, {.entries = 8, .eager = 3}));
	for (uint32_t i = 0; i < 3; ++i) {
		board.send(0, {.buffer = i});
		ASSERT_TRUE(board.chip().step());
	}

	std::vector<uint32_t> used;

	for (const uint32_t slot : {6u, 7u, 0u})
		used.push_back(board.entry(0, slot).read(HCA_HDR_EAGER));
	std::ranges::sort(used);
	EXPECT_EQ(used, (std::vector<uint32_t>{0, 1, 2}));
}

// Heads that go back and forth, as a process may write them: no buffer is lent again before the
// chip has seen that it came back, and a buffer that came back once stays the chip's.
TEST(ChipFlow, AHeadThatGoesBackTakesNothingBack)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0, {.entries = 8, .eager = 4}));
	for (uint32_t i = 0; i < 3; ++i) {
		board.send(0, {.buffer = i});
		ASSERT_TRUE(board.chip().step());
	}
	board.consume(0, 2);		// 0 and 1 are free, 2 is not
	board.send(0, {.buffer = 3});
	ASSERT_TRUE(board.chip().step());
	board.consume(0, 0);		// as if it had consumed nothing
	EXPECT_EQ(board.entry(0, 3).read(HCA_HDR_EAGER), 1u);

	board.send(0, {.buffer = 4});
	EXPECT_FALSE(board.chip().step()) << "4 in use, as it says";
	board.consume(0, 1);
	ASSERT_TRUE(board.chip().step());
	EXPECT_EQ(board.entry(0, 4).read(HCA_HDR_EAGER), 0u);
}

TEST(ChipFlow, FullReceiverLeavesThePacketWaiting)
{
	constexpr TestBoard::Geometry cases[] = {{4, 64}, {64, 4}, {4, 4}};

	for (const auto &geometry : cases) {
		TestBoard board;

		ASSERT_TRUE(board.enable(0, geometry));
		for (uint32_t i = 0; i < 5; ++i)
			board.send(0, {.buffer = i, .tag = i});
		for (uint32_t i = 0; i < 4; ++i)
			ASSERT_TRUE(board.chip().step());

		EXPECT_FALSE(board.chip().step());
		EXPECT_FALSE(board.chip().step());
		EXPECT_EQ(board.done(0, 4), 0u);
		EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_TAG), 0u);
		EXPECT_EQ(board.chip().stats().back_pressure, 1u);
		EXPECT_EQ(board.window().read(HCA_ERRORS), 0u);

		board.consume(0, 1);
		EXPECT_TRUE(board.chip().step());
		EXPECT_EQ(board.done(0, 4), 1u);
		EXPECT_EQ(board.entry(0, 4 % geometry.entries).read(HCA_HDR_TAG), 4u);
		EXPECT_EQ(board.chip().stats().back_pressure, 1u);
	}
}

TEST(ChipFlow, AWaitingPacketHoldsUpItsSenderOnly)
{
	TestBoard board;

	for (const uint32_t n : {0u, 1u, 2u})
		ASSERT_TRUE(board.enable(n, {.entries = 1, .eager = 1}));
	board.send(0, {.buffer = 0, .dest = 1, .tag = 1});
	board.send(0, {.buffer = 1, .dest = 1, .tag = 2});
	board.send(0, {.buffer = 2, .dest = 2, .tag = 3});
	for (uint32_t i = 0; i < 5; ++i)
		board.chip().step();
	EXPECT_EQ(board.done(0, 0), 1u);
	EXPECT_EQ(board.done(0, 1), 0u);
	EXPECT_EQ(board.done(0, 2), 0u);

	board.send(2, {.dest = 2, .tag = 4});
	EXPECT_TRUE(board.chip().step());
	EXPECT_EQ(board.entry(2, 0).read(HCA_HDR_TAG), 4u);

	board.consume(1, 1);
	board.consume(2, 1);
	while (board.chip().step())
		continue;
	EXPECT_EQ(board.done(0, 1), 1u);
	EXPECT_EQ(board.done(0, 2), 1u);
	EXPECT_EQ(board.entry(2, 0).read(HCA_HDR_TAG), 3u);
}

TEST(ChipFlow, AWaitingPacketIsRefusedWhenItsReceiverGoes)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	ASSERT_TRUE(board.enable(1, {.entries = 1, .eager = 1}));
	board.send(0, {.buffer = 0, .dest = 1});
	board.send(0, {.buffer = 1, .dest = 1});
	board.chip().step();
	EXPECT_FALSE(board.chip().step());
	ASSERT_TRUE(board.set_enable(1, 0));
	EXPECT_EQ(board.done(0, 1), 1u);
	EXPECT_EQ(board.avail(0).read(HCA_AVAIL_ERROR), unsigned{HCA_ERR_BAD_DEST});
}

TEST(ChipFlow, HostileHeadsOnlyStopTheirOwner)
{
	constexpr uint32_t kHeads[] = {2, 3, 100, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};

	for (const uint32_t head : kHeads) {
		TestBoard board;

		ASSERT_TRUE(board.enable(0, {.entries = 4, .eager = 2}));
		ASSERT_TRUE(board.enable(1));
		board.send(0, {.buffer = 0, .tag = 1});
		ASSERT_TRUE(board.chip().step());

		// k is 1 now; each of these heads is impossible.
		board.consume(0, head);
		board.send(0, {.buffer = 1, .tag = 2});
		EXPECT_FALSE(board.chip().step()) << head;
		EXPECT_EQ(board.done(0, 1), 0u) << head;

		board.send(1, {.dest = 1});
		EXPECT_TRUE(board.chip().step()) << head;

		board.consume(0, 1);
		EXPECT_TRUE(board.chip().step()) << head;
		EXPECT_EQ(board.entry(0, 1).read(HCA_HDR_TAG), 2u) << head;
	}
}

// The chip looks at one trigger after the other while a process writes several, so the chip may
// see a later one and not an earlier one. The order must be kept all the same.
TEST(ChipFlow, ABurstKeepsItsOrder)
{
	constexpr uint32_t kBursts = 300;
	TestBoard board;
	std::atomic<bool> done = false;
	uint32_t wrong = 0;

	ASSERT_TRUE(board.enable(0));
	for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i)
		board.pio(0).write(i * HCA_PIO_BYTES + HCA_PIO_TAG, i);

	std::thread chip([&] {
		while (!done)
			board.chip().step();
	});

	for (uint32_t burst = 1; burst <= kBursts; ++burst) {
		for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i)
			board.pio(0).write(i * HCA_PIO_BYTES + HCA_PIO_TRIGGER, burst);
		for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i) {
			while (board.done(0, i) != burst)
				std::this_thread::yield();
		}
		for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i)
			wrong += board.entry(0, i).read(HCA_HDR_TAG) != i;
		board.consume(0, burst * HCA_PIO_BUFFERS);
	}
	done = true;
	chip.join();
	EXPECT_EQ(wrong, 0u);
}

// Every word that a process can write gets random values; the sanitizer and Words are the judge.
TEST(ChipFlow, RandomWordsFromProcessesDoNoHarm)
{
	TestBoard board;
	uint32_t state = 12345;
	const auto random = [&state] {
		state = state * 1664525 + 1013904223;
		return state >> 8;
	};

	for (uint32_t i = 0; i < 20000; ++i) {
		const uint32_t n = random() % HCA_CONTEXTS;

		// Begin a new life now and then, because all contexts are soon full.
		if (random() % 32 == 0) {
			ASSERT_TRUE(board.set_enable(n, 0));
			ASSERT_TRUE(board.enable(n, {.entries = 1u << (n % 8), .eager = 1 + n * 4}));
		}

		Words pio = board.pio(n).part(random() % 8 * HCA_PIO_BYTES, HCA_PIO_BYTES);
		const bool sane = random() % 2 != 0;

		pio.write(HCA_PIO_DEST, sane ? random() % 17 : random() << 8);
		pio.write(HCA_PIO_LENGTH, sane ? random() % 2048 : random() << 8);
		pio.write(HCA_PIO_TRIGGER, random());
		if (random() % 4 == 0)
			board.consume(n, random() % 2 ? random() : random() % 16);
		board.queue(n).write(random() % TestBoard::kQueueBytes & ~3u, random());
		board.chip().step();
	}
	EXPECT_GT(board.chip().stats().packets, 100u);
	EXPECT_GT(board.chip().stats().refused[HCA_ERR_BAD_LENGTH], 100u);
	EXPECT_GT(board.chip().stats().refused[HCA_ERR_BAD_DEST], 100u);
	EXPECT_GT(board.chip().stats().back_pressure, 10u);
}

} // namespace
} // namespace chip_model
