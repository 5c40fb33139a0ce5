// SPDX-License-Identifier: GPL-2.0
/* The charge for coherent memory: DMAMAP_ACCOUNT charges the process that allocates. */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/steps.h"
#include "kunit/suites/region_file.h"
#include "kunit/suites/suite.h"

#define CHARGED	(DMAMAP_NO_SNOOP | DMAMAP_ACCOUNT)

/* From now on the test is a process with an address space; it ends with the test. */
static void become_process(struct kunit *test)
{
	unsigned long addr = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
					   MAP_PRIVATE | MAP_ANONYMOUS, 0);

	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	KUNIT_ASSERT_NOT_NULL(test, current->mm);
}

/* Kernel threads may lock any amount: this one, from now on, only so many pages. */
static void limit_pages(struct kunit *test, unsigned long pages)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cap_lower(cred->cap_effective, CAP_IPC_LOCK);
	commit_creds(cred);
	task_lock(current->group_leader);
	current->signal->rlim[RLIMIT_MEMLOCK].rlim_cur = pages << PAGE_SHIFT;
	task_unlock(current->group_leader);
}

static u64 pinned(void)
{
	return atomic64_read(&current->mm->pinned_vm);
}

static u64 refused(void)
{
	struct dmamap_counts counts;

	dmamap_counts(&counts);
	return counts.refused;
}

static struct dmamap_region *charged_region(struct kunit *test, struct device *dev, size_t size)
{
	struct dmamap_region *region = dmamap_alloc(dev, size, GFP_KERNEL, CHARGED);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_alloc: %ld", PTR_ERR(region));
	return region;
}

static void whole_pages_are_charged_until_the_end(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *one, *other;

	become_process(test);
	one = charged_region(test, dev, 3 * PAGE_SIZE + 1);
	KUNIT_EXPECT_EQ(test, pinned(), 4);
	other = charged_region(test, dev, SZ_1M);
	KUNIT_EXPECT_EQ(test, pinned(), 4 + (SZ_1M >> PAGE_SHIFT));
	dmamap_put(dmamap_get(one));
	KUNIT_EXPECT_EQ(test, pinned(), 4 + (SZ_1M >> PAGE_SHIFT));
	dmamap_put(one);
	KUNIT_EXPECT_EQ(test, pinned(), SZ_1M >> PAGE_SHIFT);
	dmamap_put(other);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

static void memory_of_a_device_that_snoops_is_charged(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;

	become_process(test);
	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, 2 * PAGE_SIZE, GFP_KERNEL, DMAMAP_ACCOUNT);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_STREQ(test, dmamap_strategy(region), "snooped");
	KUNIT_EXPECT_EQ(test, pinned(), 2);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

static void nobody_is_charged_who_is_not_named(struct kunit *test)
{
	struct device *dev = suite_device(test);

	become_process(test);
	suite_region(test, dev, SZ_64K);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

static void no_more_than_may_be_locked(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region, *more;
	u64 before;

	become_process(test);
	limit_pages(test, 8);
	region = charged_region(test, dev, 7 * PAGE_SIZE);
	before = refused();
	more = dmamap_alloc(dev, PAGE_SIZE + 1, GFP_KERNEL, CHARGED);
	KUNIT_EXPECT_EQ(test, PTR_ERR(more), -EAGAIN);
	KUNIT_EXPECT_EQ(test, refused(), before + 1);
	KUNIT_EXPECT_EQ(test, pinned(), 7);
	more = charged_region(test, dev, PAGE_SIZE);	/* exactly all */
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, 1, GFP_KERNEL, CHARGED)), -EAGAIN);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, pinned(), 1);
	region = charged_region(test, dev, 7 * PAGE_SIZE);
	dmamap_put(region);
	dmamap_put(more);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

