// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a device that could not be stopped: it is given to no other region until
 * a word comes that the device has stopped, and then all of it goes back.
 */
#include <linux/dma-map-ops.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "dma/abi/machine.h"
#include "kunit/suites/region_file.h"
#include "kunit/suites/suite.h"

struct state {
	struct dmamap_counts counts;
	u64 abandoned;
	u64 quarantined;
};

/* Pages that the pool keeps for later allocations are not counted. */
static struct state state_now(void)
{
	struct state state;

	dmamap_pool_drain();
	dmamap_counts(&state.counts);
	state.abandoned = dmamap_abandoned_frames();
	state.quarantined = dmamap_quarantined();
	return state;
}

/* @frames are kept, of so many regions; nothing else has changed. */
static void expect_kept(struct kunit *test, const struct state *before, u64 regions, u64 frames)
{
	const struct state now = state_now();

	KUNIT_EXPECT_EQ(test, now.abandoned, before->abandoned + frames);
	KUNIT_EXPECT_EQ(test, now.counts.regions, before->counts.regions + regions);
	KUNIT_EXPECT_EQ(test, now.quarantined, before->quarantined);
}

static void expect_as_before(struct kunit *test, const struct state *before)
{
	const struct state now = state_now();

	expect_kept(test, before, 0, 0);
	KUNIT_EXPECT_EQ(test, now.counts.frames_coherent, before->counts.frames_coherent);
}

/* The device goes on to write to a region, at its end. */
static u32 *last_word(const struct dmamap_core_region *core)
{
	return (u32 *)(unsigned long)(core->cpu + (core->pages << PAGE_SHIFT)) - 1;
}

static bool overlap(const struct dmamap_core_region *one, const struct dmamap_core_region *other)
{
	return one->pfn < other->pfn + other->pages && other->pfn < one->pfn + one->pages;
}

#define OTHERS 64

/* Later allocations, of more than the pool had, get other memory. */
static void expect_for_nobody(struct kunit *test, struct device *dev,
			      const struct dmamap_core_region *core)
{
	struct dmamap_region **others = suite_alloc_regions(test, dev, SZ_64K, OTHERS);
	u32 i;

	for (i = 0; i < OTHERS; i++)
		if (others[i])
			KUNIT_EXPECT_FALSE(test, overlap(&others[i]->core, core));
	suite_put_regions(others, OTHERS);
	dmamap_pool_drain();	/* else a worker does, while the test counts */
}

static struct dmamap_region *out_of_the_pool(struct device *dev)
{
	return dmamap_alloc(dev, SZ_8K, GFP_KERNEL, DMAMAP_NO_SNOOP);
}

static struct dmamap_region *of_its_own(struct device *dev)
{
	return dmamap_alloc(dev, (dmamap_machine_chunk() + 1) * PAGE_SIZE, GFP_KERNEL,
			    DMAMAP_NO_SNOOP);
}

static struct dmamap_region *of_pages(struct device *dev)
{
	struct dmamap_region *region;

	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, SZ_16K, GFP_KERNEL, 0);
	suite_set_snooping(dev, false);
	return region;
}

static const struct kind {
	const char *what;
	struct dmamap_region *(*make)(struct device *dev);
} kinds[] = {
	{ "out of the pool", out_of_the_pool },
	{ "a region of its own", of_its_own },
	{ "pages of a snooping device", of_pages },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, what);

static void frames_are_kept_until_the_device_has_stopped(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	struct dmamap_region *region = kind->make(dev);
	struct dmamap_core_region core;
	struct dmamap_found found;

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	core = region->core;
	dmamap_abandon(region);
	expect_kept(test, &before, 1, core.pages);
	KUNIT_EXPECT_EQ(test, dmamap_directory_find(core.pfn + core.pages - 1, &found),
			DMAMAP_KNOWN_OWNED);

	*last_word(&core) = 0xd0d0;	/* where the device sees it, too */
	expect_for_nobody(test, dev, &core);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*last_word(&core)), 0xd0d0);
	suite_expect_no_alias(test);

	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	KUNIT_EXPECT_NE(test, dmamap_directory_find(core.pfn, NULL), DMAMAP_KNOWN_OWNED);
	expect_as_before(test, &before);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 0);
	expect_as_before(test, &before);
}

/* Abandoned, with a reference that the caller has still. */
static struct dmamap_region *abandoned_but_held(struct kunit *test, struct device *dev)
{
	struct dmamap_region *region = out_of_the_pool(dev);

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	dmamap_get(region);
	dmamap_abandon(region);
	return region;
}

static void who_has_a_reference_still_has_the_memory(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	struct dmamap_region *region = abandoned_but_held(test, dev);

	/* Kept from when the last reference is gone. */
	expect_kept(test, &before, 1, 0);
	dmamap_put(region);
	expect_kept(test, &before, 1, SZ_8K >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	expect_as_before(test, &before);

	/* Stopped before that: it ends as any other. */
	region = abandoned_but_held(test, dev);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 0);
	expect_kept(test, &before, 1, 0);
	dmamap_put(region);
	expect_as_before(test, &before);
}

