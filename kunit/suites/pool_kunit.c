// SPDX-License-Identifier: GPL-2.0
/* The pool of coherent frames: reuse, interrupts, limits, pressure. */
#include <linux/completion.h>
#include <linux/dma-direct.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/steps.h"
#include "kunit/suites/suite.h"

#define FLOOR_PAGES (CONFIG_DMAMAP_POOL_ATOMIC_KIB / 4)

static u64 free_pages_of_pool(void)
{
	struct dmamap_counts counts;

	dmamap_counts(&counts);
	return counts.frames_in_pool;
}

static void tend_pool(void)
{
	dmamap_machine_tend_later();
	dmamap_pool_settle();
}

/* Pages that it gives back may be enough to ask the worker. */
static void empty_store(void)
{
	dmamap_core_empty();
	dmamap_pool_settle();
}

static void the_second_allocation_flips_nothing(struct kunit *test)
{
	struct dmamap_step_count before[DMAMAP_STEPS], after[DMAMAP_STEPS];
	struct device *dev = suite_device(test);
	u32 id;

	empty_store();
	tend_pool();
	suite_region(test, dev, PAGE_SIZE);
	dmamap_step_counts(before);
	suite_region(test, dev, PAGE_SIZE);
	dmamap_step_counts(after);
	for (id = 0; id < DMAMAP_STEPS; id++)
		KUNIT_EXPECT_EQ_MSG(test, after[id].calls - before[id].calls,
				    id == DMAMAP_STEP_LEND, "%s", dmamap_step_name(id));
	suite_expect_no_alias(test);
}

static void a_region_rests_and_is_used_again(struct kunit *test)
{
	struct dmamap_step_count before[DMAMAP_STEPS], after[DMAMAP_STEPS];
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	struct dmamap_pfn answer;
	void *cpu;
	u64 pfn;
	u32 id;

	empty_store();
	region = dmamap_alloc(dev, SZ_8K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	cpu = dmamap_cpu_addr(region);
	pfn = region->core.pfn;
	memset(cpu, 0x5a, SZ_8K);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, dmamap_core_resting(), 2);
	KUNIT_EXPECT_EQ(test, dmamap_directory_find(pfn, NULL), DMAMAP_KNOWN_HELD);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, PFN_PHYS(pfn), &answer), -ENOENT);
	tend_pool();
	dmamap_step_counts(before);
	region = suite_region(test, dev, SZ_8K - 1);
	dmamap_step_counts(after);
	KUNIT_EXPECT_EQ(test, region->core.pfn, pfn);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(cpu, 0, SZ_8K), NULL);
	for (id = 0; id < DMAMAP_STEPS; id++)
		KUNIT_EXPECT_EQ_MSG(test, after[id].calls - before[id].calls, 0, "%s",
				    dmamap_step_name(id));
	KUNIT_EXPECT_EQ(test, dmamap_core_resting(), 0);
	suite_expect_no_alias(test);
}

/* Returns how many pages rested at a time, at most. */
static u64 put_regions(struct kunit *test, struct device *dev, size_t size, u32 count)
{
	struct dmamap_region **regions = suite_alloc_regions(test, dev, size, count);
	u64 most = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		dmamap_put(IS_ERR(regions[i]) ? NULL : regions[i]);
		most = max(most, dmamap_core_resting());
	}
	kunit_kfree(test, regions);
	return most;
}

/* Pages that the worker gives back make it ask for itself: one of its runs is not enough. */
static void a_settled_pool_stands_still(struct kunit *test)
{
	struct device *dev = suite_device(test);
	u32 round, pages;
	u64 resting;

	for (round = 0; round < 8; round++) {
		for (pages = 1; pages <= 4; pages++)
			put_regions(test, dev, pages * PAGE_SIZE, 64 / pages);
		tend_pool();
		resting = dmamap_core_resting();
		dmamap_pool_settle();
		KUNIT_EXPECT_EQ(test, dmamap_core_resting(), resting);
	}
}

static void what_nobody_wants_rests_no_longer(struct kunit *test)
{
	struct device *dev = suite_device(test);
	u64 all;
	u32 i;

	empty_store();
	tend_pool();
	all = free_pages_of_pool();
	put_regions(test, dev, SZ_4K, 32);
	KUNIT_EXPECT_EQ(test, dmamap_core_resting(), 32);
	KUNIT_EXPECT_GE(test, free_pages_of_pool(), all);
	for (i = 0; i < 8; i++)
		tend_pool();
	KUNIT_EXPECT_EQ(test, dmamap_core_resting(), 0);

	put_regions(test, dev, SZ_4K, 8);
	dmamap_pool_drain();
	KUNIT_EXPECT_EQ(test, dmamap_core_resting(), 0);
}

