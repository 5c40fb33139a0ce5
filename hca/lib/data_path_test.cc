// SPDX-License-Identifier: GPL-2.0
// The process's half against plain memory: which words it writes, and how it reads answers.
#include "data_path.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

namespace libhca {
namespace {

constexpr Geometry kGeometry{.pio_buffers = 8, .eager_buffers = 3, .header_entries = 4};

class DataPathTest : public testing::Test {
protected:
	std::span<std::byte> bytes(std::vector<uint32_t> &words)
	{
		return std::as_writable_bytes(std::span(words));
	}

	Mappings mappings()
	{
		return {bytes(registers_), bytes(pio_), bytes(eager_), bytes(headers_),
			bytes(avail_)};
	}

	SharedWords<std::byte> words(std::vector<uint32_t> &memory)
	{
		return SharedWords(bytes(memory));
	}

	void finish(uint32_t buffer, uint32_t generation)
	{
		words(avail_).store(HCA_AVAIL_DONE(buffer), generation);
	}

	void post(uint32_t slot, uint32_t sequence, uint32_t eager, uint32_t length)
	{
		const std::size_t base = slot * HCA_HDR_BYTES;

		words(headers_).store(base + HCA_HDR_SOURCE, 9);
		words(headers_).store(base + HCA_HDR_LENGTH, length);
		words(headers_).store(base + HCA_HDR_EAGER, eager);
		words(headers_).store(base + HCA_HDR_TAG, 100 + sequence);
		words(headers_).store(base + HCA_HDR_CHECKSUM, 0xfeed);
		words(headers_).store(base + HCA_HDR_SEQUENCE, sequence);
	}

	uint32_t pio(uint32_t buffer, std::size_t word)
	{
		return words(pio_).load(buffer * HCA_PIO_BYTES + word);
	}

