// SPDX-License-Identifier: GPL-2.0
// The chip seen from the driver: enabling, refusals, disabling, reset, start and stop.
#include "test_board.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace chip_model {
namespace {

constexpr uint64_t kEnd = TestBoard::kBase + HCA_CONTEXTS * TestBoard::kContextBytes;

struct SetupCase {
	std::string name;
	std::function<void(TestBoard &)> spoil;
	hca_chip_error error;
};

void set_address(Words words, std::size_t offset, uint64_t address)
{
	TestBoard::write_pair(words, offset, address);
}

std::vector<SetupCase> setup_cases()
{
	std::vector<SetupCase> cases;

	for (const uint32_t entries : {0u, 3u, 65535u, 131072u, 0x80000000u, 0xffffffffu})
		cases.push_back({"entries " + std::to_string(entries), [=](TestBoard &board) {
			board.control(4).write(HCA_CTL_HDRQ_ENTRIES, entries);
		}, HCA_ERR_BAD_SETUP});

	for (const uint32_t count : {0u, HCA_EAGER_TABLE_MAX + 1u, 0xffffffffu})
		cases.push_back({"eager count " + std::to_string(count), [=](TestBoard &board) {
			board.control(4).write(HCA_CTL_EAGER_COUNT, count);
		}, HCA_ERR_BAD_SETUP});

	constexpr uint64_t kTop = std::numeric_limits<uint64_t>::max() - 31;
	const uint64_t bad[] = {0, TestBoard::kBase - 32, kEnd - 32, kEnd, kTop,
				TestBoard::kBase + (uint64_t{1} << 32)};

	for (const uint64_t address : bad) {
		const std::string where = " at " + std::to_string(address);

		cases.push_back({"queue" + where, [=](TestBoard &board) {
			set_address(board.control(4), HCA_CTL_HDRQ_LO, address);
		}, HCA_ERR_BAD_ADDRESS});
		cases.push_back({"avail" + where, [=](TestBoard &board) {
			set_address(board.control(4), HCA_CTL_AVAIL_LO, address);
		}, HCA_ERR_BAD_ADDRESS});
		for (const uint32_t i : {0u, 7u})
			cases.push_back({"eager " + std::to_string(i) + where, [=](TestBoard &board) {
				set_address(board.table(4), HCA_EAGER_LO(i), address);
			}, HCA_ERR_BAD_ADDRESS});
	}

	for (const uint64_t odd : {1, 4, 16})
		cases.push_back({"odd " + std::to_string(odd), [=](TestBoard &board) {
			set_address(board.table(4), HCA_EAGER_LO(2), TestBoard::kBase + odd);
		}, HCA_ERR_BAD_SETUP});
	return cases;
}

TEST(ChipSetup, RefusesWhatMakesNoSense)
{
	for (const auto &[name, spoil, error] : setup_cases()) {
		TestBoard board;

		board.program(4, {});
		spoil(board);
		EXPECT_FALSE(board.set_enable(4, 1)) << name;
		EXPECT_EQ(board.control(4).read(HCA_CTL_ENABLE), 0u) << name;
		EXPECT_EQ(board.window().read(HCA_ERROR), unsigned{error}) << name;
		EXPECT_EQ(board.window().read(HCA_ERROR_CONTEXT), 4u) << name;
		EXPECT_EQ(board.window().read(HCA_ERRORS), 1u) << name;
		EXPECT_TRUE(std::ranges::all_of(board.ram_bytes(),
			[](std::byte value) { return value == std::byte{0}; })) << name;

		// The refusal is counted once, and the driver can try again at once.
		EXPECT_FALSE(board.chip().step()) << name;
		EXPECT_TRUE(board.enable(4)) << name;
	}
}

TEST(ChipSetup, AcceptsTheLastBytesOfRam)
{
	TestBoard board;

	board.program(4, {});
	set_address(board.table(4), HCA_EAGER_LO(0), kEnd - HCA_EAGER_BYTES);
	EXPECT_TRUE(board.set_enable(4, 1));
}

TEST(ChipSetup, TriggersFromBeforeAreTheBaseline)
{
	TestBoard board;

	board.program(0, {});
	board.send(0, {.buffer = 2, .generation = 7});
	ASSERT_TRUE(board.set_enable(0, 1));
	EXPECT_EQ(board.done(0, 2), 7u);
	EXPECT_FALSE(board.chip().step());
	EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_SEQUENCE), 0u);
	board.send(0, {.buffer = 2, .generation = 8});
	EXPECT_TRUE(board.chip().step());
}