static void not_too_much_rests(struct kunit *test)
{
	struct device *dev = suite_device(test);
	u64 most = 0;
	u32 round;

	empty_store();
	/* The worker, which they ask, gives some back meanwhile now and then. */
	for (round = 0; round < 100 && most < 64; round++)
		most = max(most, put_regions(test, dev, SZ_4K, 100));
	KUNIT_EXPECT_EQ(test, most, 64);
	KUNIT_EXPECT_LE(test, put_regions(test, dev, SZ_16K, 100), 128);
	KUNIT_EXPECT_LE(test, put_regions(test, dev, 17 * SZ_4K, 1), 128);
}

static void who_cannot_reach_it_lets_it_rest(struct kunit *test)
{
	struct device *near = kunit_device_register(test, "dmamap-near");
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	u64 pfn;

	empty_store();
	region = dmamap_alloc(dev, SZ_4K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	pfn = region->core.pfn;
	dmamap_put(region);
	tend_pool();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, near);
	near->coherent_dma_mask = phys_to_dma(near, PFN_PHYS(pfn)) + SZ_4K - 2;
	region = dmamap_alloc(near, SZ_4K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	if (!IS_ERR(region))
		KUNIT_EXPECT_LT(test, region->core.pfn, pfn);
	dmamap_put(region);
	near->coherent_dma_mask = dev->coherent_dma_mask;
	region = suite_region(test, near, SZ_4K);
	KUNIT_EXPECT_EQ(test, region->core.pfn, pfn);
	KUNIT_EXPECT_PTR_EQ(test, region->dev, near);
}

static void nobody_sees_what_was_there(struct kunit *test)
{
	const u32 pages = dmamap_machine_chunk();
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	u32 i, not_zero = 0;

	/* More than are zero: some come from the worker, some are zeroed when lent. */
	for (i = 0; i < 3 * pages; i++) {
		region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
		KUNIT_ASSERT_FALSE(test, IS_ERR(region));
		not_zero += !!memchr_inv(dmamap_cpu_addr(region), 0, PAGE_SIZE);
		memset(dmamap_cpu_addr(region), 0x5a, PAGE_SIZE);
		dmamap_put(region);
	}
	KUNIT_EXPECT_EQ(test, not_zero, 0);
}

static void the_worker_zeroes_what_nobody_has(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *kept, *region;
	void *cpu;

	dmamap_pool_drain();
	kept = suite_region(test, dev, SZ_4K);	/* and its chunk */
	tend_pool();
	region = dmamap_alloc(dev, SZ_8K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_ASSERT_EQ(test, region->core.chunk, kept->core.chunk);
	cpu = dmamap_cpu_addr(region);
	memset(cpu, 0x5a, SZ_8K);
	dmamap_put(region);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(cpu, 0x5a, SZ_8K), NULL);	/* not by the put */
	tend_pool();
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(cpu, 0, SZ_8K), NULL);
}

static void regions_of_a_chunk_have_frames_of_their_own(struct kunit *test)
{
	static const size_t sizes[] = { SZ_4K, SZ_8K, 3 * SZ_4K, SZ_64K, SZ_4K };
	struct device *dev = suite_device(test);
	struct dmamap_region *regions[ARRAY_SIZE(sizes)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		regions[i] = suite_region(test, dev, sizes[i]);
		memset(dmamap_cpu_addr(regions[i]), i + 1, sizes[i]);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(dmamap_dma_addr(regions[i]),
						   roundup_pow_of_two(sizes[i])));
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(dmamap_cpu_addr(regions[i]), i + 1,
						     sizes[i]), NULL);
}

/* The part that runs in an interrupt, with hard interrupts off. */
struct in_interrupt {
	struct hrtimer timer;
	struct completion done;
	struct device *dev;
	struct dmamap_region *given;	/* from outside, put inside */
	struct dmamap_region *taken;	/* made inside, put outside */
	bool zero;
	long loops;
	long err;
};

static enum hrtimer_restart alloc_and_put(struct hrtimer *timer)
{
	struct in_interrupt *in = container_of(timer, struct in_interrupt, timer);
	struct dmamap_region *region;
	long i;

