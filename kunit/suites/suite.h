/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the kernel suites: a device, and regions that clean up. */
#ifndef DMAMAP_SUITE_H
#define DMAMAP_SUITE_H

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

/* A device that does not snoop, with a full 32-bit mask. */
static inline struct device *suite_device(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "dmamap-suite");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	dmamap_pool_settle();	/* only the test changes counts */
	dev->dma_mask = &dev->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
	return dev;
}

/* As "dma-coherent" in a device tree does; on some boards all devices are so, anyway. */
static inline void suite_set_snooping(struct device *dev, bool snoops)
{
#ifdef CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE
	dev->dma_coherent = snoops;
#endif
}

static inline void suite_put_region(void *region)
{
	dmamap_put(region);
}

/* A flipped region that is put when the test ends. */
static inline struct dmamap_region *suite_region(struct kunit *test, struct device *dev,
						 size_t size)
{
	struct dmamap_region *region = dmamap_alloc(dev, size, GFP_KERNEL, DMAMAP_NO_SNOOP);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_alloc: %ld", PTR_ERR(region));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, suite_put_region, region), 0);
	return region;
}

/* So many flipped regions at the same time; NULL in place of one that fails. */
static inline struct dmamap_region **suite_alloc_regions(struct kunit *test, struct device *dev,
							 size_t size, u32 count)
{
	struct dmamap_region **regions = kunit_kcalloc(test, count, sizeof(*regions), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, regions);
	for (i = 0; i < count; i++) {
		regions[i] = dmamap_alloc(dev, size, GFP_KERNEL, DMAMAP_NO_SNOOP);
		KUNIT_EXPECT_FALSE(test, IS_ERR(regions[i]));
		if (IS_ERR(regions[i]))
			regions[i] = NULL;
	}
	return regions;
}

static inline void suite_put_regions(struct dmamap_region **regions, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		dmamap_put(regions[i]);
}

/* No cacheable translation of any coherent frame, in the kernel and in processes. */
static inline void suite_expect_no_alias(struct kunit *test)
{
	struct dmamap_counts counts;
	struct dmamap_audit audit;

	dmamap_pool_settle();	/* the worker may be about to give some of them back */
	dmamap_counts(&counts);
	KUNIT_EXPECT_EQ(test, dmamap_audit_all(&audit), 0);
	KUNIT_EXPECT_EQ(test, audit.cacheable, 0);
	/* Each coherent frame has its region's mapping: the walk saw them all. */
	KUNIT_EXPECT_GE(test, audit.translations, counts.frames_coherent);
}

#endif /* DMAMAP_SUITE_H */
