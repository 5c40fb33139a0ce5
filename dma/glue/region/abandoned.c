// SPDX-License-Identifier: GPL-2.0
/*
 * Abandoned regions: the driver has gone, but could not stop the device, which may still
 * write to the memory. Such a region is kept after its last reference, neither ended nor
 * lent again, until dmamap_device_stopped() says that the device has stopped.
 *
 * @device_runs decides at the last put. dmamap_device_stopped() first clears it in all
 * regions of the device that still have references, so that they end as others do, and
 * then ends those that are on the list. A region that is put meanwhile either is on the
 * list before the flag is cleared, or finds it cleared and ends at once: both are decided
 * with abandoned_lock held. Revoked regions that only mappings have give their memory back
 * then (dmamap_region_let_go()).
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "dma/glue/region/region.h"

/* Protects the list and @device_runs. Taken inside the machine's lock. */
static DEFINE_SPINLOCK(dmamap_abandoned_lock);
static LIST_HEAD(abandoned);

bool dmamap_keep_abandoned(struct dmamap_region *region)
{
	unsigned long flags;
	bool kept;

	spin_lock_irqsave(&dmamap_abandoned_lock, flags);
	kept = region->device_runs;
	if (kept)
		list_add_tail(&region->abandoned, &abandoned);
	spin_unlock_irqrestore(&dmamap_abandoned_lock, flags);
	return kept;
}

bool dmamap_device_runs(const struct dmamap_region *region)
{
	unsigned long flags;
	bool runs;

	spin_lock_irqsave(&dmamap_abandoned_lock, flags);
	runs = region->device_runs;
	spin_unlock_irqrestore(&dmamap_abandoned_lock, flags);
	return runs;
}

u64 dmamap_abandoned_frames(void)
{
	const struct dmamap_region *region;
	unsigned long flags;
	u64 frames = 0;

	spin_lock_irqsave(&dmamap_abandoned_lock, flags);
	list_for_each_entry(region, &abandoned, abandoned)
		frames += region->core.pages;
	spin_unlock_irqrestore(&dmamap_abandoned_lock, flags);
	return frames;
}

void dmamap_abandon(struct dmamap_region *region)
{
	unsigned long flags;

	if (IS_ERR_OR_NULL(region))
		return;
	dev_warn(
		region->dev,
		"dmamap: %llu frames from pfn %#llx may still be written to; they stay unused until the device is stopped\n",
		region->core.pages, region->core.pfn);
	spin_lock_irqsave(&dmamap_abandoned_lock, flags);
	region->device_runs = true;
	spin_unlock_irqrestore(&dmamap_abandoned_lock, flags);
	dmamap_put(region);
}
EXPORT_SYMBOL_GPL(dmamap_abandon);

/* Caller holds the machine's lock. Remaining references end the region later, as any other. */
static void dmamap_region_stopped(struct dmamap_region *region, void *data)
{
	unsigned long flags;

	if (region->dev != data)
		return;
	spin_lock_irqsave(&dmamap_abandoned_lock, flags);
	region->device_runs = false;
	spin_unlock_irqrestore(&dmamap_abandoned_lock, flags);
}

/* Takes one region of @dev off the list: it belongs to the caller, which ends it. */
static struct dmamap_region *dmamap_next_abandoned(const struct device *dev)
{
	struct dmamap_region *region, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&dmamap_abandoned_lock, flags);
	list_for_each_entry(region, &abandoned, abandoned) {
		if (region->dev == dev) {
			list_del(&region->abandoned);
			found = region;
			break;
		}
	}
	spin_unlock_irqrestore(&dmamap_abandoned_lock, flags);
	return found;
}

static bool dmamap_is_driverless(const struct dmamap_region *region, const void *dev)
{
	return region->dev == dev && !refcount_read(&region->drivers);
}

/* Regions that only mappings have, and whose last put found that the device may still write. */
static unsigned int dmamap_let_stopped_go(const struct device *dev)
{
	struct dmamap_region *region;
	struct dmamap_tour tour;
	unsigned int gone = 0;

	dmamap_tour_begin(&tour);
	while ((region = dmamap_tour_next(&tour, dmamap_is_driverless, dev))) {
		gone += dmamap_region_let_go(region);
		dmamap_region_unkeep(region);
	}
	dmamap_tour_end(&tour);
	return gone;
}

unsigned int dmamap_device_stopped(struct device *dev)
{
	struct dmamap_region *region;
	unsigned int ended;

	might_sleep();
	dmamap_for_each_region(dmamap_region_stopped, dev);
	ended = dmamap_let_stopped_go(dev);
	while ((region = dmamap_next_abandoned(dev))) {
		dmamap_region_end(region);
		ended++;
	}
	return ended;
}
EXPORT_SYMBOL_GPL(dmamap_device_stopped);
