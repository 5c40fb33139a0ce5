// SPDX-License-Identifier: GPL-2.0
/*
 * The upkeep of the pool of coherent frames (dma/core/pooled_layer.h): the worker, which
 * brings the pool back between its limits, zeroes freed pages and looks after resting
 * regions (region/store.c), and the shrinker, which gives frames back when the system is
 * short of memory. Both flip frames, so both pass the flip gate.
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"

/*
 * Protects the pool, for the C++ side, and the lists of all regions (region/store.c). Only
 * abandoned_lock is taken inside.
 */
static DEFINE_SPINLOCK(dmamap_pool_lock);

/* Returns with the pool_lock held, until dmamap_machine_unlock() gets the same flags. */
u64 dmamap_machine_lock(void) __acquires(&dmamap_pool_lock)
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_pool_lock, flags);
	return flags;
}

void dmamap_machine_unlock(u64 flags) __releases(&dmamap_pool_lock)
{
	lockdep_assert_held(&dmamap_pool_lock);
	spin_unlock_irqrestore(&dmamap_pool_lock, flags);
}

/* The worker. Runs alone: a work item is never on two CPUs at once. */
static void dmamap_tend_pool(struct work_struct *unused)
{
	if (dmamap_flips_enter())
		return; /* hibernation: queued again when it is over (hibernate.c) */
	dmamap_core_pool_tend();
	dmamap_flips_leave();
}

static DECLARE_WORK(dmamap_tending, dmamap_tend_pool);

void dmamap_machine_tend_later(void)
{
	queue_work(system_unbound_wq, &dmamap_tending);
}

/* Pages that the worker gives back may be enough to queue it again. */
void dmamap_pool_settle(void)
{
	while (flush_work(&dmamap_tending))
		;
}

/* Caller holds the flip gate: dmamap_pool_drain() for reading, hibernate.c for writing. */
void dmamap_pool_empty(void)
{
	dmamap_core_empty();
	while (dmamap_core_pool_shrink(0))
		;
}

void dmamap_pool_drain(void)
{
	dmamap_core_empty();
	dmamap_pool_settle(); /* for the worker that dmamap_core_empty() may have queued */
	dmamap_drops_enter();
	dmamap_pool_empty();
	dmamap_flips_leave();
}

/* Coherent frames that no owner has: free in the pool, or of a resting region. */
static u64 dmamap_pool_unused(void)
{
	return dmamap_core_pool_free() + dmamap_core_resting();
}

static u64 dmamap_pool_floor(void)
{
	struct dmamap_core_limits limits;

	dmamap_core_pool_limits(&limits);
	return limits.floor;
}

/* Everything above the floor, which is kept for requests that can't sleep. */
static unsigned long dmamap_shrink_count(struct shrinker *shrinker, struct shrink_control *control)
{
	const u64 pages = dmamap_pool_unused(), floor = dmamap_pool_floor();

	return pages > floor ? pages - floor : SHRINK_EMPTY;
}

/*
 * Chunks go back as a whole, so this may free more than was asked. The result is what
 * has left the pool meanwhile, for other callers too: a rough count is enough here.
 */
static unsigned long dmamap_shrink_scan(struct shrinker *shrinker, struct shrink_control *control)
{
	const u64 before = dmamap_pool_unused(), floor = dmamap_pool_floor();
	u64 now = before;

	/* The task that allocates may be in the middle of a flip: do not wait here. */
	if (!dmamap_drops_try_enter())
		return SHRINK_STOP;
	dmamap_core_empty(); /* a single resting page would keep its whole chunk */
	while (before - now < control->nr_to_scan && dmamap_core_pool_shrink(floor))
		now = dmamap_core_pool_free();
	dmamap_flips_leave();
	return now < before ? before - now : SHRINK_STOP;
}

static int __init dmamap_pool_init(void)
{
	struct shrinker *shrinker = shrinker_alloc(0, "dmamap-pool");

	if (!shrinker) {
		pr_warn("no memory for the shrinker: the pool keeps up to %d KiB\n",
			CONFIG_DMAMAP_POOL_KIB);
	} else {
		shrinker->count_objects = dmamap_shrink_count;
		shrinker->scan_objects = dmamap_shrink_scan;
		shrinker_register(shrinker);
	}
	dmamap_machine_tend_later(); /* fills the floor for the first atomic request */
	return 0;
}
late_initcall(dmamap_pool_init);
