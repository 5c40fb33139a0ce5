// SPDX-License-Identifier: GPL-2.0
// Library and chip together over plain memory: in lock-step, and as three threads.
#include "lib/data_path.h"
#include "model/test_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

namespace {

using chip_model::TestBoard;
using libhca::DataPath;

constexpr TestBoard::Geometry kSmall{.entries = 8, .eager = 5};

// The process that owns context `n`, without a driver in between.
DataPath attach(TestBoard &board, uint32_t n, TestBoard::Geometry geometry,
		uint32_t first_entry = 0)
{
	const libhca::Mappings mappings{
		.registers = board.user(n).range(0, HCA_PAGE_BYTES),
		.pio = board.pio(n).range(0, HCA_PIO_CONTEXT_BYTES),
		.eager = board.eager_area(n).range(0, geometry.eager * HCA_EAGER_BYTES),
		.headers = board.queue(n).range(0, geometry.entries * HCA_HDR_BYTES),
		.pio_avail = board.avail(n).range(0, HCA_PAGE_BYTES),
	};

	return DataPath(mappings,
			{.pio_buffers = HCA_PIO_BUFFERS, .eager_buffers = geometry.eager,
			 .header_entries = geometry.entries}, first_entry);
}

std::string payload_of(uint32_t tag)
{
	std::string payload(tag * 37 % (HCA_PAYLOAD_MAX + 1), ' ');

	for (std::size_t i = 0; i < payload.size(); ++i)
		payload[i] = static_cast<char>(tag * 31 + i * 7);
	return payload;
}

bool intact(const hca_message &message, uint32_t tag)
{
	const std::string expected = payload_of(tag);

	return message.tag == tag && message.length == expected.size() &&
	       message.checksum == hca_crc32c(message.payload, message.length) &&
	       std::memcmp(message.payload, expected.data(), expected.size()) == 0;
}

TEST(EndToEnd, LockStep)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(3, kSmall));
	ASSERT_TRUE(board.enable(7, kSmall));

	DataPath sender = attach(board, 3, kSmall);
	DataPath receiver = attach(board, 7, kSmall);
	uint32_t sent = 0;

	for (uint32_t received = 0; received < 500; ++received) {
		for (; sent < 500; ++sent) {
			const std::string payload = payload_of(sent);

			if (sender.send(7, sent, payload.data(), payload.size()) == -EAGAIN)
				break;
		}
		while (board.chip().step())
			continue;

		const auto message = receiver.receive();

		ASSERT_TRUE(message) << received;
		ASSERT_TRUE(intact(*message, received)) << received;
		EXPECT_EQ(message->source, 3u);
		EXPECT_EQ(receiver.release(), 0);
	}
	EXPECT_EQ(sent, 500u);
	EXPECT_EQ(sender.errors(), 0u);
	EXPECT_GT(board.chip().stats().back_pressure, 100u);
}

TEST(EndToEnd, CountersWrapOnBothSides)
{
	constexpr uint32_t kFirst = 0xffffffff - 20;
	TestBoard board(kFirst);

	ASSERT_TRUE(board.enable(0, kSmall));

	DataPath path = attach(board, 0, kSmall, kFirst);

	for (uint32_t tag = 0; tag < 100; ++tag) {
		const std::string payload = payload_of(tag);

		ASSERT_EQ(path.send(0, tag, payload.data(), payload.size()), 0);
		board.chip().step();

		const auto message = path.receive();

		ASSERT_TRUE(message) << tag;
		ASSERT_TRUE(intact(*message, tag)) << tag;
		ASSERT_EQ(path.release(), 0);
	}
}

TEST(EndToEnd, SenderHearsOfARefusal)
{
	TestBoard board;

	ASSERT_TRUE(board.enable(0, kSmall));

	DataPath path = attach(board, 0, kSmall);

	for (uint32_t i = 0; i < 20; ++i) {
		ASSERT_EQ(path.send(5, 0, nullptr, 0), 0);
		board.chip().step();
	}
	EXPECT_EQ(path.errors(), 20u);
	EXPECT_EQ(path.last_error(), uint32_t{HCA_ERR_BAD_DEST});
}

// If process or chip reused a message's memory too early, payloads would be corrupt.
TEST(EndToEnd, ThreeThreads)
{
	constexpr uint32_t kMessages = 5000;
	TestBoard board;

	ASSERT_TRUE(board.enable(1, kSmall));
	ASSERT_TRUE(board.enable(2, kSmall));

	std::atomic<bool> done = false;
	uint32_t corrupt = 0;
	int receive_error = 0;
	int send_error = 0;

	std::thread chip([&] {
		while (!done) {
			if (!board.chip().step())
				std::this_thread::yield();
		}
	});
	std::thread sender([&, path = attach(board, 1, kSmall)]() mutable {
		for (uint32_t tag = 0; tag < kMessages && !done; ++tag) {
			const std::string payload = payload_of(tag);

			do {
				send_error = path.send(2, tag, payload.data(), payload.size());
				if (send_error == -EAGAIN)
					std::this_thread::yield();
			} while (send_error == -EAGAIN && !done);
		}
	});
	std::thread receiver([&, path = attach(board, 2, kSmall)]() mutable {
		for (uint32_t tag = 0; tag < kMessages;) {
			const auto message = path.receive();

			if (message) {
				corrupt += !intact(*message, tag++);
				path.release();
			} else if (message.error() == -EAGAIN) {
				std::this_thread::yield();
			} else {
				receive_error = message.error();
				break;
			}
		}
		done = true;
	});

	receiver.join();
	sender.join();
	chip.join();
	EXPECT_EQ(corrupt, 0u);
	EXPECT_EQ(send_error, 0);
	EXPECT_EQ(receive_error, 0);
	EXPECT_EQ(board.chip().stats().packets, kMessages);
}

} // namespace