	dmamap_put(in->given);
	for (i = 0; i < in->loops; i++) {
		region = dmamap_alloc(in->dev, SZ_8K, GFP_ATOMIC, DMAMAP_NO_SNOOP);
		if (IS_ERR(region)) {
			in->err = PTR_ERR(region);
			break;
		}
		in->zero &= !memchr_inv(dmamap_cpu_addr(region), 0, SZ_8K);
		memset(dmamap_cpu_addr(region), 0x5a, SZ_8K);
		dmamap_put(region);
	}
	in->taken = dmamap_alloc(in->dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	complete(&in->done);
	return HRTIMER_NORESTART;
}

static void interrupts_allocate_and_free(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct in_interrupt in = { .dev = dev, .zero = true, .loops = 100 };
	u64 before;

	tend_pool();
	before = free_pages_of_pool();
	in.given = dmamap_alloc(dev, SZ_4K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(in.given));
	init_completion(&in.done);
	hrtimer_init_on_stack(&in.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	in.timer.function = alloc_and_put;
	hrtimer_start(&in.timer, 0, HRTIMER_MODE_REL_HARD);
	wait_for_completion(&in.done);
	hrtimer_cancel(&in.timer);
	destroy_hrtimer_on_stack(&in.timer);

	KUNIT_EXPECT_EQ(test, in.err, 0);
	KUNIT_EXPECT_TRUE(test, in.zero);
	KUNIT_ASSERT_FALSE(test, IS_ERR(in.taken));
	dmamap_put(in.taken);
	dmamap_pool_settle();
	KUNIT_EXPECT_GE(test, free_pages_of_pool(), before);
	suite_expect_no_alias(test);
}

static void an_empty_pool_refuses_and_is_filled(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	static DEFINE_SPINLOCK(lock);

	if (!FLOOR_PAGES)
		kunit_skip(test, "no reserve is configured");
	dmamap_pool_drain();
	spin_lock(&lock);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	spin_unlock(&lock);
	KUNIT_EXPECT_EQ(test, PTR_ERR(region), -ENOMEM);
	dmamap_pool_settle();
	KUNIT_EXPECT_GE(test, free_pages_of_pool(), FLOOR_PAGES);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	dmamap_put(region);
}

static void sleepers_leave_the_reserve(struct kunit *test)
{
	struct device *dev = suite_device(test);
	int i;

	tend_pool();
	for (i = 0; i < 2 * dmamap_machine_chunk() / 16; i++) {
		suite_region(test, dev, SZ_64K);
		KUNIT_ASSERT_GE(test, free_pages_of_pool(), FLOOR_PAGES);
	}
}

static void what_is_too_much_goes_back(struct kunit *test)
{
	const size_t chunks = 2 + CONFIG_DMAMAP_POOL_KIB / 4 / dmamap_machine_chunk();
	const size_t size = dmamap_machine_chunk() * PAGE_SIZE;
	const u64 quarantined = dmamap_quarantined();
	struct device *dev = suite_device(test);
	struct dmamap_region **regions;
	size_t i;

	regions = kunit_kcalloc(test, chunks, sizeof(*regions), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, regions);
	for (i = 0; i < chunks; i++) {
		regions[i] = dmamap_alloc(dev, size, GFP_KERNEL, DMAMAP_NO_SNOOP);
		KUNIT_ASSERT_FALSE(test, IS_ERR(regions[i]));
	}
	for (i = 0; i < chunks; i++)
		dmamap_put(regions[i]);
	dmamap_pool_settle();
	KUNIT_EXPECT_LE(test, free_pages_of_pool(),
			max_t(u64, CONFIG_DMAMAP_POOL_KIB / 4,
			      FLOOR_PAGES + dmamap_machine_chunk()));
	KUNIT_EXPECT_GE(test, free_pages_of_pool(), FLOOR_PAGES);
	KUNIT_EXPECT_EQ(test, dmamap_quarantined(), quarantined);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(the_second_allocation_flips_nothing),
	KUNIT_CASE(a_region_rests_and_is_used_again),
	KUNIT_CASE(a_settled_pool_stands_still),
	KUNIT_CASE(what_nobody_wants_rests_no_longer),
	KUNIT_CASE(not_too_much_rests),
	KUNIT_CASE(who_cannot_reach_it_lets_it_rest),
	KUNIT_CASE(nobody_sees_what_was_there),
	KUNIT_CASE(the_worker_zeroes_what_nobody_has),
	KUNIT_CASE(regions_of_a_chunk_have_frames_of_their_own),
	KUNIT_CASE(interrupts_allocate_and_free),
	KUNIT_CASE(an_empty_pool_refuses_and_is_filled),
	KUNIT_CASE(sleepers_leave_the_reserve),
	KUNIT_CASE(what_is_too_much_goes_back),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "dmamap-pool",
	.test_cases = pool_cases,
};
kunit_test_suite(pool_suite);
