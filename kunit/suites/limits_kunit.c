// SPDX-License-Identifier: GPL-2.0
/* What an allocation may ask for, and what a caller may not wait for. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "dma/abi/machine.h"

#include "kunit/suites/suite.h"

/* More than the buddy allocator has in one piece, with whatever node a device names. */
static void large_memory_of_any_node(struct kunit *test)
{
	static const struct {
		int node;
		unsigned int flags;
	} cases[] = {
		{ NUMA_NO_NODE, 0 },
		{ NUMA_NO_NODE, DMAMAP_NO_SNOOP },
		{ 0, 0 },
		{ 0, DMAMAP_NO_SNOOP },
		{ MAX_NUMNODES - 1, 0 }, /* not there, on a machine with NUMA */
		{ MAX_NUMNODES - 1, DMAMAP_NO_SNOOP },
	};
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_dev_node(dev, cases[i].node);
		region = dmamap_alloc(dev, SZ_8M, GFP_KERNEL, cases[i].flags);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(region), 0, "case %zu", i);
		dmamap_put(region);
		dmamap_regions_settle();
	}
}

/*
 * What the buddy allocator does not have in one piece takes a move of pages, which waits
 * for their writeback: nothing for a caller that such writeback waits for, by its flags or
 * by its scope.
 */
static void callers_that_io_waits_for_move_nothing(struct kunit *test)
{
	static const gfp_t without[] = { GFP_NOIO, GFP_NOFS };
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	unsigned int scope;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(without); i++) {
		region = dmamap_alloc(dev, SZ_8M, without[i], DMAMAP_NO_SNOOP);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(region), -ENOMEM, "flags %zu", i);
		dmamap_put(region);

		scope = without[i] == GFP_NOIO ? memalloc_noio_save() : memalloc_nofs_save();
		region = dmamap_alloc(dev, SZ_8M, GFP_KERNEL, DMAMAP_NO_SNOOP);
		memalloc_flags_restore(scope);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(region), -ENOMEM, "scope %zu", i);
		dmamap_put(region);
		dmamap_regions_settle();
	}
	/* The flags of this task are as they were. */
	region = dmamap_alloc(dev, SZ_8M, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), 0);
	dmamap_put(region);
}

/* Small memory is there for them on every board: in the worst case out of the reserve. */
static void callers_that_io_waits_for_get_small_memory(struct kunit *test)
{
	static const gfp_t without[] = { GFP_NOIO, GFP_NOFS };
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	size_t i;

	if (!CONFIG_DMAMAP_POOL_ATOMIC_KIB)
		kunit_skip(test, "no reserve is configured");
	for (i = 0; i < ARRAY_SIZE(without); i++) {
		dmamap_pool_drain();
		dmamap_machine_tend_later(); /* fills the reserve */
		dmamap_pool_settle();
		/* All that is above the reserve. */
		while (dmamap_core_pool_free() > CONFIG_DMAMAP_POOL_ATOMIC_KIB / 4)
			suite_region(test, dev, PAGE_SIZE);
		region = dmamap_alloc(dev, SZ_8K, without[i], DMAMAP_NO_SNOOP);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(region), 0, "flags %zu", i);
		dmamap_put(region);
	}
	suite_expect_no_alias(test);
}

/* Odd sizes between them, and some that stay, so that none is aligned by chance. */
static void regions_are_aligned_to_their_size(struct kunit *test)
{
	static const u32 pages[] = { 1,	 3,  2,	 5,  4,	  7,   8,   16,	 11,  16,
				     15, 32, 64, 33, 128, 256, 257, 512, 1024, 2048 };
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	u64 bytes;
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(pages); i++) {
		bytes = (u64)pages[i / 2] << PAGE_SHIFT;
		suite_set_snooping(dev, true);
		region = dmamap_alloc(dev, bytes, GFP_KERNEL, i % 2 ? 0 : DMAMAP_NO_SNOOP);
		suite_set_snooping(dev, false);
		KUNIT_ASSERT_EQ_MSG(test, PTR_ERR_OR_ZERO(region), 0, "%u pages", pages[i / 2]);
		bytes = min_t(u64, roundup_pow_of_two(bytes), DMAMAP_ALIGNED_BYTES);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED(PFN_PHYS(region->core.pfn), bytes),
				      "%u pages at pfn %#llx", pages[i / 2], region->core.pfn);
		if (i % 3 == 2)
			dmamap_put(region);
		else
			KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, suite_put_region,
									region), 0);
	}
}

/*
 * Twice as many frames would be taken, and be missing, if the size became a power of two.
 * Not more is asked for, because holes, contiguous memory and nodes divide what there is.
 */
static void a_size_is_not_rounded_up_to_a_power_of_two(struct kunit *test)
{
	const u64 lowmem = totalram_pages() - totalhigh_pages();
	const u64 pages = min_t(u64, rounddown_pow_of_two(lowmem) / 4, SZ_64M >> PAGE_SHIFT) + 1;
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	u64 free;

	dmamap_pool_drain();
	free = nr_free_pages();
	if (pages + lowmem / 16 > min(lowmem, free))
		kunit_skip(test, "%llu of %llu pages are free", free, lowmem);
	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, pages << PAGE_SHIFT, GFP_KERNEL, 0);
	suite_set_snooping(dev, false);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), 0);
	/* What was more than these pages never left the page allocator, or is back. */
	KUNIT_EXPECT_LT(test, free - nr_free_pages(), pages + lowmem / 64);
	dmamap_put(region);
}

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(large_memory_of_any_node),
	KUNIT_CASE(callers_that_io_waits_for_move_nothing),
	KUNIT_CASE(callers_that_io_waits_for_get_small_memory),
	KUNIT_CASE(regions_are_aligned_to_their_size),
	KUNIT_CASE(a_size_is_not_rounded_up_to_a_power_of_two),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "dmamap-limits",
	.test_cases = limits_cases,
};
kunit_test_suite(limits_suite);
