// SPDX-License-Identifier: GPL-2.0
/*
 * Lives of mappings: a map is found by others before its mmap() has succeeded, and after its
 * last VMA is gone. Locks are held here, so that what races elsewhere happens in order.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>

#include "dma/glue/user/user_map.h"
#include "kunit/suites/suite.h"
#include "kunit/suites/two_regions.h"

static struct shown two_regions(struct kunit *test, struct device *dev, unsigned int access)
{
	return (struct shown){
		.regions = { suite_region(test, dev, BYTES), suite_region(test, dev, BYTES) },
		.access = BOTH | access,
	};
}

/* A call in another thread that has the address space of the test. */
struct helper {
	struct mm_struct *mm;
	struct file *file;
	struct dmamap_region *region;
	int (*work)(struct helper *helper);
	struct completion done;
	long answer;
};

static int help(void *data)
{
	struct helper *helper = data;

	kthread_use_mm(helper->mm);
	helper->answer = helper->work(helper);
	kthread_unuse_mm(helper->mm);
	complete_all(&helper->done);
	return 0;
}

static void start(struct kunit *test, struct helper *helper)
{
	struct task_struct *task;
	unsigned long addr;

	if (!current->mm) {
		addr = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);
		KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	}
	helper->mm = current->mm;
	init_completion(&helper->done);
	task = kthread_run(help, helper, "dmamap-helper");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
}

static int map_of_helper(struct helper *helper)
{
	const unsigned long addr = vm_mmap(helper->file, 0, 2 * BYTES, PROT_READ, MAP_SHARED, 0);

	return IS_ERR_VALUE(addr) ? (long)addr : 0;
}

/* The map that has a part on the list of @region, with a reference, as a revoke takes it. */
static struct dmamap_user_map *map_on_list(struct dmamap_region *region)
{
	struct dmamap_user_map *map = NULL;
	struct dmamap_user_part *part;

	while (!map) {
		mutex_lock(&region->maps_lock);
		part = list_first_entry_or_null(&region->maps, struct dmamap_user_part, entry);
		if (part)
			map = dmamap_user_map_get(part->map);
		mutex_unlock(&region->maps_lock);
		fsleep(1000);
	}
	return map;
}

/* Both parts are where they were, with their references, as long as @map is held. */
static void expect_map_stays(struct kunit *test, struct helper *helper,
			     struct dmamap_user_map *map)
{
	struct dmamap_region *region = helper->region;
	const bool stays = !list_empty(&region->maps);

	KUNIT_EXPECT_EQ(test, helper->answer, -ENXIO);
	KUNIT_EXPECT_TRUE(test, stays);
	KUNIT_EXPECT_EQ(test, refcount_read(&region->references), stays ? 2 : 1);
	if (!stays)
		return;		/* the map is freed memory */
	dmamap_user_map_put(map);
	KUNIT_EXPECT_TRUE(test, list_empty(&region->maps));
	KUNIT_EXPECT_EQ(test, refcount_read(&region->references), 1);
}

static void a_map_that_others_found_outlives_its_failed_fill(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = two_regions(test, dev, DMAMAP_USER_POPULATE);
	struct helper helper = {
		.file = file_of(test, &shown), .region = shown.regions[0], .work = map_of_helper,
	};
	struct dmamap_user_map *map;

	/* mmap() fills the first region, and waits for a revoke of the second one. */
	down_write(&shown.regions[1]->revoke_lock);
	start(test, &helper);
	map = map_on_list(shown.regions[0]);
	shown.regions[1]->after = DMAMAP_AFTER_SIGBUS;
	shown.regions[1]->revoked = true;
	up_write(&shown.regions[1]->revoke_lock);
	wait_for_completion(&helper.done);
	expect_map_stays(test, &helper, map);
	fput(helper.file);
}

static void a_map_that_others_found_outlives_a_closed_region(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = two_regions(test, dev, 0);
	struct helper helper = {
		.file = file_of(test, &shown), .region = shown.regions[0], .work = map_of_helper,
	};
	struct dmamap_user_map *map;

	/* mmap() is on the list of the first region, and waits to be put on that of the second. */
	mutex_lock(&shown.regions[1]->maps_lock);
	start(test, &helper);
	map = map_on_list(shown.regions[0]);
	shown.regions[1]->closed = true;
	mutex_unlock(&shown.regions[1]->maps_lock);
	wait_for_completion(&helper.done);
	expect_map_stays(test, &helper, map);
	fput(helper.file);
}

static void the_file_lives_as_long_as_the_map(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = two_regions(test, dev, 0);
	struct file *file = file_of(test, &shown);
	const unsigned long addr = map_both(test, file);
	struct dmamap_user_map *map;

	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	map = map_on_list(shown.regions[0]);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, 2 * BYTES), 0);
	/* One is the test's own: its address_space is what a revoke zaps by. */
	KUNIT_EXPECT_EQ(test, file_count(file), 2);
	dmamap_user_map_put(map);
	KUNIT_EXPECT_EQ(test, file_count(file), 1);
	fput(file);
}

