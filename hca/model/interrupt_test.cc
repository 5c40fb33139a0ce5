// SPDX-License-Identifier: GPL-2.0
// Interrupts: which causes the driver is told, how often, and that no packet comes unnoticed.
#include "test_board.h"
#include "test_fabric.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace chip_model {
namespace {

class Bell final : public Doorbell {
public:
	void ring() noexcept override { rings.fetch_add(1); }

	std::atomic<uint32_t> rings{0};
};

/// A board whose driver takes interrupts, with contexts 0 and 1 enabled.
class InterruptTest : public testing::Test {
protected:
	void SetUp() override
	{
		ASSERT_EQ(board_.window().read(HCA_FEATURES), HCA_FEATURE_INTERRUPT);
		ASSERT_TRUE(board_.enable(0));
		ASSERT_TRUE(board_.enable(1));
		board_.window().write(HCA_INT_ENABLE, 1);
	}

	void arm(uint32_t context)
	{
		Words control = board_.control(context);

		control.write(HCA_CTL_ARM, control.read(HCA_CTL_ARM) + 1);
	}

	// Sends from context 0, each packet through another buffer.
	void deliver(uint32_t dest)
	{
		board_.send(0, {.buffer = sent_ % HCA_PIO_BUFFERS,
				.generation = 1 + sent_ / HCA_PIO_BUFFERS, .dest = dest});
		++sent_;
		EXPECT_TRUE(board_.chip().step());
	}

	// Acts as the driver's handler; returns the causes, 0 when there was no interrupt.
	uint32_t take()
	{
		Words window = board_.window();
		const uint32_t serial = window.read(HCA_INT_SERIAL);

		if (serial == window.read(HCA_INT_ACK))
			return 0;

		const uint32_t causes = window.read(HCA_INT_CAUSE);

		window.write(HCA_INT_ACK, serial);
		return causes;
	}

