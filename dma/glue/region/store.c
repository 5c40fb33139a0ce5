// SPDX-License-Identifier: GPL-2.0
/*
 * The store: all region objects, from the first step of an allocation to the last step of
 * a release, and over the rest between two owners. The whole life is drawn at the top of
 * region.h.
 *
 * Most drivers free a size that they will want again, so a small region of the pool is
 * kept together with its memory, which stays coherent, mapped and in the directory: the
 * region *rests*. Which regions rest, for how long, and when their memory is zeroed, is
 * decided in dma/core/resting_layer.h, which keeps a pointer to the object as its handle.
 * Here is only what the kernel knows of such an object.
 *
 * Each region is on one of two lists, by its member @all:
 *   dmamap_regions   made, live, revoked, ended or at rest; @live tells which can be found;
 *                    and markers of tours, which never are
 *   dmamap_empty     an object without memory, kept to save an allocation
 *
 * The lists are protected by the machine's lock, which is the pool's, too. Allocations in
 * interrupts take it, so nothing is freed or zeroed inside. A walker of dmamap_regions that
 * finds a region live has the lock, and both ways out of a life take it after @live has
 * become false (dmamap_core_rest() and dmamap_retire()): only then is the device let go.
 *
 * @rests is for readers of the directory, which may see it a little too early or too
 * late: an ended region is then taken for one that rests, or one that wakes for one that
 * rests still. Either way the frames are coherent and have no user.
 *
 * Nothing here fails but dmamap_store_new(), which may need memory for an object. @live
 * and @life belong to the protocol of the directory: machine/directory.c.
 */
#include <linux/init.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "dma/abi/layer.h"
#include "dma/abi/machine.h"
#include "dma/abi/steps.h"
#include "dma/glue/region/region.h"

/* Entries that a tour passes while it has the lock: interrupts wait for it. */
#define TOUR_MOST 64

/* Objects without memory that are kept. */
#define EMPTY_MOST 16

static LIST_HEAD(dmamap_regions); /* made, live, ended, or at rest */
static LIST_HEAD(dmamap_empty);
static unsigned int dmamap_empty_count;

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
	region->dev = NULL;
	region->iommu = DMAMAP_IOMMU_NONE;
}

/* The lock is taken for the list anyway, so an empty object costs next to nothing. */
static struct dmamap_region *dmamap_enlist_empty(void)
{
	struct dmamap_region *region;
	u64 flags;

	flags = dmamap_machine_lock();
	region = list_first_entry_or_null(&dmamap_empty, struct dmamap_region, all);
	if (region) {
		list_move_tail(&region->all, &dmamap_regions);
		dmamap_empty_count--;
	}
	dmamap_machine_unlock(flags);
	return region;
}

static struct dmamap_region *dmamap_enlist_new(gfp_t gfp)
{
	struct dmamap_region *region = kmem_cache_alloc(dmamap_region_cache, gfp);
	u64 flags;

	if (!region)
		return NULL;
	flags = dmamap_machine_lock();
	list_add_tail(&region->all, &dmamap_regions);
	dmamap_machine_unlock(flags);
	return region;
}

/* The state that each life begins with. */
static void dmamap_prepare(struct dmamap_region *region, struct device *dev)
{
	region->dev = get_device(dev);
	region->no_snoop = false;
	region->name[0] = '\0';
	refcount_set(&region->references, 1);
	refcount_set(&region->drivers, 1);
	region->revoked = false;
	region->closed = false;
	region->device_runs = false;
	region->payer = NULL;
}

struct dmamap_region *dmamap_store_new(struct device *dev, gfp_t gfp)
{
	struct dmamap_region *region;

	if (dmamap_injected_failure() != DMAMAP_OK)
		return NULL;
	region = dmamap_enlist_empty() ?: dmamap_enlist_new(gfp);
	if (!region)
		return NULL;
	/* Not of one that wakes: a region with either of them never rests. */
	region->let_go = false;
	region->snapshot = NULL;
	dmamap_prepare(region, dev);
	return region;
}

static bool dmamap_is_live(const struct dmamap_region *region)
{
	return smp_load_acquire(&region->live); /* live before core */
}

struct dmamap_region *dmamap_store_wake(struct device *dev, size_t bytes)
{
	struct dmamap_region *region;

	region = dmamap_core_wake(((bytes - 1) >> PAGE_SHIFT) + 1, dev);
	if (region) {
		WRITE_ONCE(region->rests, false);
		dmamap_prepare(region, dev);
	}
	return region;
}