TEST(ChipSetup, ForgetsTheHeadOfTheProcessBefore)
{
	TestBoard board;

	board.consume(0, 4711);
	ASSERT_TRUE(board.enable(0));
	EXPECT_EQ(board.user(0).read(HCA_USER_RCV_HEAD), 0u);
	board.send(0, {});
	EXPECT_TRUE(board.chip().step());
}

TEST(ChipSetup, UsesTheSetupOfTheMomentOfEnabling)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	set_address(board.table(0), HCA_EAGER_LO(0), 0);
	board.control(0).write(HCA_CTL_HDRQ_ENTRIES, 0);
	board.send(0, {});
	EXPECT_TRUE(board.chip().step());
	EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_SEQUENCE), 1u);
}

TEST(ChipSetup, NoDmaAfterDisabling)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0));
	ASSERT_TRUE(board.enable(1));
	board.send(0, {.buffer = 0, .dest = 1});
	board.send(1, {.buffer = 0, .dest = 0});
	ASSERT_TRUE(board.set_enable(1, 0));
	board.send(1, {.buffer = 1, .dest = 0});
	while (board.chip().step())
		continue;

	EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_SEQUENCE), 0u);
	EXPECT_EQ(board.entry(1, 0).read(HCA_HDR_SEQUENCE), 0u);
	EXPECT_EQ(board.done(1, 0), 0u);
	EXPECT_EQ(board.done(1, 1), 0u);
	EXPECT_EQ(board.avail(0).read(HCA_AVAIL_ERROR), unsigned{HCA_ERR_BAD_DEST});
}

TEST(ChipSetup, AContextStartsAfreshWhenEnabledAgain)
{
	TestBoard board;

	for (uint32_t life = 0; life < 3; ++life) {
		ASSERT_TRUE(board.enable(0));
		std::ranges::fill(board.queue(0).range(0, TestBoard::kQueueBytes), std::byte{0});
		board.send(0, {.generation = 1, .tag = life});
		EXPECT_TRUE(board.chip().step());
		EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_SEQUENCE), 1u);
		EXPECT_EQ(board.entry(0, 0).read(HCA_HDR_TAG), life);
		ASSERT_TRUE(board.set_enable(0, 0));
	}
	EXPECT_EQ(board.chip().stats().enables, 3u);
	EXPECT_EQ(board.chip().stats().disables, 3u);
}

TEST(ChipSetup, ResetDisablesEverythingAndClearsTheCounters)
{
	TestBoard board;

	for (uint32_t n = 0; n < HCA_CONTEXTS; ++n)
		ASSERT_TRUE(board.enable(n));
	board.send(0, {});
	board.send(1, {.dest = 99});
	board.chip().step();
	EXPECT_EQ(board.window().read(HCA_PACKETS), 1u);
	EXPECT_EQ(board.window().read(HCA_ERRORS), 1u);

	board.send(2, {});
	board.window().write(HCA_RESET, 0x1234);
	EXPECT_TRUE(board.chip().step());
	EXPECT_EQ(board.window().read(HCA_RESET_ACK), 0x1234u);
	for (const std::size_t word : {HCA_ERROR, HCA_ERROR_CONTEXT, HCA_ERRORS, HCA_PACKETS})
		EXPECT_EQ(board.window().read(word), 0u) << word;
	for (uint32_t n = 0; n < HCA_CONTEXTS; ++n) {
		EXPECT_EQ(board.control(n).read(HCA_CTL_ENABLE), 0u) << n;
		EXPECT_EQ(board.control(n).read(HCA_CTL_ENABLE_ACK), 0u) << n;
	}
	EXPECT_EQ(board.done(2, 0), 0u);
	EXPECT_FALSE(board.chip().step());
	EXPECT_TRUE(board.enable(2));
}

TEST(ChipSetup, StopLeavesNothingEnabled)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(3));
	board.chip().stop();
	EXPECT_EQ(board.window().read(HCA_MAGIC), 0u);
	EXPECT_EQ(board.control(3).read(HCA_CTL_ENABLE_ACK), 0u);
}

// A chip that was killed left its words behind; the memory may have another owner by now.
TEST(ChipSetup, ANewLifeForgetsTheOldOne)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(3));
	board.window().write(HCA_RESET, 5);

	Chip second(board.window(), Memory(board.ram_bytes(), BusAddr{TestBoard::kBase}));

	second.start();
	EXPECT_EQ(board.control(3).read(HCA_CTL_ENABLE), 0u);
	EXPECT_EQ(board.control(3).read(HCA_CTL_ENABLE_ACK), 0u);
	EXPECT_EQ(board.window().read(HCA_RESET_ACK), 5u);
	board.send(3, {.dest = 3});
	EXPECT_FALSE(second.step());
	EXPECT_EQ(board.entry(3, 0).read(HCA_HDR_SEQUENCE), 0u);
}

} // namespace
} // namespace chip_model