	Bell bell_;
	TestBoard board_{Chip::Setup{.doorbell = &bell_}};
	uint32_t sent_ = 0;
};

TEST_F(InterruptTest, RingsOnceForAnArmedContext)
{
	arm(1);
	board_.chip().step();
	EXPECT_EQ(bell_.rings, 0u) << "arming alone is no reason";
	deliver(1);
	EXPECT_EQ(bell_.rings, 1u);
	EXPECT_EQ(take(), HCA_CAUSE_PACKET(1));
	deliver(1);
	deliver(1);
	EXPECT_EQ(bell_.rings, 1u) << "armed once, told once";
	EXPECT_EQ(take(), 0u);
	EXPECT_EQ(board_.chip().stats().interrupts, 1u);
}

TEST_F(InterruptTest, DoesNotRingForWhoDidNotAsk)
{
	deliver(1);
	arm(0);
	deliver(1);
	EXPECT_EQ(bell_.rings, 0u);
	EXPECT_EQ(take(), 0u);
}

// The driver looks at the queue after arming, and finds the packet.
TEST_F(InterruptTest, DoesNotTellOfWhatWasThereBefore)
{
	deliver(1);
	arm(1);
	for (int i = 0; i < 3; ++i)
		board_.chip().step();
	EXPECT_EQ(bell_.rings, 0u);
	deliver(1);
	EXPECT_EQ(bell_.rings, 1u);
}

TEST_F(InterruptTest, AnyOtherValueArms)
{
	Words control = board_.control(1);

	for (const uint32_t value : {5u, 4u, 0xffffffffu, 0u}) {
		control.write(HCA_CTL_ARM, value);
		deliver(1);
		EXPECT_EQ(take(), HCA_CAUSE_PACKET(1)) << value;
		deliver(1);
		EXPECT_EQ(take(), 0u) << value;
		board_.consume(1, sent_);
	}
}

TEST_F(InterruptTest, WaitsUntilTheLastOneWasTaken)
{
	arm(0);
	arm(1);
	deliver(0);
	deliver(1);
	arm(1);
	deliver(1);
	EXPECT_EQ(bell_.rings, 1u);
	EXPECT_EQ(board_.window().read(HCA_INT_CAUSE), HCA_CAUSE_PACKET(0)) << "what was told stays";
	EXPECT_EQ(take(), HCA_CAUSE_PACKET(0));

	board_.chip().step();
	EXPECT_EQ(bell_.rings, 2u) << "and all the rest in one";
	EXPECT_EQ(take(), HCA_CAUSE_PACKET(1));
	board_.chip().step();
	EXPECT_EQ(bell_.rings, 2u);
}

TEST_F(InterruptTest, TellsWhenEnabledOfWhatCameBefore)
{
	board_.window().write(HCA_INT_ENABLE, 0);
	arm(1);
	deliver(1);
	EXPECT_EQ(bell_.rings, 0u);
	board_.window().write(HCA_INT_ENABLE, 1);
	board_.chip().step();
	EXPECT_EQ(bell_.rings, 1u);
	EXPECT_EQ(take(), HCA_CAUSE_PACKET(1));
}

TEST_F(InterruptTest, ForgetsAllAtAReset)
{
	arm(1);
	deliver(1);	// rung and never acknowledged
	arm(0);
	deliver(0);	// waits
	board_.window().write(HCA_RESET, 77);
	board_.chip().step();
	EXPECT_EQ(board_.window().read(HCA_INT_ENABLE), 0u);
	EXPECT_EQ(board_.window().read(HCA_INT_SERIAL), board_.window().read(HCA_INT_ACK));
	board_.window().write(HCA_INT_ENABLE, 1);
	board_.chip().step();
	EXPECT_EQ(bell_.rings, 1u);

	ASSERT_TRUE(board_.enable(0));
	sent_ = 0;
	arm(0);
	deliver(0);
	EXPECT_EQ(bell_.rings, 2u) << "the one without an acknowledge is in nobody's way";
}

TEST_F(InterruptTest, AContextThatIsEnabledAnewIsNotArmed)
{
	arm(1);
	ASSERT_TRUE(board_.set_enable(1, 0));
	ASSERT_TRUE(board_.enable(1));
	deliver(1);
	EXPECT_EQ(bell_.rings, 0u);
}

TEST(Interrupt, TellsOfTheCable)
{
	Bell bell;
	TestFabric fabric;
	TestFabric::End end(fabric, 1);
	TestBoard board(Chip::Setup{.wire = &end, .doorbell = &bell, .node = 1, .epoch = 1});

	board.chip().step();
	board.window().write(HCA_INT_ENABLE, 1);
	board.chip().step();
	board.window().write(HCA_INT_ACK, board.window().read(HCA_INT_SERIAL));

	const uint32_t before = bell.rings;

	board.chip().step();
	EXPECT_EQ(bell.rings, before);
	end.plugged = false;
	board.chip().step();
	EXPECT_EQ(bell.rings, before + 1);
	EXPECT_EQ(board.window().read(HCA_INT_CAUSE), HCA_CAUSE_LINK);
	EXPECT_EQ(board.window().read(HCA_LINK), unsigned{HCA_LINK_DOWN});
}

TEST(Interrupt, WithoutALineNothingIsTold)
{
	TestBoard board;

	EXPECT_EQ(board.window().read(HCA_FEATURES), 0u);
	ASSERT_TRUE(board.enable(0));
	board.window().write(HCA_INT_ENABLE, 1);
	board.control(0).write(HCA_CTL_ARM, 1);
	board.send(0, {});
	board.chip().step();
	EXPECT_EQ(board.window().read(HCA_INT_SERIAL), 0u);
	EXPECT_EQ(board.chip().stats().interrupts, 0u);
}

/// A driver whose process sleeps whenever its queue is empty: arms, looks again, sleeps.
class Sleeper {
public:
	Sleeper(TestBoard &board, const Bell &bell) : board_(board), bell_(bell) {}

	/// Waits for the next entry; false when the driver slept through it.
	bool next()
	{
		do {
			arm();
			if (ready()) {
				board_.consume(0, ++head_);
				return true;
			}
		} while (sleep());
		return false;
	}

private:
	void arm()
	{
		board_.control(0).write(HCA_CTL_ARM, ++armed_);
		std::atomic_thread_fence(std::memory_order_seq_cst);
	}

