// SPDX-License-Identifier: GPL-2.0
/*
 * The store: all region objects, from the first step of an allocation to the last step of
 * a release, and regions that rest between two owners. The whole life is drawn at the top
 * of region.h.
 *
 * Most drivers free a size that they will want again. A small region of the pool is
 * therefore kept together with its memory, which stays coherent, mapped and in the
 * directory: the region *rests*. The next allocation of as many pages wakes it, which
 * costs one lock and neither a flip nor a change of the directory.
 *
 * Each region is on exactly one list, by its member @all:
 *   dmamap_regions          made, live, revoked or ended; @live tells which can be found
 *   dmamap_dirty            resting, and still full of its last owner's data
 *   dmamap_resting[].ready  resting, and zero; a list for each number of pages
 *   dmamap_empty            an object without memory, kept to save an allocation
 * or on a private list of the function that is moving it. regions_lock protects the lists
 * and the counts beside them. Allocations in interrupts take that lock, so memory is
 * zeroed and given back without it, from a private list: while a region is there, no
 * other CPU finds it. A region that is being zeroed stays counted as resting; one on the
 * way to the pool does not.
 *
 * A region that comes to rest is *dirty*. It is not lent again before the worker has
 * zeroed it: no owner ever sees data of another. Enough dirty pages (REST_DIRTY) wake the
 * worker; an allocation that finds no zero region does not zero one, but asks the pool.
 *
 * The worker (machine/pool_worker.c) runs alone. For each number of pages of which no
 * region was woken since its last visit, it gives about half of the zero regions
 * back to the pool, the longest unused first; then it zeroes the dirty ones.
 * dmamap_store_empty() gives everything back at once, in any context, for the shrinker,
 * for hibernation and for an atomic request that finds the pool empty. Regions that the
 * worker has on its private list escape that call and rest again afterwards.
 *
 * Resting memory is bounded three times: by the size of a region (REST_MOST), by the
 * pages of one size (REST_EACH) and by all pages (REST_ALL). A region beyond a bound ends.
 *
 * Nothing here fails but dmamap_store_new(), which may need memory for an object.
 * @live and @life belong to the protocol of the directory: machine/directory.c.
 */
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "dma/abi/layer.h"
#include "dma/abi/machine.h"
#include "dma/abi/steps.h"
#include "dma/glue/region/region.h"

/* How many objects without memory are kept. */
#define SPARES 16

/* Bounds in pages: of one resting region, of all with as many pages, and of all. */
#define REST_MOST 16
#define REST_EACH 64
#define REST_ALL min(256UL, CONFIG_DMAMAP_POOL_KIB * 256UL >> PAGE_SHIFT)

/* Wake the worker once this many pages are dirty. */
#define REST_DIRTY 32

/* Resting regions of one size; the place in the array is that size. */
struct resting {
	struct list_head ready; /* zero; the one that rests longest is the last */
	unsigned int pages; /* of all resting regions of this size, dirty ones too */
	bool wanted; /* an allocation took one since the worker's last visit */
};

/* Protects the lists of all regions and the counts in this file. */
static DEFINE_SPINLOCK(dmamap_regions_lock);
static LIST_HEAD(dmamap_regions); /* live, or being made or ended */
static LIST_HEAD(dmamap_empty);
static unsigned int dmamap_empty_count;
static struct resting dmamap_resting[REST_MOST];
static LIST_HEAD(dmamap_dirty);
static unsigned int dmamap_dirty_pages;
static unsigned int dmamap_resting_pages;

/*
 * SLAB_TYPESAFE_BY_RCU: a freed object may be used again at once, but stays a region for
 * readers of the directory.
 */
static struct kmem_cache *dmamap_region_cache;

/*
 * Runs once for each object, not once for each life. @life must never be set back, and
 * the other members are left by each life as they are here.
 */
static void dmamap_construct(void *object)
{
	struct dmamap_region *region = object;

	seqcount_init(&region->life);
	region->live = false;
	region->rests = false;
	init_rwsem(&region->revoke_lock);
	mutex_init(&region->maps_lock);
	INIT_LIST_HEAD(&region->maps);
}

/* A kept object costs next to nothing: the lock is taken for dmamap_regions anyway. */
static struct dmamap_region *dmamap_enlist_empty(void)
{
	struct dmamap_region *region;
	unsigned long flags;

	spin_lock_irqsave(&dmamap_regions_lock, flags);
	region = list_first_entry_or_null(&dmamap_empty, struct dmamap_region, all);
	if (region) {
		list_move_tail(&region->all, &dmamap_regions);
		dmamap_empty_count--;
	}
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	return region;
}

