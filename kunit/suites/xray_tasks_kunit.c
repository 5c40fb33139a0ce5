// SPDX-License-Identifier: GPL-2.0
/* Aliases that belong to tasks: user mappings, kmap, and what stock code makes. */
#include <linux/anon_inodes.h>
#include <linux/completion.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kthread.h>

#include "kunit/suites/plant.h"
#include "kunit/suites/xray.h"

/* @verdict: of a PTE with @prot that a task has of the region's first frame. */
static void expect_user(struct kunit *test, pgprot_t prot, bool conflict)
{
	struct xray_bed *bed = test->priv;
	struct settler settler = { .pfn = bed->pfn, .prot = prot };
	const struct dmamap_sighting *at = NULL;

	settle(&settler);
	KUNIT_EXPECT_EQ(test, settler.err, 0);
	if (!settler.err) {
		xray_frame(test, bed->pfn);
		if (conflict)
			at = xray_conflict(test, settler.addr, settler.pid, DMAMAP_PLACE_USER);
		else
			at = xray_harmless(test, settler.addr, settler.pid, DMAMAP_PLACE_USER);
		if (at)
			KUNIT_EXPECT_EQ(test, at->vma_start, settler.addr);
	}
	unsettle(&settler);
}

static void a_cached_user_pte_conflicts(struct kunit *test)
{
	expect_user(test, PAGE_SHARED, true);
}

static void an_uncached_user_pte_is_harmless(struct kunit *test)
{
	expect_user(test, dmamap_pgprot(DMAMAP_ATTR_COHERENT, PAGE_SHARED), false);
}

static void each_process_is_looked_at(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	struct settler one = { .pfn = bed->pfn, .prot = PAGE_SHARED };
	struct settler other = one;
	struct dmamap_audit audit;

	settle(&one);
	settle(&other);
	KUNIT_EXPECT_EQ(test, one.err, 0);
	KUNIT_EXPECT_EQ(test, other.err, 0);
	if (!one.err && !other.err) {
		xray_frame(test, bed->pfn);
		xray_conflict(test, one.addr, one.pid, DMAMAP_PLACE_USER);
		xray_conflict(test, other.addr, other.pid, DMAMAP_PLACE_USER);
		KUNIT_EXPECT_EQ(test, dmamap_audit_all(&audit), 0);
		KUNIT_EXPECT_EQ(test, audit.user, 2);
		KUNIT_EXPECT_EQ(test, audit.cacheable, 2);
		KUNIT_EXPECT_GE(test, audit.spaces, 2);
		dmamap_audit_kernel(&audit);
		KUNIT_EXPECT_EQ(test, audit.cacheable, 0);
	}
	unsettle(&other);
	unsettle(&one);
}

static int show_region(struct file *file, struct vm_area_struct *vma)
{
	struct dmamap_region *region = file->private_data;
	struct dmamap_segment all = { region, 0, dmamap_size(region) };

	return dmamap_mmap(vma, &all, 1, DMAMAP_USER_READ | DMAMAP_USER_WRITE);
}

static const struct file_operations region_fops = {
	.mmap = show_region,
};

static void a_user_mapping_of_the_region_is_its_own(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	struct file *file = anon_inode_getfile("[dmamap-xray]", &region_fops, bed->region,
					       O_RDWR);
	const struct dmamap_sighting *at;
	struct settler settler = {};

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	settler.file = file;
	settle(&settler);
	KUNIT_EXPECT_EQ(test, settler.err, 0);
	if (!settler.err) {
		xray_frame(test, bed->pfn);
		at = xray_at(test, settler.addr, settler.pid);
		if (at) {
			KUNIT_EXPECT_STREQ(test, dmamap_place_name(at->place), "user");
			KUNIT_EXPECT_STREQ(test, dmamap_verdict_name(at->verdict), "own");
			KUNIT_EXPECT_FALSE(test, at->cacheable);
		}
		KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_OWN), 2);
	}
	unsettle(&settler);
	fput(file);
}

static void skip_without_highmem(struct kunit *test)
{
	if (!PageHighMem(((struct xray_bed *)test->priv)->page))
		kunit_skip(test, "no highmem: kmap() gives the linear address");
}

