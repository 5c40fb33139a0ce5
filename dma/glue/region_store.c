// SPDX-License-Identifier: GPL-2.0
/*
 * Regions from the first step of an allocation to the last of a release.
 *
 * Most drivers free what they will want again. So a small region of the pool is kept
 * with its memory, which stays coherent, mapped and in the directory: it rests. It has
 * been somebody's, so the worker zeroes it before it is anybody else's, and gives back
 * what nobody has wanted between two of his visits.
 */
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "dma/abi/layer.h"
#include "dma/abi/machine.h"
#include "dma/abi/steps.h"
#include "dma/glue/region_store.h"

/* Objects without memory that are kept. */
#define SPARES		16

/* Of a region that rests, of all that have as many, and of all, in pages. */
#define REST_MOST	16
#define REST_EACH	64
#define REST_ALL	min(256UL, CONFIG_DMAMAP_POOL_KIB * 256UL >> PAGE_SHIFT)

/* Dirty pages that are worth the worker's while. */
#define REST_DIRTY	32

/* Regions that rest and have as many pages as each other. */
struct resting {
	struct list_head ready;		/* zero; the last that came first */
	unsigned int pages;		/* of these, and of those that are dirty */
	bool wanted;			/* since the worker was here */
};

/* The lists of all regions, and with it all that is in this file. */
static DEFINE_SPINLOCK(regions_lock);
static LIST_HEAD(regions);		/* live, or being made or ended */
static LIST_HEAD(spare);
static unsigned int spares;
static struct resting resting[REST_MOST];
static LIST_HEAD(dirty);
static unsigned int dirty_pages;
static unsigned int resting_pages;

/* Used again at once; what is constructed stays so over the lives of a region. */
static struct kmem_cache *cache;

static void construct(void *object)
{
	struct dmamap_region *region = object;

	region->life = 0;
	region->rests = false;
	init_rwsem(&region->revoke_lock);
	mutex_init(&region->maps_lock);
	INIT_LIST_HEAD(&region->maps);
}

/* The lock is taken for the list anyway, so a spare one costs next to nothing. */
static struct dmamap_region *enlist_spare(void)
{
	struct dmamap_region *region;
	unsigned long flags;

	spin_lock_irqsave(&regions_lock, flags);
	region = list_first_entry_or_null(&spare, struct dmamap_region, all);
	if (region) {
		list_move_tail(&region->all, &regions);
		spares--;
	}
	spin_unlock_irqrestore(&regions_lock, flags);
	return region;
}

static struct dmamap_region *enlist_new(gfp_t gfp)
{
	struct dmamap_region *region = kmem_cache_alloc(cache, gfp);
	unsigned long flags;

	if (!region)
		return NULL;
	spin_lock_irqsave(&regions_lock, flags);
	list_add_tail(&region->all, &regions);
	spin_unlock_irqrestore(&regions_lock, flags);
	return region;
}

/* What each life begins with. */
static void prepare(struct dmamap_region *region, struct device *dev)
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
	region = enlist_spare() ?: enlist_new(gfp);
	if (region)
		prepare(region, dev);
	return region;
}

void dmamap_store_begin(struct dmamap_region *region)
{
	smp_store_release(&region->life, region->life + 1);	/* core before life */
}

void dmamap_store_end(struct dmamap_region *region)
{
	WRITE_ONCE(region->life, region->life + 1);
	smp_wmb();	/* life before the core of the next one */
}

static bool is_live(const struct dmamap_region *region)
{
	return smp_load_acquire(&region->life) & 1;	/* life before core */
}

/* Under the lock. The first will do, or the pool is asked. */
static struct dmamap_region *wake_first(struct resting *of, struct device *dev, unsigned int pages)
{
	struct dmamap_region *region;

	region = list_first_entry_or_null(&of->ready, struct dmamap_region, all);
	if (!region || dmamap_machine_bus_address(dev, region->core.pfn, pages,
						  &region->core.bus) != DMAMAP_OK)
		return NULL;
	list_move_tail(&region->all, &regions);
	WRITE_ONCE(region->rests, false);
	of->wanted = true;
	of->pages -= pages;
	resting_pages -= pages;
	return region;
}

struct dmamap_region *dmamap_store_wake(struct device *dev, size_t bytes)
{
	const size_t pages = ((bytes - 1) >> PAGE_SHIFT) + 1;
	struct dmamap_region *region;
	unsigned long flags;

