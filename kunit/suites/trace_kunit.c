// SPDX-License-Identifier: GPL-2.0
/* Events that no board test can cause. The others are tested in kunit/board/tests. */
#include <linux/irqflags.h>
#include <linux/tracepoint.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/trace.h"
#include "kunit/suites/suite.h"

/* The device that an event named, and how often. */
struct seen {
	const struct device *dev;
	int err;
	int count;
};

static void on_refuse(void *data, struct device *dev, size_t bytes, unsigned int flags, int err)
{
	struct seen *seen = data;

	*seen = (struct seen){ .dev = dev, .err = err, .count = seen->count + 1 };
}

static void on_region(void *data, const struct dmamap_region *region)
{
	struct seen *seen = data;

	*seen = (struct seen){ .dev = region->dev, .count = seen->count + 1 };
}

static void a_refusal_is_an_event(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct seen seen = { };

	if (register_trace_dmamap_refuse(on_refuse, &seen))
		kunit_skip(test, "no tracepoints");
	suite_region(test, dev, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, seen.count, 0);
	dmamap_alloc(dev, 0, GFP_KERNEL, 0);
	unregister_trace_dmamap_refuse(on_refuse, &seen);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, seen.count, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.dev, (const struct device *)dev);
	KUNIT_EXPECT_EQ(test, seen.err, -EINVAL);
}

static void a_revoke_is_an_event(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	struct seen seen = { };

	if (register_trace_dmamap_revoke(on_region, &seen))
		kunit_skip(test, "no tracepoints");
	dmamap_revoke(region, DMAMAP_AFTER_SIGBUS);
	unregister_trace_dmamap_revoke(on_region, &seen);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, seen.count, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.dev, (const struct device *)dev);
}

/* Flips that the test itself made; the pool's worker may make others. */
struct flips {
	const struct task_struct *task;
	u64 coherent;
	u64 cached;
	int count;
};

static void on_flip(void *data, bool coherent, u64 pfn, u64 pages, u64 start)
{
	struct flips *flips = data;

	if (current != flips->task)
		return;
	*(coherent ? &flips->coherent : &flips->cached) += pages;
	flips->count++;
}

static void stop_flips(void *flips)
{
	unregister_trace_dmamap_flip(on_flip, flips);
	tracepoint_synchronize_unregister();
}

static void a_flip_is_an_event_and_reuse_is_none(struct kunit *test)
{
	const u64 chunk = dmamap_machine_chunk();
	struct device *dev = suite_device(test);
	static struct flips flips;	/* outlives a test that stops early */
	struct dmamap_region *region;

	dmamap_pool_drain();
	flips = (struct flips){ .task = current };
	if (register_trace_dmamap_flip(on_flip, &flips))
		kunit_skip(test, "no tracepoints");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_flips, &flips), 0);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_EXPECT_EQ(test, flips.coherent, chunk);
	dmamap_put(region);
	dmamap_put(dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP));
	KUNIT_EXPECT_EQ(test, flips.count, 1);
	dmamap_pool_drain();
	KUNIT_EXPECT_EQ(test, flips.cached, chunk);

	/* Larger than a chunk: flips for itself, in whole units. */
	region = dmamap_alloc(dev, (chunk + 1) * PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_GT(test, flips.coherent, 2 * chunk);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, flips.coherent, flips.cached);
	KUNIT_EXPECT_EQ(test, flips.count, 4);
	kunit_release_action(test, stop_flips, &flips);
}

static void regions_of_interrupts_are_events(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	struct seen allocated = { }, freed = { };
	unsigned long flags;

	dmamap_machine_tend_later();
	dmamap_pool_settle();
	if (register_trace_dmamap_alloc(on_region, &allocated))
		kunit_skip(test, "no tracepoints");
	KUNIT_EXPECT_EQ(test, register_trace_dmamap_free(on_region, &freed), 0);
	local_irq_save(flags);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	dmamap_put(region);
	local_irq_restore(flags);
	unregister_trace_dmamap_alloc(on_region, &allocated);
	unregister_trace_dmamap_free(on_region, &freed);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, allocated.count, !IS_ERR(region));
	KUNIT_EXPECT_EQ(test, freed.count, !IS_ERR(region));
	/* Without a reserve there may be nothing. */
	KUNIT_EXPECT_TRUE(test, !IS_ERR(region) || !CONFIG_DMAMAP_POOL_ATOMIC_KIB);
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(a_refusal_is_an_event),
	KUNIT_CASE(a_revoke_is_an_event),
	KUNIT_CASE(a_flip_is_an_event_and_reuse_is_none),
	KUNIT_CASE(regions_of_interrupts_are_events),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "dmamap-trace",
	.test_cases = trace_cases,
};
kunit_test_suite(trace_suite);
