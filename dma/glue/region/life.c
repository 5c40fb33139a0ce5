// SPDX-License-Identifier: GPL-2.0
/*
 * References of regions, and the end of a region when the last one is gone. The whole
 * life is drawn at the top of region.h; all steps of the end are in dmamap_end().
 *
 * A reference is of a driver, of a part of a user mapping, or of a caller that looks for a
 * while. @references counts all of them, @drivers those of drivers again. When the last of
 * these is gone, a revoked region can't be shown to a process any more, neither itself nor
 * another in its place: reattach needs a driver that has it. Its mappings show what came
 * after it for ever, so its memory ends then, and the object with its snapshot stays for
 * the mappings (dmamap_region_let_go()).
 *
 * The last put of a driver and the revoke may come in any order, or at once: each does its
 * own half first (@drivers, or @closed) and then looks at the other's. Both may find that
 * it is their turn; revoke_lock lets only one do it.
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

/* Revoked regions that no driver has any more; the list has the reference of the last one. */
static LLIST_HEAD(dmamap_driverless);

struct dmamap_region *dmamap_get(struct dmamap_region *region)
{
	if (!IS_ERR_OR_NULL(region)) {
		refcount_inc(&region->references);
		refcount_inc(&region->drivers);
	}
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

/*
 * From here on the region can't be found, does not count, and costs no process anything. An
 * IOMMU keeps its device, stopped or not, from what is another's memory next.
 */
static __always_inline void dmamap_end_life(struct dmamap_region *region)
{
	dmamap_store_end(region);
	trace_dmamap_free(region);
	dmamap_iommu_unmap(region);
	if (region->payer)
		dmamap_region_refund(region, region->core.pages);
}

static __always_inline void dmamap_rest_or_release(struct dmamap_region *region)
{
	if (dmamap_store_rest(region))
		return;
	dmamap_release_memory(region);
	dmamap_store_drop(region);
}

/*
 * All steps from the last reference to an object without memory, or to a resting region.
 * First the region can't be found any more; last the object goes, because the directory
 * names it until dmamap_release_memory() has taken the frames out. A region that was let go
 * has done all but the last step before.
 */
static void dmamap_end(struct dmamap_region *region)
{
	if (unlikely(region->let_go)) {
		dmamap_free_snapshot(region);
		dmamap_store_drop(region);
		return;
	}
	dmamap_end_life(region);
	if (region->snapshot)
		dmamap_free_snapshot(region);
	dmamap_rest_or_release(region);
}

void dmamap_region_unmake(struct dmamap_region *region)
{
	dmamap_region_refund(region, region->core.pages);
	dmamap_rest_or_release(region);
}

bool dmamap_region_let_go(struct dmamap_region *region)
{
	bool now;

	/* A revoke may be copying the memory, and a reader of it may be under way. */
	down_write(&region->revoke_lock);
	now = region->revoked && !region->let_go && !refcount_read(&region->drivers) &&
	      !dmamap_device_runs(region);
	if (now)
		region->let_go = true;
	up_write(&region->revoke_lock);
	if (now) {
		dmamap_end_life(region);
		dmamap_release_memory(region);
	}
	return now;
}

/* The worker for regions whose put could not do all at once. */
static void dmamap_end_all(struct work_struct *unused)
{
	struct dmamap_region *region, *next;

	llist_for_each_entry_safe(region, next, llist_del_all(&dmamap_driverless), ended) {
		dmamap_region_let_go(region);
		dmamap_region_unkeep(region);
	}
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

bool dmamap_region_keep(struct dmamap_region *region)
{
	return refcount_inc_not_zero(&region->references);
}

/* In line, because each put of a region that no process shares ends here. */
static __always_inline void dmamap_drop_reference(struct dmamap_region *region)
{
	if (!refcount_dec_and_test(&region->references))
		return;
	if (unlikely(region->device_runs)) {
		dmamap_iommu_unmap(region); /* an IOMMU keeps the device out */
		if (dmamap_keep_abandoned(region))
			return;
	}
	if (likely(dmamap_ends_at_once(region)))
		dmamap_end(region);
	else
		dmamap_region_end(region);
}

void dmamap_region_unkeep(struct dmamap_region *region)
{
	dmamap_drop_reference(region);
}

/*
 * The last driver has gone. If mappings are left of a region that was revoked, a worker lets
 * its memory go, in any context of the put, and has the reference of the caller from then on.
 */
static bool dmamap_hand_over(struct dmamap_region *region)
{
	smp_mb__after_atomic(); /* drivers before closed; dmamap_revoke() has it the other way */
	if (!READ_ONCE(region->closed) || list_empty_careful(&region->maps))
		return false;
	llist_add(&region->ended, &dmamap_driverless);
	queue_work(system_unbound_wq, &dmamap_ending);
	return true;
}

void dmamap_put(struct dmamap_region *region)
{
	if (IS_ERR_OR_NULL(region))
		return;
	/* A single reference is the caller's: no mapping is left that could let go. */
	if (refcount_read(&region->references) > 1 && refcount_dec_and_test(&region->drivers) &&
	    dmamap_hand_over(region))
		return;
	dmamap_drop_reference(region);
}
EXPORT_SYMBOL_GPL(dmamap_put);
