// SPDX-License-Identifier: GPL-2.0
/*
 * Regions as drivers see them: allocated, and asked for their addresses. Memory that the
 * driver chose is in adopt.c; references and the end of a region are in life.c.
 *
 * An allocation tries three sources, cheapest first: a resting region of the same size
 * (store.c), free pages of the pool, and a flip of new frames. The C++ side chooses
 * between the last two (dma/core/pooled_layer.h).
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <kunit/test-bug.h>
#include <linux/atomic.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/iommu-dma.h>
#include <linux/limits.h>
#include <linux/llist.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/trace.h"

static atomic64_t dmamap_refusals;

u64 dmamap_refused(void)
{
	return atomic64_read(&dmamap_refusals);
}

/*
 * Is the device served beyond doubt? What dmamap_device_memory() finds of nearly all devices,
 * without a call, because each allocation asks. Never of one that a test gives other answers.
 */
static bool dmamap_device_is_usual(struct device *dev)
{
	if (IS_ENABLED(CONFIG_IOMMU_API) || IS_ENABLED(CONFIG_DMA_RESTRICTED_POOL) ||
	    IS_ENABLED(CONFIG_ARCH_HAS_FORCE_DMA_UNENCRYPTED))
		return false;
#ifdef CONFIG_DMA_DECLARE_COHERENT
	if (dev->dma_mem)
		return false;
#endif
	return dev->coherent_dma_mask && !get_dma_ops(dev) && !dmamap_device_area(dev) &&
	       !kunit_get_current_test();
}

static int dmamap_check_request(struct device *dev, size_t size, gfp_t gfp, unsigned int flags)
{
	if (!dev || !size || (flags & ~(DMAMAP_NO_SNOOP | DMAMAP_ACCOUNT | DMAMAP_WRITE_COMBINE)))
		return -EINVAL;
	if ((flags & DMAMAP_ACCOUNT) && !(gfpflags_allow_blocking(gfp) && current->mm))
		return -EINVAL;
	if (PAGE_ALIGN(size) < size)
		return -EOVERFLOW;
	return dmamap_device_is_usual(dev) ? 0 : dmamap_device_errno(dmamap_device_memory(dev));
}

/* The highest physical address in reach: any, where an IOMMU translates. */
static u64 dmamap_last_byte(struct device *dev)
{
	return use_dma_iommu(dev) ?
		       U64_MAX :
		       dma_to_phys(dev, min_not_zero(dev->coherent_dma_mask, dev->bus_dma_limit));
}

/*
 * Lets the C++ side allocate memory for @region. Its frames enter the directory on the
 * way, but readers do not look at @core before dmamap_store_begin(). What @gfp lacks of
 * __GFP_IO and __GFP_FS is a scope of the whole call, because the allocations inside have
 * flags of their own. A scope of the caller counts as well.
 */
static u32 dmamap_alloc_core(struct dmamap_region *region, size_t size, gfp_t gfp,
			     unsigned int flags, bool snooping)
{
	const unsigned int scope = memalloc_flags_save((gfp & __GFP_IO ? 0 : PF_MEMALLOC_NOIO) |
						       (gfp & __GFP_FS ? 0 : PF_MEMALLOC_NOFS));
	struct device *dev = region->dev;
	const struct dmamap_core_request request = {
		.bytes = size,
		.last_byte = dmamap_last_byte(dev),
		.device = dev,
		.area = dmamap_device_area(dev),
		.node = (u32)dev_to_node(dev),
		.snooping = snooping,
		.may_sleep = gfpflags_allow_blocking(gfp),
		.may_move = dmamap_may_move_pages(),
		.write_combine = !!(flags & DMAMAP_WRITE_COMBINE),
	};
	const u32 status = dmamap_core_alloc(&request, region, &region->core);

	memalloc_flags_restore(scope);
	return status;
}

/*
 * Holds the flip gate until the frames are counted, so that hibernation never sees them
 * half flipped.
 */
static u32 dmamap_alloc_flipped(struct dmamap_region *region, size_t size, gfp_t gfp,
				unsigned int flags)
{
	u32 status;

	if (!gfpflags_allow_blocking(gfp))
		return dmamap_alloc_core(region, size, gfp, flags, false); /* flips nothing */
	if (dmamap_flips_enter())
		return DMAMAP_BUSY;
	status = dmamap_alloc_core(region, size, gfp, flags, false);
	dmamap_flips_leave();
	return status;
}

/*
 * The caller's process pays first, since that is cheap to refuse and to take back. Memory
 * for snooping devices is ordinary memory: it passes no flip gate.
 */