static void who_may_lock_any_amount_is_charged_all_the_same(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;

	become_process(test);
	KUNIT_ASSERT_TRUE(test, capable(CAP_IPC_LOCK));
	region = charged_region(test, dev, rlimit(RLIMIT_MEMLOCK) + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pinned(), dmamap_size(region) >> PAGE_SHIFT);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

static void a_failed_allocation_is_refunded(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const size_t size = (dmamap_machine_chunk() + 1) * PAGE_SIZE;
	struct dmamap_region *region;
	u32 nth, failures;

	become_process(test);
	for (nth = 1; nth < 2000; nth++) {
		dmamap_fail_nth(nth, 0);
		region = dmamap_alloc(dev, size, GFP_KERNEL, CHARGED);
		failures = dmamap_fail_nth(0, 0);
		if (!IS_ERR(region))
			dmamap_put(region);
		KUNIT_EXPECT_EQ_MSG(test, pinned(), 0, "failure %u", nth);
		if (!failures)
			break;
	}
	KUNIT_EXPECT_GT(test, nth, 3);
	KUNIT_EXPECT_LT(test, nth, 2000);
}

static void there_must_be_a_process_to_charge(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const u64 before = refused();

	KUNIT_ASSERT_NULL(test, current->mm);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, 1, GFP_KERNEL, CHARGED)), -EINVAL);
	become_process(test);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, 1, GFP_ATOMIC, CHARGED)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, 1, GFP_NOWAIT, CHARGED)), -EINVAL);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
	KUNIT_EXPECT_EQ(test, refused(), before + 3);
}

/* The charge for @region while it is mapped, and after. */
static void expect_map_costs(struct kunit *test, struct dmamap_region *region, u64 pages)
{
	struct file *file = suite_region_file(test, region);
	const u64 before = pinned();
	unsigned long addr;

	addr = vm_mmap(file, 0, dmamap_size(region), PROT_READ, MAP_SHARED, 0);
	fput(file);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_EQ(test, pinned(), before + pages);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, dmamap_size(region)), 0);
	KUNIT_EXPECT_EQ(test, pinned(), before);
}

static void a_mapping_is_not_charged_again(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region, *free;

	become_process(test);
	free = suite_region(test, dev, SZ_16K);
	expect_map_costs(test, free, SZ_16K >> PAGE_SHIFT);
	region = charged_region(test, dev, SZ_16K);
	expect_map_costs(test, region, 0);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

static void abandoned_memory_is_paid_for(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const u64 before = dmamap_abandoned_frames();

	become_process(test);
	dmamap_abandon(charged_region(test, dev, SZ_16K));
	KUNIT_EXPECT_EQ(test, dmamap_abandoned_frames(), before + (SZ_16K >> PAGE_SHIFT));
	KUNIT_EXPECT_EQ(test, pinned(), SZ_16K >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	KUNIT_EXPECT_EQ(test, pinned(), 0);
}

/* Allocates as a process that has ended when the test goes on. */
struct buyer {
	struct device *dev;
	struct dmamap_region *region;
	struct mm_struct *mm;
	struct completion gone;
};

static int buy(void *data)
{
	struct buyer *buyer = data;
	struct mm_struct *mm = mm_alloc();

	buyer->region = ERR_PTR(-ENOMEM);
	if (mm) {
		kthread_use_mm(mm);
		buyer->region = dmamap_alloc(buyer->dev, SZ_16K, GFP_KERNEL, CHARGED);
		kthread_unuse_mm(mm);
		mmgrab(mm);
		mmput(mm);
	}
	buyer->mm = mm;
	complete(&buyer->gone);
	return 0;
}

static void the_process_may_be_gone(struct kunit *test)
{
	struct buyer buyer = { .dev = suite_device(test) };

	init_completion(&buyer.gone);
	KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(buy, &buyer, "dmamap-buyer")));
	wait_for_completion(&buyer.gone);
	KUNIT_ASSERT_NOT_NULL(test, buyer.mm);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buyer.region));
	KUNIT_EXPECT_EQ(test, atomic_read(&buyer.mm->mm_users), 0);
	KUNIT_EXPECT_EQ(test, atomic64_read(&buyer.mm->pinned_vm), SZ_16K >> PAGE_SHIFT);
	dmamap_put(buyer.region);
	KUNIT_EXPECT_EQ(test, atomic64_read(&buyer.mm->pinned_vm), 0);
	mmdrop(buyer.mm);
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE(whole_pages_are_charged_until_the_end),
	KUNIT_CASE(memory_of_a_device_that_snoops_is_charged),
	KUNIT_CASE(nobody_is_charged_who_is_not_named),
	KUNIT_CASE(no_more_than_may_be_locked),
	KUNIT_CASE(who_may_lock_any_amount_is_charged_all_the_same),
	KUNIT_CASE(a_failed_allocation_is_refunded),
	KUNIT_CASE(there_must_be_a_process_to_charge),
	KUNIT_CASE(a_mapping_is_not_charged_again),
	KUNIT_CASE(abandoned_memory_is_paid_for),
	KUNIT_CASE(the_process_may_be_gone),
	{}
};

static struct kunit_suite account_suite = {
	.name = "dmamap-account",
	.test_cases = account_cases,
};
kunit_test_suite(account_suite);