	if (pages > REST_MOST)
		return NULL;
	spin_lock_irqsave(&regions_lock, flags);
	region = wake_first(&resting[pages - 1], dev, pages);
	spin_unlock_irqrestore(&regions_lock, flags);
	if (region)
		prepare(region, dev);
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
	to = &resting[pages - 1];
	spin_lock_irqsave(&regions_lock, flags);
	room = to->pages + pages <= REST_EACH && resting_pages + pages <= REST_ALL;
	ask = room && dirty_pages < REST_DIRTY && dirty_pages + pages >= REST_DIRTY;
	if (room) {
		to->pages += pages;
		resting_pages += pages;
		dirty_pages += pages;
		WRITE_ONCE(region->rests, true);
		list_move_tail(&region->all, &dirty);
	}
	spin_unlock_irqrestore(&regions_lock, flags);
	if (ask)
		dmamap_machine_tend_later();
	/* Who has the list may have looked at it up to now. */
	if (room)
		put_device(dev);
	return room;
}

/* It is on a list still. */
static void retire(struct dmamap_region *region)
{
	unsigned long flags;
	bool keep;

	spin_lock_irqsave(&regions_lock, flags);
	keep = spares < SPARES;
	spares += keep;
	if (keep)
		list_move(&region->all, &spare);
	else
		list_del(&region->all);
	spin_unlock_irqrestore(&regions_lock, flags);
	if (!keep)
		kmem_cache_free(cache, region);
}

void dmamap_store_drop(struct dmamap_region *region)
{
	struct device *dev = region->dev;

	retire(region);
	put_device(dev);	/* who has the list may have looked at it up to now */
}

u64 dmamap_store_resting(void)
{
	return READ_ONCE(resting_pages);
}

static void clean_dirty(void)
{
	struct dmamap_region *region, *next;
	unsigned long flags;
	LIST_HEAD(some);

	spin_lock_irqsave(&regions_lock, flags);
	list_splice_init(&dirty, &some);
	dirty_pages = 0;
	spin_unlock_irqrestore(&regions_lock, flags);
	list_for_each_entry_safe(region, next, &some, all) {
		dmamap_core_clean(&region->core);
		spin_lock_irqsave(&regions_lock, flags);
		list_move(&region->all, &resting[region->core.pages - 1].ready);
		spin_unlock_irqrestore(&regions_lock, flags);
	}
}

/* Under the lock: the @most pages of @from that wait longest go to @to. */
static void take_oldest(struct list_head *from, unsigned int most, struct list_head *to)
{
	struct dmamap_region *region, *next;

	list_for_each_entry_safe_reverse(region, next, from, all) {
		const unsigned int pages = region->core.pages;

		if (pages > most)
			break;
		most -= pages;
		resting[pages - 1].pages -= pages;
		resting_pages -= pages;
		list_move(&region->all, to);
	}
}

/* Their pages are the pool's again. */
static void give_back(struct list_head *of)
{
	struct dmamap_region *region, *next;

	list_for_each_entry_safe(region, next, of, all) {
		dmamap_core_release(&region->core);
		WRITE_ONCE(region->rests, false);
		retire(region);
	}
}

/* Half at a time: what is wanted now and then, is wanted again perhaps. */
static void give_back_unwanted(void)
{
	unsigned long flags;
	unsigned int i;
	LIST_HEAD(unwanted);

	spin_lock_irqsave(&regions_lock, flags);
	for (i = 0; i < REST_MOST; i++) {
		if (!resting[i].wanted)
			take_oldest(&resting[i].ready, resting[i].pages / 2 + i + 1, &unwanted);
		resting[i].wanted = false;
	}
	spin_unlock_irqrestore(&regions_lock, flags);
	give_back(&unwanted);
}

void dmamap_store_tend(void)
{
	give_back_unwanted();
	clean_dirty();
}

void dmamap_store_empty(void)
{
	unsigned long flags;
	unsigned int i;
	LIST_HEAD(all);

	spin_lock_irqsave(&regions_lock, flags);
	for (i = 0; i < REST_MOST; i++)
		take_oldest(&resting[i].ready, UINT_MAX, &all);
	take_oldest(&dirty, UINT_MAX, &all);
	dirty_pages = 0;
	spin_unlock_irqrestore(&regions_lock, flags);
	give_back(&all);
}

void dmamap_for_each_region(void (*fn)(const struct dmamap_region *region, void *data),
			    void *data)
{
	const struct dmamap_region *region;
	unsigned long flags;

	spin_lock_irqsave(&regions_lock, flags);
	list_for_each_entry(region, &regions, all)
		if (is_live(region))
			fn(region, data);
	spin_unlock_irqrestore(&regions_lock, flags);
}

static int __init make_store(void)
{
	unsigned int i;

	for (i = 0; i < REST_MOST; i++)
		INIT_LIST_HEAD(&resting[i].ready);
	/* Who resolves an address reads no more of a region: one line of the cache. */
	static_assert(offsetofend(struct dmamap_region, dev) <= 64);
	cache = kmem_cache_create("dmamap_region", sizeof(struct dmamap_region), 0,
				  SLAB_TYPESAFE_BY_RCU | SLAB_HWCACHE_ALIGN | SLAB_PANIC,
				  construct);
	return 0;
}
core_initcall(make_store);