bool dmamap_store_rest(struct dmamap_region *region)
{
	struct device *dev = region->dev;

	/* First: once it rests, another allocation may wake it. */
	WRITE_ONCE(region->rests, true);
	if (!dmamap_core_rest(&region->core, region)) {
		WRITE_ONCE(region->rests, false);
		return false;
	}
	put_device(dev); /* not before: walkers of the list may have used @dev until here */
	return true;
}

/*
 * Takes a region without memory off the list, and keeps the object if there is room. No
 * grace period: readers of the directory cope with the next life.
 */
static void dmamap_retire(struct dmamap_region *region)
{
	bool keep;
	u64 flags;

	flags = dmamap_machine_lock();
	keep = dmamap_empty_count < EMPTY_MOST;
	dmamap_empty_count += keep;
	if (keep)
		list_move(&region->all, &dmamap_empty);
	else
		list_del(&region->all);
	dmamap_machine_unlock(flags);
	if (!keep)
		kmem_cache_free(dmamap_region_cache, region);
}

void dmamap_machine_retire(void *owner)
{
	struct dmamap_region *region = owner;

	WRITE_ONCE(region->rests, false);
	dmamap_retire(region);
}

void dmamap_store_drop(struct dmamap_region *region)
{
	struct device *dev = region->dev;

	dmamap_retire(region);
	put_device(dev); /* not before: walkers of the list may have used @dev until here */
}

void dmamap_for_each_region(void (*fn)(struct dmamap_region *region, void *data), void *data)
{
	struct dmamap_region *region;
	u64 flags;

	flags = dmamap_machine_lock();
	list_for_each_entry(region, &dmamap_regions, all)
		if (dmamap_is_live(region))
			fn(region, data);
	dmamap_machine_unlock(flags);
}

void dmamap_for_each_object(void (*fn)(struct dmamap_region *region, void *data), void *data)
{
	struct dmamap_region *region;
	u64 flags;

	flags = dmamap_machine_lock();
	list_for_each_entry(region, &dmamap_regions, all)
		fn(region, data);
	dmamap_machine_unlock(flags);
}

void dmamap_tour_begin(struct dmamap_tour *tour)
{
	u64 flags;

	tour->marker.live = false;
	tour->marker.dev = NULL; /* of no device, for dmamap_for_each_object() */
	tour->marker.iommu = DMAMAP_IOMMU_NONE;
	tour->passed = 0;
	flags = dmamap_machine_lock();
	list_add(&tour->marker.all, &dmamap_regions);
	dmamap_machine_unlock(flags);
}

void dmamap_tour_end(struct dmamap_tour *tour)
{
	u64 flags;

	flags = dmamap_machine_lock();
	list_del(&tour->marker.all);
	dmamap_machine_unlock(flags);
}

/* Passes some entries; the marker keeps the place when the lock is dropped. */
static bool dmamap_tour_some(struct dmamap_tour *tour,
			     bool (*wanted)(const struct dmamap_region *region, const void *data),
			     const void *data, struct dmamap_region **found)
{
	struct dmamap_region *region;
	unsigned int i;
	bool more = true;
	u64 flags;

	flags = dmamap_machine_lock();
	for (i = 0; i < TOUR_MOST && !*found; i++) {
		region = list_next_entry(&tour->marker, all);
		more = !list_entry_is_head(region, &dmamap_regions, all);
		if (!more)
			break;
		list_move(&tour->marker.all, &region->all);
		tour->passed++;
		/* A region without references is about to end by itself. */
		if (dmamap_is_live(region) && wanted(region, data) && dmamap_region_keep(region))
			*found = region;
	}
	dmamap_machine_unlock(flags);
	return more;
}

struct dmamap_region *dmamap_tour_next(struct dmamap_tour *tour,
				       bool (*wanted)(const struct dmamap_region *region,
						      const void *data),
				       const void *data)
{
	struct dmamap_region *found = NULL;

	while (dmamap_tour_some(tour, wanted, data, &found) && !found)
		cond_resched();
	return found;
}

static int __init dmamap_make_store(void)
{
	/* The C++ side finds the region that rests by its owner, see KernelMachine::rested(). */
	static_assert(offsetof(struct dmamap_region, core) == 0);
	/* Resolution reads nothing beyond @dev: keep that in one line of the cache. */
	static_assert(IS_ENABLED(CONFIG_DEBUG_LOCK_ALLOC) ||
		      offsetofend(struct dmamap_region, dev) <= 64);
	dmamap_region_cache =
		kmem_cache_create("dmamap_region", sizeof(struct dmamap_region), 0,
				  SLAB_TYPESAFE_BY_RCU | SLAB_HWCACHE_ALIGN | SLAB_PANIC,
				  dmamap_construct);
	return 0;
}
core_initcall(dmamap_make_store);