static int dmamap_alloc_memory(struct dmamap_region *region, size_t size, gfp_t gfp,
			       unsigned int flags)
{
	const bool snooping = dev_is_dma_coherent(region->dev);
	u32 status;
	int err;

	if (flags & DMAMAP_ACCOUNT) {
		err = dmamap_region_charge(region, PAGE_ALIGN(size) >> PAGE_SHIFT);
		if (err)
			return err;
	}
	region->no_snoop = snooping && (flags & DMAMAP_NO_SNOOP);
	status = snooping && !region->no_snoop ? dmamap_alloc_core(region, size, gfp, flags, true) :
						 dmamap_alloc_flipped(region, size, gfp, flags);
	if (status == DMAMAP_OK)
		return 0;
	dmamap_region_refund(region, PAGE_ALIGN(size) >> PAGE_SHIFT);
	return dmamap_errno(status);
}

/*
 * A resting region, if one is as good as a new one: the memory is not charged to a process,
 * not for a snooping device, not of an area that is its device's alone, and has the one
 * attribute that the pool has.
 */
static struct dmamap_region *dmamap_wake(struct device *dev, size_t size, unsigned int flags)
{
	const bool snooping = dev_is_dma_coherent(dev);
	struct dmamap_region *region;

	if ((flags & DMAMAP_ACCOUNT) || (snooping && !(flags & DMAMAP_NO_SNOOP)) ||
	    dmamap_device_area(dev))
		return NULL;
	if ((flags & DMAMAP_WRITE_COMBINE) &&
	    dmamap_machine_combining() == DMAMAP_COMBINING_SEPARATE)
		return NULL;
	region = dmamap_store_wake(dev, size);
	if (region)
		region->no_snoop = snooping;
	return region;
}

static struct dmamap_region *dmamap_make(struct device *dev, size_t size, gfp_t gfp,
					 unsigned int flags)
{
	/* Only what the caller may wait for: zones are meant for the memory, not for this. */
	struct dmamap_region *region = dmamap_store_new(dev, gfp & (GFP_KERNEL | GFP_ATOMIC));
	int err;

	if (!region)
		return ERR_PTR(-ENOMEM);
	err = dmamap_alloc_memory(region, size, gfp, flags);
	if (err) {
		dmamap_store_drop(region);
		return ERR_PTR(err);
	}
	return region;
}

/* Gives @region an address in the IOMMU of its device, or takes it back. */
static struct dmamap_region *dmamap_translate(struct dmamap_region *region)
{
	int err = dmamap_iommu_map(region);

	if (!err)
		return region;
	dmamap_region_unmake(region);
	return ERR_PTR(err);
}

struct dmamap_region *dmamap_alloc(struct device *dev, size_t size, gfp_t gfp, unsigned int flags)
{
	struct dmamap_region *region = ERR_PTR(dmamap_check_request(dev, size, gfp, flags));

	if (!region) {
		might_sleep_if(gfpflags_allow_blocking(gfp));
		region = dmamap_wake(dev, size, flags) ?: dmamap_make(dev, size, gfp, flags);
		if (use_dma_iommu(dev) && !IS_ERR(region))
			region = dmamap_translate(region);
	}
	if (IS_ERR(region)) {
		trace_dmamap_refuse(dev, size, flags, PTR_ERR(region));
		atomic64_inc(&dmamap_refusals);
		if (dev)
			dmamap_say_unserved(dev, PTR_ERR(region), gfp);
		return region;
	}
	dmamap_store_begin(region);
	trace_dmamap_alloc(region);
	if (gfpflags_allow_blocking(gfp) && dev->driver)
		dmamap_announce(region);
	return region;
}
EXPORT_SYMBOL_GPL(dmamap_alloc);

void *dmamap_cpu_addr(const struct dmamap_region *region)
{
	return IS_ERR_OR_NULL(region) ? NULL : (void *)(unsigned long)region->core.cpu;
}
EXPORT_SYMBOL_GPL(dmamap_cpu_addr);

dma_addr_t dmamap_dma_addr(const struct dmamap_region *region)
{
	return IS_ERR_OR_NULL(region) ? DMAMAP_NO_BUS_ADDRESS : region->core.bus;
}
EXPORT_SYMBOL_GPL(dmamap_dma_addr);

size_t dmamap_size(const struct dmamap_region *region)
{
	return IS_ERR_OR_NULL(region) ? 0 : region->core.pages << PAGE_SHIFT;
}
EXPORT_SYMBOL_GPL(dmamap_size);