	std::vector<uint32_t> registers_ = std::vector<uint32_t>(1024);
	std::vector<uint32_t> pio_ = std::vector<uint32_t>(HCA_PIO_CONTEXT_BYTES / 4);
	std::vector<uint32_t> eager_ = std::vector<uint32_t>(3 * HCA_EAGER_BYTES / 4);
	std::vector<uint32_t> headers_ = std::vector<uint32_t>(4 * HCA_HDR_BYTES / 4);
	std::vector<uint32_t> avail_ = std::vector<uint32_t>(1024);
};

TEST_F(DataPathTest, WritesAPacket)
{
	DataPath path(mappings(), kGeometry);

	EXPECT_EQ(path.send(3, 44, "hello", 5), 0);
	EXPECT_EQ(pio(0, HCA_PIO_DEST), 3u);
	EXPECT_EQ(pio(0, HCA_PIO_LENGTH), 5u);
	EXPECT_EQ(pio(0, HCA_PIO_TAG), 44u);
	EXPECT_EQ(pio(0, HCA_PIO_CHECKSUM), hca_crc32c("hello", 5));
	EXPECT_EQ(pio(0, HCA_PIO_TRIGGER), 1u);
	EXPECT_EQ(std::memcmp(bytes(pio_).data() + HCA_PIO_PAYLOAD, "hello\0\0", 8), 0);
}

TEST_F(DataPathTest, PayloadsOfAllLengthsAndAlignmentsArrive)
{
	std::string text(HCA_PAYLOAD_MAX + 3, ' ');

	for (std::size_t i = 0; i < text.size(); ++i)
		text[i] = static_cast<char>('a' + i % 23);

	DataPath path(mappings(), kGeometry);
	uint32_t sent = 0;

	for (const std::size_t length : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 8u, 2008u, 2011u, 2012u}) {
		const uint32_t buffer = sent % 8;
		const char *payload = text.data() + sent % 4;

		finish(buffer, sent / 8);
		ASSERT_EQ(path.send(0, 0, payload, length), 0) << length;
		EXPECT_EQ(std::memcmp(bytes(pio_).data() + buffer * HCA_PIO_BYTES + HCA_PIO_PAYLOAD,
				      payload, length), 0) << length;
		++sent;
		EXPECT_EQ(pio(buffer, HCA_PIO_TRIGGER), 1 + (sent - 1) / 8) << length;
	}
}

TEST_F(DataPathTest, RefusesBadArguments)
{
	DataPath path(mappings(), kGeometry);

	EXPECT_EQ(path.send(0, 0, "", HCA_PAYLOAD_MAX + 1), -EMSGSIZE);
	EXPECT_EQ(path.send(0, 0, nullptr, 1), -EINVAL);
	EXPECT_EQ(path.send(0, 0, nullptr, 0), 0);
}

TEST_F(DataPathTest, UsesBuffersInTurnAndOnlyFreeOnes)
{
	DataPath path(mappings(), kGeometry);

	for (uint32_t i = 0; i < 8; ++i)
		EXPECT_EQ(path.send(0, i, nullptr, 0), 0);
	EXPECT_EQ(path.send(0, 8, nullptr, 0), -EAGAIN);
	EXPECT_FALSE(path.drained());

	finish(1, 1);	// not its turn
	EXPECT_EQ(path.send(0, 8, nullptr, 0), -EAGAIN);
	finish(0, 1);
	EXPECT_EQ(path.send(0, 8, nullptr, 0), 0);
	EXPECT_EQ(path.send(0, 9, nullptr, 0), 0);
	EXPECT_EQ(path.send(0, 10, nullptr, 0), -EAGAIN);
	EXPECT_EQ(pio(0, HCA_PIO_TRIGGER), 2u);
	EXPECT_EQ(pio(0, HCA_PIO_TAG), 8u);
	EXPECT_EQ(pio(1, HCA_PIO_TAG), 9u);
	EXPECT_EQ(pio(2, HCA_PIO_TAG), 2u);
}

// The library counts generations itself, so an earlier process's words in the buffer don't matter.
TEST_F(DataPathTest, TakesNothingFromThePioBuffer)
{
	DataPath path(mappings(), kGeometry);

	std::ranges::fill(pio_, 0xffffffff);
	EXPECT_EQ(path.send(1, 2, "x", 1), 0);
	EXPECT_EQ(pio(0, HCA_PIO_TRIGGER), 1u);
	EXPECT_EQ(pio(0, HCA_PIO_PAYLOAD), uint32_t{'x'});
}

// Generations wrap, so no order between them means anything.
TEST_F(DataPathTest, ABufferIsFreeOnlyWhenItsGenerationIsTheSame)
{
	DataPath path(mappings(), kGeometry);

	for (const uint32_t other : {1u, 0x80000000u, 0xffffffffu}) {
		finish(0, other);
		EXPECT_EQ(path.send(0, 0, nullptr, 0), -EAGAIN) << other;
	}
	finish(0, 0);
	EXPECT_EQ(path.send(0, 0, nullptr, 0), 0);
}

TEST_F(DataPathTest, IsDrainedWhenTheLastBufferIsDone)
{
	DataPath path(mappings(), kGeometry);

	EXPECT_TRUE(path.drained());
	for (uint32_t i = 0; i < 8; ++i)
		path.send(0, i, nullptr, 0);
	for (uint32_t i = 0; i < 8; ++i) {
		EXPECT_FALSE(path.drained());
		finish(i, 1);
	}
	EXPECT_TRUE(path.drained());
}

TEST_F(DataPathTest, ReceivesInOrderAndReleases)
{
	DataPath path(mappings(), kGeometry);

	EXPECT_EQ(path.receive().error(), -EAGAIN);
	EXPECT_EQ(path.release(), -EAGAIN);
	EXPECT_FALSE(path.has_message());

	for (uint32_t k = 0; k < 20; ++k) {
		post(k % 4, k + 1, k % 3, k);

		for (int again = 0; again < 2; ++again) {
			const auto message = path.receive();

			ASSERT_TRUE(message) << k;
			EXPECT_EQ(message->payload, bytes(eager_).data() + k % 3 * HCA_EAGER_BYTES);
			EXPECT_EQ(message->length, k);
			EXPECT_EQ(message->source, 9u);
			EXPECT_EQ(message->tag, 101 + k);
			EXPECT_EQ(message->checksum, 0xfeedu);
		}
		EXPECT_EQ(words(registers_).load(HCA_USER_RCV_HEAD), k);
		EXPECT_EQ(path.release(), 0);
		EXPECT_EQ(words(registers_).load(HCA_USER_RCV_HEAD), k + 1);
		EXPECT_EQ(path.release(), -EAGAIN);
	}
}

TEST_F(DataPathTest, EntryCounterWraps)
{
	DataPath path(mappings(), kGeometry, 0xfffffffe);

	for (uint32_t k = 0xfffffffe; k != 3; ++k) {
		post(k % 4, k + 1, 0, 0);
		ASSERT_TRUE(path.receive()) << k;
		EXPECT_EQ(path.release(), 0);
		EXPECT_EQ(words(registers_).load(HCA_USER_RCV_HEAD), k + 1);
	}
}

TEST_F(DataPathTest, AnEntryThatMakesNoSenseIsNoPointer)
{
	DataPath path(mappings(), kGeometry);

	post(0, 1, 3, 4);
	EXPECT_EQ(path.receive().error(), -EBADMSG);
	post(0, 1, 0xffffffff, 4);
	EXPECT_EQ(path.receive().error(), -EBADMSG);
	post(0, 1, 0, HCA_PAYLOAD_MAX + 1);
	EXPECT_EQ(path.receive().error(), -EBADMSG);
	EXPECT_EQ(path.release(), 0);
	post(1, 2, 0, 4);
	EXPECT_TRUE(path.receive());
}

TEST_F(DataPathTest, StatusStopsSendingButNotWhatArrived)
{
	DataPath path(mappings(), kGeometry);

	post(0, 1, 0, 4);
	words(avail_).store(HCA_AVAIL_STATUS, HCA_STATUS_DEAD);
	EXPECT_EQ(path.status(), HCA_STATUS_DEAD);
	EXPECT_EQ(path.send(0, 0, nullptr, 0), -EIO);
	EXPECT_TRUE(path.receive());
	EXPECT_EQ(path.release(), 0);
	EXPECT_EQ(path.receive().error(), -EIO);

	words(avail_).store(HCA_AVAIL_STATUS, HCA_STATUS_GONE);
	EXPECT_EQ(path.send(0, 0, nullptr, 0), -ENODEV);
	EXPECT_EQ(path.receive().error(), -ENODEV);
}

TEST_F(DataPathTest, CountsRefusals)
{
	DataPath path(mappings(), kGeometry);

	words(avail_).store(HCA_AVAIL_ERROR, HCA_ERR_BAD_DEST);
	words(avail_).store(HCA_AVAIL_ERRORS, 7);
	EXPECT_EQ(path.errors(), 7u);
	EXPECT_EQ(path.last_error(), uint32_t{HCA_ERR_BAD_DEST});
}

} // namespace
} // namespace libhca
