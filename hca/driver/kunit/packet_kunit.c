// SPDX-License-Identifier: GPL-2.0
/*
 * Packets and queues as the library writes and reads them, on the CPU of the board:
 * the chip's side is played in the kernel's own words for byte order.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "packet_steps.h"

#define SOURCE	HCA_ADDRESS(2u, 5u)

struct packet_board {
	struct packet_memory *memory;
	struct packet_path *path;
	u32 entry;	/* that the chip delivers next */
};

static void start(struct kunit *test, struct packet_board *board, u32 first)
{
	board->memory = kunit_kzalloc(test, sizeof(*board->memory), GFP_KERNEL);
	board->path = kunit_kzalloc(test, packet_path_bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, board->memory);
	KUNIT_ASSERT_NOT_NULL(test, board->path);
	board->entry = first;
	packet_path_make(board->path, board->memory, first);
}

static u8 *pio(struct packet_board *board, u32 buffer)
{
	return board->memory->pio + buffer * HCA_PIO_BYTES;
}

/* The chip has sent what is in the buffer. */
static void finish(struct packet_board *board, u32 buffer)
{
	memcpy(board->memory->avail + HCA_AVAIL_DONE(buffer),
	       pio(board, buffer) + HCA_PIO_TRIGGER, 4);
}

/* The chip delivers a message whose payload is its tag's low bytes. */
static void deliver(struct packet_board *board, u32 tag, u32 length)
{
	u8 *header = board->memory->headers +
		     board->entry % PACKET_ENTRIES * HCA_HDR_BYTES;
	u32 eager = board->entry % PACKET_EAGER;

	memset(board->memory->eager + eager * HCA_EAGER_BYTES, tag, length);
	put_unaligned_le32(SOURCE, header + HCA_HDR_SOURCE);
	put_unaligned_le32(length, header + HCA_HDR_LENGTH);
	put_unaligned_le32(eager, header + HCA_HDR_EAGER);
	put_unaligned_le32(tag, header + HCA_HDR_TAG);
	put_unaligned_le32(~tag, header + HCA_HDR_CHECKSUM);
	put_unaligned_le32(++board->entry, header + HCA_HDR_SEQUENCE);
}

static u32 head(struct packet_board *board)
{
	return get_unaligned_le32(board->memory->registers + HCA_USER_RCV_HEAD);
}

static void words_of_a_packet_are_little_endian(struct kunit *test)
{
	static const u8 header[] = {
		0x0b, 0x00, 0x0a, 0x00,		/* node 10, context 11 */
		0x07, 0x00, 0x00, 0x00,		/* bytes */
		0x78, 0x56, 0x34, 0x12,		/* tag */
	};
	static const u8 payload[] = { 1, 2, 3, 4, 5, 6, 7, 0, 0 };
	static const u8 trigger[] = { 1, 0, 0, 0 };
	struct packet_board board;

	start(test, &board, 0);
	memset(board.memory->pio, 0xff, sizeof(board.memory->pio));
	pio(&board, 0)[HCA_PIO_PAYLOAD + 8] = 0;
	KUNIT_ASSERT_EQ(test, packet_send(board.path, HCA_ADDRESS(10u, 11u), 0x12345678,
					  payload, 7), 0);
	KUNIT_EXPECT_MEMEQ(test, pio(&board, 0), header, sizeof(header));
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(pio(&board, 0) + HCA_PIO_CHECKSUM),
			packet_crc32c(payload, 7));
	/* In order, the last word filled up with zeroes, and nothing behind it. */
	KUNIT_EXPECT_MEMEQ(test, pio(&board, 0) + HCA_PIO_PAYLOAD, payload, sizeof(payload));
	KUNIT_EXPECT_EQ(test, pio(&board, 0)[HCA_PIO_PAYLOAD + 9], 0xff);
	KUNIT_EXPECT_MEMEQ(test, pio(&board, 0) + HCA_PIO_TRIGGER, trigger, sizeof(trigger));
}

/* RFC 3720, B.4, and the usual check value; wherever the bytes lie. */
static void checksums_are_crc32c(struct kunit *test)
{
	static const char text[] = "123456789";
	u8 bytes[48];
	u32 i;

	for (i = 0; i < 8; i++) {
		memcpy(bytes + i, text, 9);
		KUNIT_EXPECT_EQ(test, packet_crc32c(bytes + i, 9), 0xe3069283);
	}
	memset(bytes, 0xff, 32);
	KUNIT_EXPECT_EQ(test, packet_crc32c(bytes, 32), 0x62a8ab43);
	KUNIT_EXPECT_EQ(test, packet_crc32c(bytes, 0), 0);
}

