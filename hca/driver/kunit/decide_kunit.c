// SPDX-License-Identifier: GPL-2.0
/* Decisions of the driver on the CPU of the board: contexts, partitions, layout. */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../decide.h"

static void contexts_are_taken_until_none_is_left(struct kunit *test)
{
	struct hca_contexts contexts = { };
	int i;

	for (i = 0; i < HCA_CONTEXTS; i++) {
		KUNIT_EXPECT_EQ(test, hca_contexts_count(&contexts), i);
		KUNIT_EXPECT_EQ(test, hca_contexts_take(&contexts, HCA_ANY_CONTEXT), i);
	}
	KUNIT_EXPECT_EQ(test, hca_contexts_take(&contexts, HCA_ANY_CONTEXT), HCA_REFUSE_NO_SPACE);
	KUNIT_EXPECT_EQ(test, hca_contexts_take(&contexts, 3), HCA_REFUSE_BUSY);
	KUNIT_EXPECT_EQ(test, hca_contexts_take(&contexts, HCA_CONTEXTS), HCA_REFUSE_INVALID);

	/* The lowest that is free, or the one that is asked for. */
	hca_contexts_give(&contexts, 9);
	hca_contexts_give(&contexts, 4);
	hca_contexts_give(&contexts, HCA_ANY_CONTEXT);	/* none */
	KUNIT_EXPECT_EQ(test, hca_contexts_count(&contexts), HCA_CONTEXTS - 2);
	KUNIT_EXPECT_EQ(test, hca_contexts_take(&contexts, 9), 9);
	KUNIT_EXPECT_EQ(test, hca_contexts_take(&contexts, HCA_ANY_CONTEXT), 4);
	for (i = 0; i < HCA_CONTEXTS; i++)
		hca_contexts_give(&contexts, i);
	KUNIT_EXPECT_EQ(test, hca_contexts_count(&contexts), 0);
	KUNIT_EXPECT_EQ(test, contexts.used, 0);
}

static void a_partition_is_ones_own_or_open(struct kunit *test)
{
	static const u32 open[] = { 7, HCA_USER_PARTITION - 1 };
	static const u32 own[] = { HCA_REQUEST_OWN_PARTITION };
	static const u32 foreign[] = { 7, HCA_USER_PARTITION };
	struct hca_partitions partitions = { };
	u32 key = 55;

	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, 0, 1000, &key), 0);
	KUNIT_EXPECT_EQ(test, key, HCA_USER_PARTITION + 1000);
	key = 55;
	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, 7, 0, &key), HCA_REFUSE_ACCESS);
	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, HCA_USER_PARTITION, 0, &key),
			HCA_REFUSE_ACCESS);
	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, 0, HCA_USER_PARTITION, &key),
			HCA_REFUSE_ACCESS);
	KUNIT_EXPECT_EQ(test, key, 55);

	KUNIT_EXPECT_EQ(test, hca_partitions_set(&partitions, open, 2), 0);
	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, open[1], 1000, &key), 0);
	KUNIT_EXPECT_EQ(test, key, open[1]);
	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, 8, 0, &key), HCA_REFUSE_ACCESS);

	/* A user's own partition can't be opened; the open ones stay open. */
	KUNIT_EXPECT_EQ(test, hca_partitions_set(&partitions, own, 1), HCA_REFUSE_INVALID);
	KUNIT_EXPECT_EQ(test, hca_partitions_set(&partitions, foreign, 2), HCA_REFUSE_INVALID);
	KUNIT_EXPECT_EQ(test, hca_partitions_set(&partitions, open, HCA_PARTITIONS + 1),
			HCA_REFUSE_NO_SPACE);
	KUNIT_EXPECT_EQ(test, hca_partition_key(&partitions, 7, 0, &key), 0);
}

/* The bytes of the window that a process maps, of one kind. */
static u32 window_of(struct kunit *test, u32 context, u32 kind, u32 *bytes)
{
	struct hca_plan plan;

	KUNIT_ASSERT_EQ(test, hca_plan_of(context, kind, &plan), 0);
	KUNIT_ASSERT_EQ(test, plan.count, 1);
	*bytes = plan.bytes;
	return plan.segment[0].offset +
	       (kind == HCA_PLAN_PIO ? HCA_PIO(0) : HCA_USER_PAGE(0));
}