static struct dmamap_region *dmamap_enlist_new(gfp_t gfp)
{
	struct dmamap_region *region = kmem_cache_alloc(dmamap_region_cache, gfp);
	unsigned long flags;

	if (!region)
		return NULL;
	spin_lock_irqsave(&dmamap_regions_lock, flags);
	list_add_tail(&region->all, &dmamap_regions);
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	return region;
}

/*
 * The state in which each life begins. @core is left alone: a woken region keeps it, and
 * no reader looks at it before the region is live.
 */
static void dmamap_prepare(struct dmamap_region *region, struct device *dev)
{
	region->dev = get_device(dev);
	region->no_snoop = false;
	region->name[0] = '\0';
	refcount_set(&region->references, 1);
	region->revoked = false;
	region->snapshot = NULL;
	region->closed = false;
	region->device_runs = false;
	region->payer = NULL;
}

struct dmamap_region *dmamap_store_new(struct device *dev, gfp_t gfp)
{
	struct dmamap_region *region;

	if (dmamap_fault() != DMAMAP_OK)
		return NULL;
	region = dmamap_enlist_empty() ?: dmamap_enlist_new(gfp);
	if (region)
		dmamap_prepare(region, dev);
	return region;
}

void dmamap_store_begin(struct dmamap_region *region)
{
	smp_store_release(&region->live, true); /* core before live */
}

void dmamap_store_end(struct dmamap_region *region)
{
	WRITE_ONCE(region->live, false);
	write_seqcount_invalidate(&region->life); /* live before life */
	smp_wmb(); /* life before the core of the next life */
}

static bool dmamap_is_live(const struct dmamap_region *region)
{
	return smp_load_acquire(&region->live); /* live before core */
}

/*
 * Caller holds regions_lock. Only the first entry is tried: if @dev can't reach it, the
 * caller falls back to the pool.
 */
static struct dmamap_region *dmamap_wake_first_locked(struct resting *of, struct device *dev,
						      unsigned int pages)
	__must_hold(&dmamap_regions_lock)
{
	struct dmamap_region *region;

	lockdep_assert_held(&dmamap_regions_lock);
	region = list_first_entry_or_null(&of->ready, struct dmamap_region, all);
	if (!region || dmamap_machine_bus_address(dev, region->core.pfn, pages,
						  &region->core.bus) != DMAMAP_OK)
		return NULL;
	list_move_tail(&region->all, &dmamap_regions);
	WRITE_ONCE(region->rests, false);
	of->wanted = true;
	of->pages -= pages;
	dmamap_resting_pages -= pages;
	return region;
}

struct dmamap_region *dmamap_store_wake(struct device *dev, size_t bytes)
{
	const size_t pages = ((bytes - 1) >> PAGE_SHIFT) + 1;
	struct dmamap_region *region;
	unsigned long flags;

	if (pages > REST_MOST)
		return NULL;
	spin_lock_irqsave(&dmamap_regions_lock, flags);
	region = dmamap_wake_first_locked(&dmamap_resting[pages - 1], dev, pages);
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	if (region)
		dmamap_prepare(region, dev);
	return region;
}

bool dmamap_store_rest(struct dmamap_region *region)
{
	const unsigned int pages = min_t(u64, region->core.pages, UINT_MAX);
	struct device *dev = region->dev;
	struct resting *to;
	unsigned long flags;
	bool room, ask;

	if (!region->core.chunk || pages > REST_MOST)
		return false;
	to = &dmamap_resting[pages - 1];
	spin_lock_irqsave(&dmamap_regions_lock, flags);
	room = to->pages + pages <= REST_EACH && dmamap_resting_pages + pages <= REST_ALL;
	ask = room && dmamap_dirty_pages < REST_DIRTY && dmamap_dirty_pages + pages >= REST_DIRTY;
	if (room) {
		to->pages += pages;
		dmamap_resting_pages += pages;
		dmamap_dirty_pages += pages;
		WRITE_ONCE(region->rests, true);
		list_move_tail(&region->all, &dmamap_dirty);
	}
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	if (ask)
		dmamap_machine_tend_later();
	/* Walkers that hold regions_lock may use @dev until the entry has moved. */
	if (room)
		put_device(dev);
	return room;
}

/*
 * Takes a region without memory off its list, whichever that is, and keeps the object if
 * there is room. No grace period: readers of the directory cope with the next life.
 */
static void dmamap_retire(struct dmamap_region *region)
{
	unsigned long flags;
	bool keep;

	spin_lock_irqsave(&dmamap_regions_lock, flags);
	keep = dmamap_empty_count < SPARES;
	dmamap_empty_count += keep;
	if (keep)
		list_move(&region->all, &dmamap_empty);
	else
		list_del(&region->all);
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	if (!keep)
		kmem_cache_free(dmamap_region_cache, region);
}