static int detach_of_helper(struct helper *helper)
{
	return dmamap_detach(helper->region);
}

static int reattach_of_helper(struct helper *helper)
{
	const struct shown *shown = helper->file->private_data;

	return dmamap_reattach(helper->region, shown->regions[1]);
}

/* While a revoke has not zapped yet, nothing may take the parts off its list. */
static void expect_to_wait_for_a_revoke(struct kunit *test, int (*work)(struct helper *helper))
{
	struct device *dev = suite_device(test);
	struct shown shown = two_regions(test, dev, 0);
	struct helper helper = {
		.file = file_of(test, &shown), .region = shown.regions[0], .work = work,
	};
	const unsigned long addr = map_both(test, helper.file);

	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	down_write(&shown.regions[0]->revoke_lock);
	shown.regions[0]->after = DMAMAP_AFTER_SIGBUS;
	shown.regions[0]->revoked = true;
	start(test, &helper);
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&helper.done, HZ / 4), 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&shown.regions[0]->maps));
	up_write(&shown.regions[0]->revoke_lock);
	wait_for_completion(&helper.done);
	KUNIT_EXPECT_EQ(test, helper.answer, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&shown.regions[0]->maps));
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, 2 * BYTES), 0);
	fput(helper.file);
}

static void a_detach_waits_for_the_revoke(struct kunit *test)
{
	expect_to_wait_for_a_revoke(test, detach_of_helper);
}

static void a_reattach_waits_for_the_revoke(struct kunit *test)
{
	expect_to_wait_for_a_revoke(test, reattach_of_helper);
}

/* A driver has NULL or an error where there should be a region. */
static void expect_refusals(struct kunit *test, struct device *dev, struct dmamap_region *none)
{
	struct dmamap_region *region = suite_region(test, dev, BYTES);
	struct shown shown = { .regions = { region, none }, .access = BOTH };
	struct file *file = file_of(test, &shown);

	KUNIT_EXPECT_EQ(test, (long)map_both(test, file), -EINVAL);
	shown.regions[0] = none;
	KUNIT_EXPECT_EQ(test, (long)map_both(test, file), -EINVAL);
	fput(file);
	KUNIT_EXPECT_EQ(test, dmamap_revoke(none, DMAMAP_AFTER_SIGBUS), -EINVAL);
	KUNIT_EXPECT_EQ(test, dmamap_detach(none), -EINVAL);
	KUNIT_EXPECT_EQ(test, dmamap_reattach(region, none), -EINVAL);
	KUNIT_EXPECT_EQ(test, dmamap_reattach(none, region), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, dmamap_get(none), none);
	KUNIT_EXPECT_NULL(test, dmamap_cpu_addr(none));
	KUNIT_EXPECT_EQ(test, dmamap_dma_addr(none), DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, dmamap_size(none), 0);
	KUNIT_EXPECT_STREQ(test, dmamap_strategy(none), "none");
	dmamap_set_name(none, "none");
	dmamap_abandon(none);
	dmamap_put(none);
	/* Nothing is left of what was refused. */
	KUNIT_EXPECT_TRUE(test, list_empty(&region->maps));
	KUNIT_EXPECT_EQ(test, refcount_read(&region->references), 1);
}

static void no_region_is_an_error_everywhere(struct kunit *test)
{
	struct device *dev = suite_device(test);

	expect_refusals(test, dev, NULL);
	expect_refusals(test, dev, ERR_PTR(-ENOMEM));
}

/* Its object rests, and its frames may be another region's. */
static void a_region_that_was_put_is_not_mapped(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = {
		.regions = {
			suite_region(test, dev, BYTES),
			dmamap_alloc(dev, BYTES, GFP_KERNEL, DMAMAP_NO_SNOOP),
		},
		.access = BOTH,
	};
	struct file *file = file_of(test, &shown);

	KUNIT_ASSERT_FALSE(test, IS_ERR(shown.regions[1]));
	dmamap_put(shown.regions[1]);
	KUNIT_EXPECT_EQ(test, (long)map_both(test, file), -ENXIO);
	KUNIT_EXPECT_EQ(test, refcount_read(&shown.regions[0]->references), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&shown.regions[1]->references), 0);
	fput(file);
}

static struct kunit_case mapping_cases[] = {
	KUNIT_CASE(a_map_that_others_found_outlives_its_failed_fill),
	KUNIT_CASE(a_map_that_others_found_outlives_a_closed_region),
	KUNIT_CASE(the_file_lives_as_long_as_the_map),
	KUNIT_CASE(a_detach_waits_for_the_revoke),
	KUNIT_CASE(a_reattach_waits_for_the_revoke),
	KUNIT_CASE(no_region_is_an_error_everywhere),
	KUNIT_CASE(a_region_that_was_put_is_not_mapped),
	{}
};

static struct kunit_suite mapping_suite = {
	.name = "dmamap-mapping",
	.test_cases = mapping_cases,
};
kunit_test_suite(mapping_suite);
