// SPDX-License-Identifier: GPL-2.0
/*
 * Who looks after the pool of coherent frames (dma/core/pooled_layer.h): a
 * worker that brings it back between its limits, and a shrinker.
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"

#define FLOOR (CONFIG_DMAMAP_POOL_ATOMIC_KIB * 1024UL >> PAGE_SHIFT)
#define BOUND (CONFIG_DMAMAP_POOL_KIB * 1024UL >> PAGE_SHIFT)

static DEFINE_SPINLOCK(dmamap_pool_lock); /* leaf */

u64 dmamap_machine_lock(void)
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_pool_lock, flags);
	return flags;
}

void dmamap_machine_unlock(u64 flags)
{
	spin_unlock_irqrestore(&dmamap_pool_lock, flags);
}

static void dmamap_tend_pool(struct work_struct *dmamap_pool_unused)
{
	if (dmamap_flips_enter())
		return; /* asked again when hibernation is over */
	dmamap_store_tend();
	dmamap_core_pool_tend();
	dmamap_flips_leave();
}

static DECLARE_WORK(dmamap_tending, dmamap_tend_pool);

void dmamap_machine_tend_later(void)
{
	queue_work(system_unbound_wq, &dmamap_tending);
}

void dmamap_pool_settle(void)
{
	flush_work(&dmamap_tending);
}

void dmamap_pool_empty(void)
{
	dmamap_store_empty();
	while (dmamap_core_pool_shrink(0))
		;
}

void dmamap_pool_drain(void)
{
	dmamap_store_empty();
	dmamap_pool_settle(); /* whom that may have asked */
	dmamap_drops_enter();
	dmamap_pool_empty();
	dmamap_flips_leave();
}

void dmamap_pool_limits(struct dmamap_pool_limits *limits)
{
	*limits = (struct dmamap_pool_limits){ .floor = FLOOR, .bound = BOUND };
}

static u64 dmamap_pool_unused(void)
{
	return dmamap_core_pool_free() + dmamap_store_resting();
}

static unsigned long dmamap_shrink_count(struct shrinker *shrinker, struct shrink_control *control)
{
	const u64 pages = dmamap_pool_unused();

	return pages > FLOOR ? pages - FLOOR : SHRINK_EMPTY;
}

static unsigned long dmamap_shrink_scan(struct shrinker *shrinker, struct shrink_control *control)
{
	const u64 before = dmamap_pool_unused();
	u64 now = before;

	/* Who asks for memory may be in the middle of a flip: no waiting here. */
	if (!dmamap_drops_try_enter())
		return SHRINK_STOP;
	dmamap_store_empty(); /* one page that rests keeps its whole chunk */
	while (before - now < control->nr_to_scan && dmamap_core_pool_shrink(FLOOR))
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
	dmamap_machine_tend_later(); /* for the first who can't sleep */
	return 0;
}
late_initcall(dmamap_pool_init);
