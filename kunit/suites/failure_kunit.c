// SPDX-License-Identifier: GPL-2.0
/*
 * Every primitive that can fail does, one after another, and then two of them:
 * all is as before, or the frames are in quarantine and counted.
 */
#include <linux/dma-map-ops.h>
#include <linux/sizes.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/steps.h"
#include "kunit/suites/suite.h"

/* More than any operation has. */
#define MOST 2000

struct state {
	struct dmamap_counts counts;
	u64 quarantined;
};

static struct state state_now(void)
{
	struct state state;

	dmamap_pool_drain();
	dmamap_counts(&state.counts);
	state.quarantined = dmamap_quarantined();
	return state;
}

static void expect_undone(struct kunit *test, const struct state *before, u32 nth)
{
	const struct state after = state_now();

	KUNIT_EXPECT_EQ_MSG(test, after.quarantined, before->quarantined, "failure %u", nth);
	KUNIT_EXPECT_EQ_MSG(test, after.counts.regions, before->counts.regions, "failure %u", nth);
	KUNIT_EXPECT_EQ_MSG(test, after.counts.frames_coherent, before->counts.frames_coherent,
			    "failure %u", nth);
}

struct operation {
	const char *what;
	struct dmamap_region *(*make)(struct device *dev);
	bool falls_back;	/* a failure may be got round */
};

static struct dmamap_region *from_pool(struct device *dev)
{
	return dmamap_alloc(dev, SZ_8K, GFP_KERNEL, DMAMAP_NO_SNOOP);
}

static struct dmamap_region *of_its_own(struct device *dev)
{
	return dmamap_alloc(dev, (dmamap_machine_chunk() + 1) * PAGE_SIZE, GFP_KERNEL,
			    DMAMAP_NO_SNOOP);
}

static struct dmamap_region *of_snooping(struct device *dev)
{
	struct dmamap_region *region;

	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, SZ_16K, GFP_KERNEL, 0);
	suite_set_snooping(dev, false);
	return region;
}

static const struct operation operations[] = {
	{ "region out of the pool", from_pool, true },
	{ "region of its own", of_its_own, false },
	{ "region of a snooping device", of_snooping, false },
};

KUNIT_ARRAY_PARAM_DESC(operation, operations, what);

static void a_failed_allocation_leaves_nothing(struct kunit *test)
{
	const struct operation *operation = test->param_value;
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	u32 nth, failures;

	for (nth = 1; nth < MOST; nth++) {
		struct dmamap_region *region;

		dmamap_fail_nth(nth, 0);
		region = operation->make(dev);
		failures = dmamap_fail_nth(0, 0);
		if (!failures) {
			KUNIT_EXPECT_FALSE(test, IS_ERR(region));
		} else if (!operation->falls_back) {
			KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(region), -ENOMEM, "failure %u", nth);
		}
		if (!IS_ERR(region))
			dmamap_put(region);
		expect_undone(test, &before, nth);
		if (!failures)
			break;
	}
	KUNIT_EXPECT_GT(test, nth, 3);
	KUNIT_EXPECT_LT(test, nth, MOST);
	suite_expect_no_alias(test);
}

/* The undo of a failed allocation fails, too: only a strategy that edits can. */
static void a_failed_undo_ends_in_quarantine(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	const u64 unit = dmamap_machine_unit();
	struct dmamap_region *region;
	struct state after;
	u64 frames;

	region = of_its_own(dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	frames = round_up(region->core.pages, unit);
	dmamap_fail_nth(1, 1);	/* reopen, and closing what was reopened */
	dmamap_put(region);
	if (!dmamap_fail_nth(0, 0)) {
		expect_undone(test, &before, 0);
		kunit_skip(test, "the way back has no step that can fail on this board");
	}
	after = state_now();
	KUNIT_EXPECT_EQ(test, after.quarantined, before.quarantined + frames);
	KUNIT_EXPECT_EQ(test, after.counts.regions, before.counts.regions);
	KUNIT_EXPECT_EQ(test, after.counts.frames_coherent, before.counts.frames_coherent);
}

static struct kunit_case failure_cases[] = {
	KUNIT_CASE_PARAM(a_failed_allocation_leaves_nothing, operation_gen_params),
	KUNIT_CASE(a_failed_undo_ends_in_quarantine),
	{}
};

static struct kunit_suite failure_suite = {
	.name = "dmamap-failure",
	.test_cases = failure_cases,
};
kunit_test_suite(failure_suite);
