/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the glue keeps of a region, shared by the files of dma/glue.
 *
 * Lock order, outermost first:
 *   mmap_lock (any mm), or one_at_a_time (revoke.c): who moves mappings to another region
 *     dmamap_user_map.lock         held for writing while a part gets another region
 *       dmamap_region.revoke_lock  held for reading while PTEs are inserted, for
 *                                  writing while they are zapped
 *         page table locks
 *         dmamap_region.maps_lock
 *           i_mmap_rwsem, page table locks
 *     flips (power.c)              held for reading during a flip; for writing
 *                                  while the pool is emptied to hibernate
 *       locks of mm (fs_reclaim, vmap, CMA, memtype)
 *   regions_lock (region_store.c)  taken in interrupts, too
 *     abandoned_lock (abandoned.c)
 *     names_lock (explain.c)
 *   pool_lock (pool.c), names_lock, begun_lock (trace.c), recorder_lock (steps.c),
 *   the directory's xa_lock: leaves, taken in interrupts, too
 * The shrinker of the pool runs under whatever asked for memory, a flip included:
 * it only tries to have the flips.
 */
#ifndef DMAMAP_GLUE_REGION_H
#define DMAMAP_GLUE_REGION_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <asm/barrier.h>

#include "dma/abi/layer.h"
#include "dmamap.h"

/*
 * Its memory may become another region's at once, though nothing else's before a
 * grace period has passed (region_store.c): who finds one in the directory, not having a
 * reference, looks at @life, as dmamap_directory_next() does.
 */
struct dmamap_region {
	struct dmamap_core_region core;
	unsigned int life;		/* odd while @core and @dev are complete */
	struct device *dev;		/* counted */
	bool no_snoop;			/* DMAMAP_NO_SNOOP made the difference */
	bool rests;			/* with its memory, see region_store.h */
	char name[DMAMAP_NAME_BYTES];	/* see explain.c */
	refcount_t references;
	bool revoked;			/* under revoke_lock, as the next two */
	enum dmamap_after after;
	struct page **snapshot;		/* of each page, DMAMAP_AFTER_SNAPSHOT */
	struct rw_semaphore revoke_lock;
	struct mutex maps_lock;
	struct list_head maps;		/* of dmamap_user_part, under maps_lock */
	bool closed;			/* to more of them, under maps_lock */
	struct list_head all;		/* of regions, under regions_lock */
	struct llist_node ended;	/* its end waits for a worker */
	bool device_runs;		/* dmamap_abandon(); see abandoned.c */
	struct list_head abandoned;
	struct mm_struct *payer;	/* held; DMAMAP_ACCOUNT */
};

static inline bool dmamap_core_flipped(const struct dmamap_core_region *core)
{
	return core->strategy != DMAMAP_STRATEGY_SNOOPED &&
	       core->strategy != DMAMAP_STRATEGY_ADOPTED;
}

static inline bool dmamap_region_flipped(const struct dmamap_region *region)
{
	return dmamap_core_flipped(&region->core);
}

/* region_store.c: calls @fn for each live region, under a spinlock. Context: any. */
void dmamap_for_each_region(void (*fn)(const struct dmamap_region *region, void *data),
			    void *data);

/* region.c: the last reference is gone. May sleep. */
void dmamap_region_end(struct dmamap_region *region);

/* region.c: is the configured strategy kept on this board, and the sentence why. */
bool dmamap_strategy_kept(char *why, size_t bytes);

/* region.c: counts since boot, for debugfs and tests. */
struct dmamap_counts {
	u64 regions;		/* live */
	u64 frames_coherent;	/* flipped, of regions and of the pool */
	u64 frames_in_pool;	/* of those, used by nobody */
	u64 frames_flipped;	/* flips to coherent since boot */
	u64 frames_returned;	/* flips to cached since boot */
	u64 refused;		/* allocations that failed since boot */
};

void dmamap_counts(struct dmamap_counts *counts);

/* frames.c: frames that a failed flip left in doubt. */
u64 dmamap_quarantined(void);

/* directory.c: what is known of a frame. */
enum dmamap_known {
	DMAMAP_KNOWN_NOT,
	DMAMAP_KNOWN_HELD,	/* coherent, and nobody's */
	DMAMAP_KNOWN_UNREADY,	/* of a region that is being made, or ends */
	DMAMAP_KNOWN_OWNED,	/* of a region */
};

/* A region as it was when it was found; it may have ended since. */
struct dmamap_found {
	struct dmamap_core_region core;
	const struct device *dev;	/* not counted: for its address */
};

/*
 * directory.c: whose is a frame? *@found means something if it is a region's; may be
 * NULL. Context: any.
 */
enum dmamap_known dmamap_directory_find(u64 pfn, struct dmamap_found *found);

/*
 * directory.c: the same of the first frame from *@pfn to @last that is known, and
 * in *@pfn that frame.
 */
enum dmamap_known dmamap_directory_next(u64 *pfn, u64 last, struct dmamap_found *found);

/* directory.c: frames that were flipped, and back, since boot. */
void dmamap_directory_counts(u64 *flipped, u64 *returned);

/*
 * pool.c: waits until the worker has done what it was asked for; and makes all
 * that nobody uses ordinary memory. May sleep.
 */
void dmamap_pool_settle(void);
void dmamap_pool_drain(void);
/* The second half of a drain, for who has the flips for writing. */
void dmamap_pool_empty(void);

/* pool.c: limits in pages, see struct PoolLimits (dma/core/pooled_layer.h). */
struct dmamap_pool_limits {
	u64 floor;
	u64 bound;
};

void dmamap_pool_limits(struct dmamap_pool_limits *limits);

/* region.c: waits for regions that were put in interrupts. May sleep. */
void dmamap_regions_settle(void);

/* resolve.c: name of an enum dmamap_behind. */
const char *dmamap_behind_name(u32 behind);

/* status.c: errno of an enum dmamap_status. */
int dmamap_errno(u32 status);

/* revoke.c: what stands in for the region after it was revoked, if anything. */
void dmamap_free_snapshot(struct dmamap_region *region);

/* vma.c: is this a mapping that dmamap_mmap() made? */
bool dmamap_is_user_map(const struct vm_area_struct *vma);

/* mapping.c: protection of mappings with this attribute (enum dmamap_attribute). */
pgprot_t dmamap_pgprot(u32 attribute, pgprot_t prot);

#endif /* DMAMAP_GLUE_REGION_H */
