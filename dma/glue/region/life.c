// SPDX-License-Identifier: GPL-2.0
/*
 * References of regions, and the end of a region when the last one is gone. The whole
 * life is drawn at the top of region.h; all steps of the end are in dmamap_end().
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/trace.h"

/* Regions whose last reference was dropped in an interrupt, where their end can't sleep. */
static LLIST_HEAD(dmamap_ended);

struct dmamap_region *dmamap_get(struct dmamap_region *region)
{
	if (!IS_ERR_OR_NULL(region))
		refcount_inc(&region->references);
	return region;
}
EXPORT_SYMBOL_GPL(dmamap_get);

void dmamap_free_snapshot(struct dmamap_region *region)
{
	u64 i;

	if (!region->snapshot)
		return;
	for (i = 0; i < region->core.pages; i++)
		if (region->snapshot[i])
			__free_page(region->snapshot[i]);
	kvfree(region->snapshot);
	region->snapshot = NULL;
}

/* Pool and snooped regions can be freed without sleeping, unless a process must be refunded. */
static bool dmamap_ends_at_once(const struct dmamap_region *region)
{
	return !region->payer &&
	       (region->core.chunk || region->core.strategy == DMAMAP_STRATEGY_SNOOPED);
}

/* Only memory that is flipped back passes the flip gate; pool and snooped memory is not. */
static void dmamap_release_memory(struct dmamap_region *region)
{
	if (dmamap_ends_at_once(region)) {
		dmamap_core_release(&region->core);
	} else {
		dmamap_drops_enter();
		dmamap_core_release(&region->core);
		dmamap_flips_leave();
	}
}

/* An IOMMU keeps a device that was not stopped from what is another's next. */
static void dmamap_give_back(struct dmamap_region *region)
{
	dmamap_iommu_unmap(region);
	dmamap_region_refund(region, region->core.pages);
	if (dmamap_store_rest(region))
		return;
	dmamap_release_memory(region);
	dmamap_store_drop(region);
}

/*
 * All steps from the last reference to an object without memory, or to a resting region.
 * First the region can't be found any more; last the object goes, because the directory
 * names it until dmamap_release_memory() has taken the frames out.
 */
static void dmamap_end(struct dmamap_region *region)
{
	dmamap_store_end(region);
	trace_dmamap_free(region);
	dmamap_free_snapshot(region);
	dmamap_give_back(region);
}

void dmamap_region_unmake(struct dmamap_region *region)
{
	dmamap_give_back(region);
}

/* The worker for regions that were put in interrupts. */
static void dmamap_end_all(struct work_struct *unused)
{
	struct dmamap_region *region, *next;

	llist_for_each_entry_safe(region, next, llist_del_all(&dmamap_ended), ended)
		dmamap_end(region);
}

static DECLARE_WORK(dmamap_ending, dmamap_end_all);

void dmamap_regions_settle(void)
{
	flush_work(&dmamap_ending);
}

void dmamap_region_end(struct dmamap_region *region)
{
	if (dmamap_ends_at_once(region)) {
		dmamap_end(region);
	} else if (in_interrupt() || irqs_disabled()) {
		llist_add(&region->ended, &dmamap_ended);
		queue_work(system_unbound_wq, &dmamap_ending);
	} else {
		might_sleep();
		dmamap_end(region);
	}
}

void dmamap_put(struct dmamap_region *region)
{
	if (IS_ERR_OR_NULL(region) || !refcount_dec_and_test(&region->references))
		return;
	if (!region->device_runs || !dmamap_keep_abandoned(region))
		dmamap_region_end(region);
}
EXPORT_SYMBOL_GPL(dmamap_put);