static void no_context_maps_what_is_anothers(struct kunit *test)
{
	static const u32 kinds[] = { HCA_PLAN_REGISTERS, HCA_PLAN_PIO };
	struct hca_plan plan;
	u32 i, n, bytes;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		u32 end = window_of(test, 0, kinds[i], &bytes);

		for (n = 0; n < HCA_CONTEXTS; n++) {
			KUNIT_EXPECT_EQ(test, window_of(test, n, kinds[i], &bytes), end);
			KUNIT_EXPECT_EQ(test, bytes % HCA_PAGE_BYTES, 0);
			end += bytes;
		}
		/* Never a control page, an eager table or the end of the window. */
		KUNIT_EXPECT_LE(test, end, kinds[i] == HCA_PLAN_PIO ? HCA_WINDOW_BYTES :
							HCA_CONTROL_PAGE(0));
		KUNIT_EXPECT_EQ(test, hca_plan_of(HCA_CONTEXTS, kinds[i], &plan),
				HCA_REFUSE_INVALID);
	}
	KUNIT_EXPECT_EQ(test, hca_plan_of(0, HCA_PLAN_KINDS, &plan), HCA_REFUSE_INVALID);
	KUNIT_ASSERT_EQ(test, hca_plan_of(0, HCA_PLAN_PIO, &plan), 0);
	KUNIT_EXPECT_EQ(test, plan.access, HCA_PLAN_WRITE);
	KUNIT_ASSERT_EQ(test, hca_plan_of(0, HCA_PLAN_EAGER, &plan), 0);
	KUNIT_EXPECT_EQ(test, plan.access, HCA_PLAN_READ);
}

/* Only the very offset of a kind is one, also above 4 GiB. */
static void offsets_of_64_bits_name_kinds(struct kunit *test)
{
	const u64 eager = (u64)HCA_PLAN_EAGER << HCA_PLAN_OFFSET_SHIFT;

	KUNIT_EXPECT_EQ(test, hca_plan_offset(eager), HCA_PLAN_EAGER);
	KUNIT_EXPECT_EQ(test, hca_plan_offset(eager + 1), HCA_REFUSE_INVALID);
	KUNIT_EXPECT_EQ(test, hca_plan_offset(eager + SZ_4G), HCA_REFUSE_INVALID);
	KUNIT_EXPECT_EQ(test, hca_plan_offset((u64)HCA_PLAN_KINDS << HCA_PLAN_OFFSET_SHIFT),
			HCA_REFUSE_INVALID);
	KUNIT_EXPECT_EQ(test, hca_plan_offset(~0ull), HCA_REFUSE_INVALID);
}

static void bus_addresses_have_64_bits(struct kunit *test)
{
	u64 segments[HCA_EAGER_SEGMENTS];
	u32 i;

	for (i = 0; i < HCA_EAGER_SEGMENTS; i++)
		segments[i] = 0x1fffff000ull + i * SZ_1M;
	for (i = 0; i < HCA_EAGER_BUFFERS; i++)
		KUNIT_EXPECT_EQ(test, hca_eager_address(segments, i),
				segments[i / HCA_EAGER_PER_SEGMENT] +
				i % HCA_EAGER_PER_SEGMENT * HCA_EAGER_BYTES);
}

static void the_queue_is_ready_when_the_chip_says_so(struct kunit *test)
{
	static const u32 heads[] = {
		0, 1, HCA_HEADER_ENTRIES - 1, HCA_HEADER_ENTRIES, 0x01020304, 0x7fffffff,
		0xfffffffe, 0xffffffff,		/* the next entry has number 0 */
	};
	const u32 bytes = hca_source_bytes(HCA_SOURCE_HEADERS);
	u8 *queue = kunit_kzalloc(test, bytes, GFP_KERNEL);
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, queue);
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		u8 *word = queue + heads[i] % HCA_HEADER_ENTRIES * HCA_HDR_BYTES +
			   HCA_HDR_SEQUENCE;

		memset(queue, 0, bytes);
		/* A slot that was never written is entry 0xffffffff. */
		KUNIT_EXPECT_EQ(test, hca_queue_ready(queue, heads[i]), heads[i] == U32_MAX);
		put_unaligned_le32(heads[i] + 1, word);
		KUNIT_EXPECT_EQ(test, hca_queue_ready(queue, heads[i]), 1);
		KUNIT_EXPECT_EQ(test, hca_queue_ready(queue, heads[i] + 1),
				heads[i] + 1 == U32_MAX);
	}
	/* In the other order of bytes it is another number. */
	put_unaligned_be32(2, queue + HCA_HDR_BYTES + HCA_HDR_SEQUENCE);
	KUNIT_EXPECT_EQ(test, hca_queue_ready(queue, 1), 0);
}

static void a_token_is_none_that_was_there(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hca_reset_token(5, 1, 2), 5);
	KUNIT_EXPECT_EQ(test, hca_reset_token(0, 1, 2), 3);
	KUNIT_EXPECT_EQ(test, hca_reset_token(0xffffffff, 0xffffffff, 1), 2);
}

static struct kunit_case decide_cases[] = {
	KUNIT_CASE(contexts_are_taken_until_none_is_left),
	KUNIT_CASE(a_partition_is_ones_own_or_open),
	KUNIT_CASE(no_context_maps_what_is_anothers),
	KUNIT_CASE(offsets_of_64_bits_name_kinds),
	KUNIT_CASE(bus_addresses_have_64_bits),
	KUNIT_CASE(the_queue_is_ready_when_the_chip_says_so),
	KUNIT_CASE(a_token_is_none_that_was_there),
	{}
};

static struct kunit_suite decide_suite = {
	.name = "hca-decide",
	.test_cases = decide_cases,
};
kunit_test_suite(decide_suite);
