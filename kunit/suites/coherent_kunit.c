// SPDX-License-Identifier: GPL-2.0
/* Coherent memory as drivers in C++ have it: what is in it, and when it goes. */
#include <linux/slab.h>

#include "kunit/suites/coherent_steps.h"
#include "kunit/suites/suite.h"

#define ENTRIES		300	/* of 24 bytes: more than a page */

/* The memory that coherent_steps_write() writes to, as C sees it. */
struct entry {
	__le64 buffer;
	__be32 length;
	__le16 tags[2];
	u32 count;
	__le32 flags;
};

static struct coherent_steps *steps_storage(struct kunit *test)
{
	struct coherent_steps *steps = kunit_kzalloc(test, coherent_steps_bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, steps);
	return steps;
}

static void end_steps(void *steps)
{
	coherent_steps_end(steps);
}

static struct coherent_steps *steps_alloc(struct kunit *test, struct device *dev)
{
	struct coherent_steps *steps = steps_storage(test);

	KUNIT_ASSERT_EQ(test, coherent_steps_alloc(steps, dev, ENTRIES, 0, "cxx"), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_steps, steps), 0);
	return steps;
}

static void fields_are_where_c_has_them(struct kunit *test)
{
	struct coherent_steps *steps = steps_alloc(test, suite_device(test));
	const struct entry *entries = dmamap_cpu_addr(coherent_steps_region(steps));
	const struct entry *entry = &entries[ENTRIES - 1];

	coherent_steps_write(steps, ENTRIES - 1, 0x0102030405060708, 0x11223344, 0x5566, 0x99aabbcc,
			     0xddeeff01);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(entry->buffer), 0x0102030405060708);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(entry->length), 0x11223344);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(entry->tags[0]), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(entry->tags[1]), 0x5566);
	KUNIT_EXPECT_EQ(test, entry->count, 0x99aabbcc);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(entry->flags), 0xddeeff01);
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(entries, 0, (ENTRIES - 1) * sizeof(*entries)),
			      "the others are zero");
}

static void reads_what_a_device_wrote(struct kunit *test)
{
	struct coherent_steps *steps = steps_alloc(test, suite_device(test));
	struct entry *entries = dmamap_cpu_addr(coherent_steps_region(steps));

	entries[7].buffer = cpu_to_le64(0xfedcba9876543210);
	entries[7].length = cpu_to_be32(1500);
	entries[7].tags[1] = cpu_to_le16(0x1234);
	entries[7].count = 77;
	entries[7].flags = cpu_to_le32(0x80000001);
	KUNIT_EXPECT_TRUE(test, coherent_steps_reads(steps, 7, 0xfedcba9876543210, 1500, 0x1234, 77,
						     0x80000001));
	KUNIT_EXPECT_TRUE(test, coherent_steps_reads(steps, 8, 0, 0, 0, 0, 0));
}

static void addresses_are_the_region_s(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct coherent_steps *steps = steps_alloc(test, dev);
	struct dmamap_region *region = coherent_steps_region(steps);
	const size_t last = (ENTRIES - 1) * sizeof(struct entry);
	struct dmamap_pfn answer;
	unsigned long long pfn = 0;
	unsigned int behind = ~0;

	KUNIT_EXPECT_EQ(test, dmamap_size(region), PAGE_ALIGN(ENTRIES * sizeof(struct entry)));
	KUNIT_EXPECT_STREQ(test, region->name, "cxx");
	KUNIT_EXPECT_EQ(test, coherent_steps_bus(steps, ENTRIES - 1),
			(u64)dmamap_dma_addr(region) + last);
	KUNIT_EXPECT_EQ(test, coherent_steps_frame(steps, ENTRIES - 1, &pfn, &behind), 0);
	KUNIT_ASSERT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region) + last,
					     dmamap_dma_addr(region) + last, &answer), 0);
	KUNIT_EXPECT_EQ(test, pfn, answer.pfn);
	KUNIT_EXPECT_EQ(test, behind, answer.behind);
	KUNIT_EXPECT_EQ(test, behind, DMAMAP_BEHIND_RESERVED);
}

static void memory_goes_with_the_object(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct coherent_steps *steps = steps_storage(test);
	struct dmamap_counts before, during, after;
	u64 bus;

	dmamap_counts(&before);
	KUNIT_ASSERT_EQ(test, coherent_steps_alloc(steps, dev, ENTRIES, 1, NULL), 0);
	coherent_steps_write(steps, 3, 1, 2, 3, 4, 5);
	bus = coherent_steps_bus(steps, 3);
	KUNIT_EXPECT_EQ(test, coherent_steps_hand_over(steps, 3), bus);
	KUNIT_EXPECT_TRUE_MSG(test, coherent_steps_reads(steps, 3, 1, 2, 3, 4, 5),
			      "nothing is lost on the way");
	dmamap_counts(&during);
	KUNIT_EXPECT_EQ(test, during.regions, before.regions + 1);
	coherent_steps_end(steps);
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.regions, before.regions);
	suite_expect_no_alias(test);
}

static void refusals_are_errnos(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct coherent_steps *steps = steps_storage(test);

	KUNIT_EXPECT_EQ(test, coherent_steps_alloc(steps, NULL, 1, 0, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, coherent_steps_alloc(steps, dev, 0, 0, NULL), -EINVAL);
	KUNIT_EXPECT_EQ_MSG(test, coherent_steps_alloc(steps, dev, SIZE_MAX / 16, 0, NULL),
			    -EOVERFLOW, "count times size wraps");
	KUNIT_EXPECT_EQ_MSG(test, coherent_steps_alloc(steps, dev, SIZE_MAX / 24, 0, NULL),
			    -EOVERFLOW, "whole pages wrap");
	dev->coherent_dma_mask = DMA_BIT_MASK(12);
	KUNIT_EXPECT_EQ(test, coherent_steps_alloc(steps, dev, SZ_64K, 0, NULL), -EIO);
}

static struct kunit_case coherent_cases[] = {
	KUNIT_CASE(fields_are_where_c_has_them),
	KUNIT_CASE(reads_what_a_device_wrote),
	KUNIT_CASE(addresses_are_the_region_s),
	KUNIT_CASE(memory_goes_with_the_object),
	KUNIT_CASE(refusals_are_errnos),
	{}
};

static struct kunit_suite coherent_suite = {
	.name = "dmamap-coherent",
	.test_cases = coherent_cases,
};
kunit_test_suite(coherent_suite);