static void a_kmap_conflicts(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	void *alias;

	skip_without_highmem(test);
	alias = kmap(bed->page);
	xray_frame(test, bed->pfn);
	xray_conflict(test, (unsigned long)alias, 0, DMAMAP_PLACE_PKMAP);
	kunmap(bed->page);
	/* kunmap() keeps the PTE for the next kmap(): still an alias. */
	xray_frame(test, bed->pfn);
	xray_conflict(test, (unsigned long)alias, 0, DMAMAP_PLACE_PKMAP);
	kmap_flush_unused();
}

static void a_kmap_local_conflicts(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	void *alias;

	skip_without_highmem(test);
	alias = kmap_local_page(bed->page);
	xray_frame(test, bed->pfn);
	xray_conflict(test, (unsigned long)alias, 0, DMAMAP_PLACE_KMAP_LOCAL);
	kunmap_local(alias);
}

struct sleeper {
	struct page *page;
	pid_t pid;
	struct completion ready, go, gone;
};

static int sleep_with_kmap(void *data)
{
	struct sleeper *sleeper = data;
	void *alias = kmap_local_page(sleeper->page);

	sleeper->pid = current->pid;
	complete(&sleeper->ready);
	wait_for_completion(&sleeper->go);
	kunmap_local(alias);
	complete(&sleeper->gone);
	return 0;
}

static void a_kmap_local_of_a_sleeping_task_conflicts(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	struct sleeper sleeper = { .page = bed->page };
	struct task_struct *task;

	skip_without_highmem(test);
	init_completion(&sleeper.ready);
	init_completion(&sleeper.go);
	init_completion(&sleeper.gone);
	task = kthread_create(sleep_with_kmap, &sleeper, "sleeper");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&sleeper.ready);
	/* 0 if it runs and does not wait yet. */
	while (!wait_task_inactive(task, TASK_UNINTERRUPTIBLE))
		schedule_timeout_uninterruptible(1);
	xray_frame(test, bed->pfn);
	xray_conflict(test, 0, sleeper.pid, DMAMAP_PLACE_KMAP_LOCAL);
	complete(&sleeper.go);
	wait_for_completion(&sleeper.gone);
	put_task_struct(task);
}

/*
 * Where the kernel takes the device for a snooping one, cached memory is right;
 * frames of highmem have no other translation, a contiguous area in lowmem has
 * its linear one changed in place, all others keep it.
 */
static void stock_memory_keeps_its_linear_alias(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	struct device *dev = bed->region->dev;
	const bool snooping = dev_is_dma_coherent(dev);
	const struct dmamap_sighting *at;
	struct dmamap_target target = { .pages = 1, .coherent = !snooping };
	bool aliased, in_place;
	struct page *page;
	dma_addr_t dma;
	void *cpu;

	cpu = dma_alloc_coherent(dev, PAGE_SIZE, &dma, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpu);
	target.pfn = PHYS_PFN(dma_to_phys(dev, dma));
	target.own = (unsigned long)cpu;
	xray_target(test, &target);
	at = xray_at(test, target.own, 0);
	if (at)
		KUNIT_EXPECT_STREQ(test, dmamap_verdict_name(at->verdict), "own");
	page = pfn_to_page(target.pfn);
	in_place = !PageHighMem(page) && page_address(page) == cpu;
	KUNIT_EXPECT_TRUE(test, at && (snooping ? at->cacheable :
				       at->place == (in_place ? DMAMAP_PLACE_LINEAR :
								DMAMAP_PLACE_DMA)));
	aliased = !snooping && !PageHighMem(page) && !in_place;
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), aliased);
	if (aliased)
		xray_conflict(test, (unsigned long)page_address(page), 0, DMAMAP_PLACE_LINEAR);
	dma_free_coherent(dev, PAGE_SIZE, cpu, dma);
}

static struct kunit_case xray_tasks_cases[] = {
	KUNIT_CASE(a_cached_user_pte_conflicts),
	KUNIT_CASE(an_uncached_user_pte_is_harmless),
	KUNIT_CASE(each_process_is_looked_at),
	KUNIT_CASE(a_user_mapping_of_the_region_is_its_own),
	KUNIT_CASE(a_kmap_conflicts),
	KUNIT_CASE(a_kmap_local_conflicts),
	KUNIT_CASE(a_kmap_local_of_a_sleeping_task_conflicts),
	KUNIT_CASE(stock_memory_keeps_its_linear_alias),
	{}
};

static struct kunit_suite xray_tasks_suite = {
	.name = "dmamap-xray-tasks",
	.init = xray_init,
	.exit = xray_exit,
	.test_cases = xray_tasks_cases,
};
kunit_test_suite(xray_tasks_suite);