	bool ready()
	{
		return board_.entry(0, head_ % 8).read(HCA_HDR_SEQUENCE) == head_ + 1;
	}

	// Only a ring ends the sleep.
	bool sleep()
	{
		const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);

		while (bell_.rings == heard_) {
			if (std::chrono::steady_clock::now() > deadline)
				return false;
		}
		heard_ = bell_.rings;
		board_.window().write(HCA_INT_ACK, board_.window().read(HCA_INT_SERIAL));
		return true;
	}

	TestBoard &board_;
	const Bell &bell_;
	uint32_t head_ = 0, armed_ = 0, heard_ = 0;
};

// Each packet comes while the driver goes to sleep, a little earlier or later each time.
TEST(Interrupt, NobodySleepsThroughAPacket)
{
	constexpr uint32_t kPackets = 10000;
	Bell bell;
	TestBoard board(Chip::Setup{.doorbell = &bell});
	std::atomic<bool> over{false};

	ASSERT_TRUE(board.enable(0));
	board.window().write(HCA_INT_ENABLE, 1);

	std::jthread chip([&] {
		for (uint32_t sent = 0; !over;) {
			if (sent < kPackets && board.user(0).read(HCA_USER_RCV_HEAD) == sent) {
				for (uint32_t pause = sent % 64; pause > 0; --pause)
					std::atomic_signal_fence(std::memory_order_seq_cst);
				board.send(0, {.generation = ++sent});
			}
			board.chip().step();
		}
	});
	Sleeper sleeper(board, bell);
	uint32_t got = 0;

	while (got < kPackets && sleeper.next())
		++got;
	over = true;
	EXPECT_EQ(got, kPackets);
	EXPECT_GT(bell.rings, 0u);
}

/// Lets two threads begin each round at the same moment, as far as two CPUs have one.
class Rendezvous {
public:
	void meet(int self, uint32_t round)
	{
		at_[self].word.store(round);
		for (uint32_t spins = 0; at_[1 - self].word.load() < round; ++spins) {
			if (spins > 2000)
				std::this_thread::yield();
		}
	}

private:
	struct alignas(128) Place {
		std::atomic<uint32_t> word{0};
	};
	Place at_[2];
};

// The two looks alone: without the chip's barrier, or the driver's, a few of 100,000 miss each other.
// That takes two CPUs at the same moment, so a busy host may not show it.
TEST(Interrupt, SequenceIsWrittenBeforeTheLookAtArm)
{
	constexpr uint32_t kRounds = 200000;		// where two CPUs have nothing else to do
	const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
	alignas(128) static std::byte memory[HCA_WINDOW_BYTES];
	alignas(128) static std::byte entry[HCA_HDR_BYTES];
	Words window{std::span(memory)}, sequence{std::span(entry)};
	Bell bell;
	Interrupts interrupts(window, &bell);
	std::vector<bool> told(kRounds + 1), seen(kRounds + 1);
	Rendezvous start;
	std::atomic<uint32_t> rounds{kRounds};		// both do as many
	uint32_t missed = 0;

	window.write(HCA_INT_ENABLE, 1);

	std::jthread chip([&] {
		for (uint32_t round = 1; round <= rounds; ++round) {
			start.meet(0, round);
			sequence.write(0, round);
			interrupts.delivered(0);
			told[round] = interrupts.poll().has_value();
			window.write(HCA_INT_ACK, window.read(HCA_INT_SERIAL));
		}
	});
	for (uint32_t round = 1; round <= rounds; ++round) {
		if (std::chrono::steady_clock::now() > deadline)
			rounds = round;
		start.meet(1, round);
		for (uint32_t pause = round % 128; pause > 0; --pause)	// a little later each time
			std::atomic_signal_fence(std::memory_order_seq_cst);
		window.write(HCA_CONTROL_PAGE(0) + HCA_CTL_ARM, round);
		std::atomic_thread_fence(std::memory_order_seq_cst);
		seen[round] = sequence.read(0) == round;
	}
	chip.join();
	for (uint32_t round = 1; round <= rounds; ++round)
		missed += !told[round] && !seen[round];
	EXPECT_EQ(missed, 0u);
}

} // namespace
} // namespace chip_model
