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

/* Regions whose last reference was dropped where their end can't be waited for. */
static LLIST_HEAD(dmamap_ended);

struct dmamap_region *dmamap_get(struct dmamap_region *region)
{
	if (region)
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

/* Memory that can be allocated without sleeping can be freed so: the pool's, and pages. */
static bool dmamap_ends_at_once(const struct dmamap_region *region)
{
	return !region->payer &&
	       (region->core.chunk || region->core.strategy == DMAMAP_STRATEGY_SNOOPED);
}

/* The flip gate comes last: memory that rests or goes to the pool is not flipped. */
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

/* From the last reference to an object without memory, or to a region that rests. */
static void dmamap_end(struct dmamap_region *region)
{
	dmamap_store_end(region);
	dmamap_region_refund(region, region->core.pages);
	trace_dmamap_free(region);
	dmamap_free_snapshot(region);
	if (dmamap_store_rest(region))
		return;
	dmamap_release_memory(region);
	dmamap_store_drop(region);
}

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
