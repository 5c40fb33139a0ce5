// SPDX-License-Identifier: GPL-2.0
/* The tagged answer of the interface to what is behind an address. */
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"

static void a_flipped_frame_is_a_pfn(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, SZ_16K);
	void *cpu = dmamap_cpu_addr(region);
	dma_addr_t dma = dmamap_dma_addr(region);
	struct dmamap_pfn first, last;

	KUNIT_ASSERT_EQ(test, dma_map_to_pfn(dev, cpu, dma, &first), 0);
	KUNIT_EXPECT_EQ(test, first.behind, DMAMAP_BEHIND_RESERVED);
	KUNIT_EXPECT_EQ(test, (u64)first.pfn, region->core.pfn);
	KUNIT_ASSERT_EQ(test, dma_map_to_pfn(dev, cpu + SZ_16K - 1, dma + SZ_16K - 1, &last), 0);
	KUNIT_EXPECT_EQ(test, last.pfn, first.pfn + 3);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dma_map_to_page(dev, cpu, dma)), -EFAULT);
}

static void the_protection_is_not_cacheable(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	struct dmamap_pfn answer;

	KUNIT_ASSERT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region),
					     dmamap_dma_addr(region), &answer), 0);
	KUNIT_EXPECT_FALSE(test, dmamap_arch_pte_cacheable(pfn_pte(answer.pfn, answer.prot)));
	KUNIT_EXPECT_TRUE(test, dmamap_arch_pte_cacheable(pfn_pte(answer.pfn, PAGE_SHARED)));
}

static void views_that_disagree_are_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *a = suite_region(test, dev, SZ_8K);
	struct dmamap_region *b = suite_region(test, dev, SZ_8K);
	struct dmamap_pfn answer = { .pfn = 42 };

	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(a), dmamap_dma_addr(b),
					     &answer), -EINVAL);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(a) + 1, dmamap_dma_addr(a),
					     &answer), -EINVAL);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(NULL, dmamap_cpu_addr(a), dmamap_dma_addr(a),
					     &answer), -EINVAL);
	/* An error leaves the caller's answer alone. */
	KUNIT_EXPECT_EQ(test, answer.pfn, 42);
}

static void a_region_of_another_device_is_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	struct device *other = kunit_device_register(test, "dmamap-other");
	struct dmamap_pfn answer;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(other, dmamap_cpu_addr(region),
					     dmamap_dma_addr(region), &answer), -EINVAL);
}

static void a_region_is_forgotten_when_it_is_put(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	struct dmamap_pfn answer;
	dma_addr_t dma;
	void *cpu;

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	cpu = dmamap_cpu_addr(region);
	dma = dmamap_dma_addr(region);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, dma, &answer), 0);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, dma, &answer), -ENOENT);
}

static void tend_pool(void)
{
	dmamap_machine_tend_later();
	dmamap_pool_settle();
}

/* A thread that resolves one address again and again. */
struct asker {
	struct device *dev;
	void *cpu;
	dma_addr_t dma;
	unsigned long pfn;
	u32 answers;
	u32 wrong;	/* another frame, or an error that can't be */
};

static int ask(void *data)
{
	struct asker *asker = data;
	struct dmamap_pfn answer;
	u32 page, at;
	int err;

	for (page = 0; !kthread_should_stop(); page = (page + 1) % (SZ_64K >> PAGE_SHIFT)) {
		at = page << PAGE_SHIFT;
		err = dma_map_to_pfn(asker->dev, asker->cpu + at, asker->dma + at, &answer);
		asker->answers += !err;
		asker->wrong += err ? err != -ENOENT : answer.pfn != asker->pfn + page;
		if (!page)
			schedule();
	}
	return 0;
}

/* The memory of a region that ends is the next one's at once. */
static void frames_that_change_hands_are_not_mixed_up(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct asker asker = { .dev = dev };
	struct dmamap_region *regions[4], *first;
	struct task_struct *task;
	u32 round, i;

	dmamap_core_empty();
	tend_pool();	/* then the first pages come first */
	first = suite_region(test, dev, SZ_64K);
	asker.cpu = dmamap_cpu_addr(first);
	asker.dma = dmamap_dma_addr(first);
	asker.pfn = first->core.pfn;
	kunit_release_action(test, suite_put_region, first);
	dmamap_core_empty();
	task = kthread_run(ask, &asker, "dmamap-asker");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (round = 0; round < 2000; round++) {
		for (i = 0; i < ARRAY_SIZE(regions); i++)
			regions[i] = dmamap_alloc(dev, (round + i) % 2 ? SZ_4K : SZ_8K,
						  GFP_KERNEL, DMAMAP_NO_SNOOP);
		schedule();
		for (i = 0; i < ARRAY_SIZE(regions); i++)
			dmamap_put(regions[i]);
		if (round % 2)
			dmamap_core_empty();	/* the frames are another's the next time */
		tend_pool();
	}
	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, asker.wrong, 0);
	KUNIT_EXPECT_GT(test, asker.answers, 0);
}

static void a_snooping_device_gets_pages(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	struct dmamap_pfn answer;
	struct page *page;

	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, SZ_8K, GFP_KERNEL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_STREQ(test, dmamap_strategy(region), "snooped");
	page = dma_map_to_page(dev, dmamap_cpu_addr(region) + PAGE_SIZE,
			       dmamap_dma_addr(region) + PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, page, virt_to_page(dmamap_cpu_addr(region) + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region),
					     dmamap_dma_addr(region), &answer), 0);
	KUNIT_EXPECT_EQ(test, answer.behind, DMAMAP_BEHIND_PAGE);
	dmamap_put(region);
}

static struct kunit_case resolve_cases[] = {
	KUNIT_CASE(a_flipped_frame_is_a_pfn),
	KUNIT_CASE(the_protection_is_not_cacheable),
	KUNIT_CASE(views_that_disagree_are_refused),
	KUNIT_CASE(a_region_of_another_device_is_refused),
	KUNIT_CASE(a_region_is_forgotten_when_it_is_put),
	KUNIT_CASE(frames_that_change_hands_are_not_mixed_up),
	KUNIT_CASE(a_snooping_device_gets_pages),
	{}
};

static struct kunit_suite resolve_suite = {
	.name = "dmamap-resolution",
	.test_cases = resolve_cases,
};
kunit_test_suite(resolve_suite);