void dmamap_store_drop(struct dmamap_region *region)
{
	struct device *dev = region->dev;

	dmamap_retire(region);
	put_device(dev); /* not before: walkers of the list may have used @dev until here */
}

u64 dmamap_store_resting(void)
{
	return READ_ONCE(dmamap_resting_pages);
}

/*
 * Zeroes all dirty regions. Only the worker calls this, so the private list is its own;
 * the lock is taken for each region, because its new list belongs to all.
 */
static void dmamap_clean_dirty(void)
{
	struct dmamap_region *region, *next;
	unsigned long flags;
	LIST_HEAD(some);

	spin_lock_irqsave(&dmamap_regions_lock, flags);
	list_splice_init(&dmamap_dirty, &some);
	dmamap_dirty_pages = 0;
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	list_for_each_entry_safe(region, next, &some, all) {
		dmamap_core_clean(&region->core);
		spin_lock_irqsave(&dmamap_regions_lock, flags);
		list_move(&region->all, &dmamap_resting[region->core.pages - 1].ready);
		spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	}
}

/*
 * Moves the regions that rest longest from @from to @to, up to @most pages, and stops at
 * the first that does not fit. Caller holds regions_lock.
 */
static void dmamap_take_oldest_locked(struct list_head *from, unsigned int most,
				      struct list_head *to) __must_hold(&dmamap_regions_lock)
{
	struct dmamap_region *region, *next;

	lockdep_assert_held(&dmamap_regions_lock);
	list_for_each_entry_safe_reverse(region, next, from, all) {
		const unsigned int pages = region->core.pages;

		if (pages > most)
			break;
		most -= pages;
		dmamap_resting[pages - 1].pages -= pages;
		dmamap_resting_pages -= pages;
		list_move(&region->all, to);
	}
}

/* Gives the memory of regions on a private list to the pool, without a lock held. */
static void dmamap_give_back(struct list_head *of)
{
	struct dmamap_region *region, *next;

	list_for_each_entry_safe(region, next, of, all) {
		dmamap_core_release(&region->core);
		WRITE_ONCE(region->rests, false);
		dmamap_retire(region);
	}
}

/* Releases half per pass, so that a size in occasional use keeps some entries. */
static void dmamap_give_back_unwanted(void)
{
	unsigned long flags;
	unsigned int i;
	LIST_HEAD(unwanted);

	spin_lock_irqsave(&dmamap_regions_lock, flags);
	for (i = 0; i < REST_MOST; i++) {
		if (!dmamap_resting[i].wanted)
			dmamap_take_oldest_locked(&dmamap_resting[i].ready,
						  dmamap_resting[i].pages / 2 + i + 1, &unwanted);
		dmamap_resting[i].wanted = false;
	}
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	dmamap_give_back(&unwanted);
}

void dmamap_store_tend(void)
{
	dmamap_give_back_unwanted();
	dmamap_clean_dirty();
}

void dmamap_store_empty(void)
{
	unsigned long flags;
	unsigned int i;
	LIST_HEAD(all);

	spin_lock_irqsave(&dmamap_regions_lock, flags);
	for (i = 0; i < REST_MOST; i++)
		dmamap_take_oldest_locked(&dmamap_resting[i].ready, UINT_MAX, &all);
	dmamap_take_oldest_locked(&dmamap_dirty, UINT_MAX, &all);
	dmamap_dirty_pages = 0;
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
	dmamap_give_back(&all);
}

void dmamap_for_each_region(void (*fn)(struct dmamap_region *region, void *data), void *data)
{
	struct dmamap_region *region;
	unsigned long flags;

	spin_lock_irqsave(&dmamap_regions_lock, flags);
	list_for_each_entry(region, &dmamap_regions, all)
		if (dmamap_is_live(region))
			fn(region, data);
	spin_unlock_irqrestore(&dmamap_regions_lock, flags);
}

static int __init dmamap_make_store(void)
{
	unsigned int i;

	for (i = 0; i < REST_MOST; i++)
		INIT_LIST_HEAD(&dmamap_resting[i].ready);
	/* Resolution reads nothing beyond @dev: keep that in one cache line. */
	static_assert(IS_ENABLED(CONFIG_DEBUG_LOCK_ALLOC) ||
		      offsetofend(struct dmamap_region, dev) <= 64);
	dmamap_region_cache =
		kmem_cache_create("dmamap_region", sizeof(struct dmamap_region), 0,
				  SLAB_TYPESAFE_BY_RCU | SLAB_HWCACHE_ALIGN | SLAB_PANIC,
				  dmamap_construct);
	return 0;
}
core_initcall(dmamap_make_store);