static void abandoned_twice_is_kept_once(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();

	dmamap_abandon(abandoned_but_held(test, dev));
	expect_kept(test, &before, 1, SZ_8K >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	expect_as_before(test, &before);
}

static void another_device_goes_on(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct device *other = kunit_device_register(test, "dmamap-other");
	const struct state before = state_now();
	struct dmamap_region *its, *others, *late;
	struct dmamap_core_region core;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	other->dma_mask = &other->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(other, DMA_BIT_MASK(32)), 0);
	its = out_of_the_pool(dev);
	others = of_its_own(other);
	late = out_of_the_pool(other);
	KUNIT_ASSERT_FALSE(test, IS_ERR(its));
	KUNIT_ASSERT_FALSE(test, IS_ERR(others));
	KUNIT_ASSERT_FALSE(test, IS_ERR(late));
	core = others->core;
	dmamap_abandon(others);
	dmamap_abandon(its);
	dmamap_abandon(dmamap_get(late));
	expect_kept(test, &before, 3, (SZ_8K >> PAGE_SHIFT) + core.pages);

	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	expect_kept(test, &before, 2, core.pages);
	dmamap_put(late);
	expect_kept(test, &before, 2, (SZ_8K >> PAGE_SHIFT) + core.pages);
	*last_word(&core) = 0xd0d0;
	expect_for_nobody(test, dev, &core);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*last_word(&core)), 0xd0d0);

	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(other), 2);
	expect_as_before(test, &before);
}

/* The memory of a region that ended is the next one's, and that one is an ordinary one. */
static void the_next_region_is_not_abandoned(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	u32 i;

	dmamap_abandon(out_of_the_pool(dev));
	dmamap_device_stopped(dev);
	for (i = 0; i < 32; i++)
		dmamap_put(out_of_the_pool(dev));
	expect_as_before(test, &before);
}

static void an_interrupt_may_abandon(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	struct dmamap_region *small = out_of_the_pool(dev), *large = of_its_own(dev);
	unsigned long flags;
	u64 pages;

	KUNIT_ASSERT_FALSE(test, IS_ERR(small));
	KUNIT_ASSERT_FALSE(test, IS_ERR(large));
	pages = small->core.pages + large->core.pages;
	local_irq_save(flags);
	dmamap_abandon(small);
	dmamap_abandon(large);
	local_irq_restore(flags);
	expect_kept(test, &before, 2, pages);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 2);
	expect_as_before(test, &before);
}

static void nothing_is_not_abandoned(struct kunit *test)
{
	const struct state before = state_now();

	dmamap_abandon(NULL);
	dmamap_abandon(ERR_PTR(-ENOMEM));
	expect_as_before(test, &before);
}

/* A mapping of the region, in an address space that the test is given. */
static unsigned long map_region(struct kunit *test, struct dmamap_region *region)
{
	struct file *file = suite_region_file(test, region);
	unsigned long addr;

	addr = kunit_vm_mmap(test, file, 0, dmamap_size(region), PROT_READ, MAP_SHARED, 0);
	fput(file);
	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	return addr;
}

static void expect_user_reads(struct kunit *test, unsigned long addr, u32 expected)
{
	u32 word = 0;

	KUNIT_EXPECT_EQ(test, get_user(word, (u32 __user *)addr), 0);
	KUNIT_EXPECT_EQ(test, word, expected);
}

static void a_mapping_keeps_it_too(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	struct dmamap_region *region = out_of_the_pool(dev);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	*(u32 *)dmamap_cpu_addr(region) = 0xbeef;
	addr = map_region(test, region);
	expect_user_reads(test, addr, 0xbeef);
	dmamap_abandon(region);
	expect_kept(test, &before, 1, 0);
	expect_user_reads(test, addr, 0xbeef);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, SZ_8K), 0);
	expect_kept(test, &before, 1, SZ_8K >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	expect_as_before(test, &before);
}

static void a_mapping_is_left_when_the_device_has_stopped(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct state before = state_now();
	struct dmamap_region *region = out_of_the_pool(dev);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	*(u32 *)dmamap_cpu_addr(region) = 0xbeef;
	addr = map_region(test, region);
	dmamap_abandon(region);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 0);
	expect_kept(test, &before, 1, 0);
	expect_user_reads(test, addr, 0xbeef);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, SZ_8K), 0);
	expect_as_before(test, &before);
}

static struct kunit_case abandon_cases[] = {
	KUNIT_CASE_PARAM(frames_are_kept_until_the_device_has_stopped, kind_gen_params),
	KUNIT_CASE(who_has_a_reference_still_has_the_memory),
	KUNIT_CASE(abandoned_twice_is_kept_once),
	KUNIT_CASE(another_device_goes_on),
	KUNIT_CASE(the_next_region_is_not_abandoned),
	KUNIT_CASE(an_interrupt_may_abandon),
	KUNIT_CASE(nothing_is_not_abandoned),
	KUNIT_CASE(a_mapping_keeps_it_too),
	KUNIT_CASE(a_mapping_is_left_when_the_device_has_stopped),
	{}
};

static struct kunit_suite abandon_suite = {
	.name = "dmamap-abandon",
	.test_cases = abandon_cases,
};
kunit_test_suite(abandon_suite);