static void a_full_ring_of_buffers_holds_up(struct kunit *test)
{
	struct packet_board board;
	u32 i, lap;

	start(test, &board, 0);
	for (lap = 1; lap <= 3; lap++) {
		for (i = 0; i < HCA_PIO_BUFFERS; i++) {
			KUNIT_EXPECT_EQ(test, packet_send(board.path, 0, i, NULL, 0), 0);
			KUNIT_EXPECT_EQ(test, get_unaligned_le32(pio(&board, i) +
								 HCA_PIO_TRIGGER), lap);
			KUNIT_EXPECT_EQ(test, get_unaligned_le32(pio(&board, i) +
								 HCA_PIO_TAG), i);
		}
		KUNIT_EXPECT_EQ(test, packet_send(board.path, 0, 0, NULL, 0), -EAGAIN);
		/* Another one than the next is no room. */
		finish(&board, 1);
		KUNIT_EXPECT_EQ(test, packet_send(board.path, 0, 0, NULL, 0), -EAGAIN);
		for (i = 0; i < HCA_PIO_BUFFERS; i++)
			finish(&board, i);
	}
	KUNIT_EXPECT_EQ(test, packet_send(board.path, 0, 0, board.memory, HCA_PAYLOAD_MAX + 1),
			-EMSGSIZE);
	KUNIT_EXPECT_EQ(test, packet_send(board.path, 0, 0, NULL, 1), -EINVAL);
}

/* Queue, eager buffers and the 32 bits of the counter, each round several times. */
static void entries_wrap(struct kunit *test)
{
	const u32 first = 0 - 3 * PACKET_ENTRIES;
	struct packet_message message;
	struct packet_board board;
	u32 i;

	start(test, &board, first);
	for (i = 0; i < 6 * PACKET_ENTRIES; i++) {
		KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), -EAGAIN);
		deliver(&board, 0x01020300 + i, i);
		KUNIT_ASSERT_EQ(test, packet_receive(board.path, &message), 0);
		KUNIT_EXPECT_EQ(test, message.source, SOURCE);
		KUNIT_EXPECT_EQ(test, message.length, i);
		KUNIT_EXPECT_EQ(test, message.tag, 0x01020300 + i);
		KUNIT_EXPECT_EQ(test, message.checksum, ~(0x01020300 + i));
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(message.payload, i, i), NULL);
		KUNIT_EXPECT_EQ(test, packet_release(board.path), 0);
		KUNIT_EXPECT_EQ(test, head(&board), first + i + 1);
		KUNIT_EXPECT_EQ(test, packet_release(board.path), -EAGAIN);
	}
	KUNIT_EXPECT_EQ(test, head(&board), 3 * PACKET_ENTRIES);
}

/* The queue is writable: what a stray store leaves there leads nowhere. */
static void a_spoilt_entry_is_no_message(struct kunit *test)
{
	struct packet_message message;
	struct packet_board board;
	u8 *header;

	start(test, &board, 0);
	header = board.memory->headers;
	deliver(&board, 1, HCA_PAYLOAD_MAX);
	KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), 0);
	put_unaligned_le32(HCA_PAYLOAD_MAX + 1, header + HCA_HDR_LENGTH);
	KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), -EBADMSG);
	put_unaligned_le32(8, header + HCA_HDR_LENGTH);
	put_unaligned_le32(PACKET_EAGER, header + HCA_HDR_EAGER);
	KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), -EBADMSG);
	/* A number that is right only to a reader that doesn't swap bytes. */
	put_unaligned_be32(1, header + HCA_HDR_SEQUENCE);
	KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), -EAGAIN);
}

static void the_state_of_the_chip_is_told(struct kunit *test)
{
	static const struct {
		u32 status;
		int error;
	} cases[] = {
		{ HCA_STATUS_DEAD, -EIO },
		{ HCA_STATUS_GONE, -ENODEV },
		{ HCA_STATUS_RESET, -ECONNRESET },
		{ 77, -EIO },
	};
	struct packet_message message;
	struct packet_board board;
	size_t i;

	start(test, &board, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put_unaligned_le32(cases[i].status, board.memory->avail + HCA_AVAIL_STATUS);
		KUNIT_EXPECT_EQ(test, packet_send(board.path, 0, 0, NULL, 0), cases[i].error);
		KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), cases[i].error);
	}
	/* A message that had arrived can still be received. */
	deliver(&board, 1, 8);
	KUNIT_EXPECT_EQ(test, packet_receive(board.path, &message), 0);
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE(words_of_a_packet_are_little_endian),
	KUNIT_CASE(checksums_are_crc32c),
	KUNIT_CASE(a_full_ring_of_buffers_holds_up),
	KUNIT_CASE(entries_wrap),
	KUNIT_CASE(a_spoilt_entry_is_no_message),
	KUNIT_CASE(the_state_of_the_chip_is_told),
	{}
};

static struct kunit_suite packet_suite = {
	.name = "hca-packet",
	.test_cases = packet_cases,
};
kunit_test_suite(packet_suite);
