// SPDX-License-Identifier: GPL-2.0
/* What an allocation may ask for, and what a caller may not wait for. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>

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

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(large_memory_of_any_node),
	KUNIT_CASE(callers_that_io_waits_for_move_nothing),
	KUNIT_CASE(callers_that_io_waits_for_get_small_memory),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "dmamap-limits",
	.test_cases = limits_cases,
};
kunit_test_suite(limits_suite);
