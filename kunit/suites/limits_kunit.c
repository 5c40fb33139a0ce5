// SPDX-License-Identifier: GPL-2.0
/* What an allocation may ask for, and what a caller may not wait for. */
#include <linux/numa.h>
#include <linux/sizes.h>

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

static struct kunit_case limits_cases[] = {
	KUNIT_CASE(large_memory_of_any_node),
	{}
};

static struct kunit_suite limits_suite = {
	.name = "dmamap-limits",
	.test_cases = limits_cases,
};
kunit_test_suite(limits_suite);
