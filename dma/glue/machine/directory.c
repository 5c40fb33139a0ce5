// SPDX-License-Identifier: GPL-2.0
/*
 * The directory: which region owns a frame. Resolution asks it in any context, also
 * while regions are made and ended, so readers take no lock.
 *
 * A *slot* stands for one frame and holds NULL (the layer does not have the frame),
 * HELD (the frame is coherent and of no region), or a pointer to a region. A *block* has
 * the slots of BLOCK neighbouring frames, and an XArray finds the blocks.
 *
 * Changes of slots:
 *  - publish, hold and withdraw change whether a frame is known, with the xa_lock held,
 *    because @used decides when a block goes. Publish and hold may need memory for a
 *    block, so they can fail; withdraw can't.
 *  - lend and recall swap HELD for a region and back. The caller has taken the frames
 *    out of the pool, or has just flipped them, so no other CPU writes these slots; and
 *    the slots are counted in @used, so their blocks stay. A plain store is enough, and
 *    can't fail. A region that rests keeps its slots: it wakes without a store here.
 *
 * Readers are in an RCU read section. That keeps blocks (kfree_rcu()) and the memory of
 * region objects, but not the region: the object may be freed and begin its next life
 * meanwhile. SLAB_TYPESAFE_BY_RCU is enough for that, and no end of a region waits for a
 * grace period: the memory stays a struct dmamap_region, and @life, which only the
 * constructor sets up, goes on counting from one life to the next. A reader copies @core
 * and @dev and then proves that the copy belongs to one life (dmamap_read_region()).
 *
 * The protocol has three files: region.c fills @core between dmamap_store_new() and
 * dmamap_store_begin(), store.c changes @live and @life, this file reads. The pairs:
 *  - dmamap_store_begin() writes @core, then releases @live; the reader acquires @live,
 *    then reads @core. A region that looks live has its core complete.
 *  - dmamap_store_end() clears @live, then changes @life, then lets the next life write
 *    @core. The reader reads @life, then @live, then @core, then @life again. If the
 *    copy has anything of a later life, the second look at @life differs; and the next
 *    round, which begins with the new @life, does not find the old @live any more.
 *  - The slot is read again after the copy: the region had the frame's slot when the copy
 *    was complete. The frame must lie inside the copy as well, because a slot may still
 *    name an object whose next life has begun with other frames.
 *
 * An answer is therefore one that was right at some moment of the call. On return it may
 * be out of date, unless the caller keeps the region alive by other means.
 */
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/trace.h"

#define SHIFT 6
#define BLOCK (1UL << SHIFT)

#define HELD ((struct dmamap_region *)1UL)

/* The slots of BLOCK frames, which is as many as a node of the XArray has entries. */
struct block {
	unsigned long index;
	unsigned int used; /* slots that are not NULL; protected by the xa_lock */
	struct rcu_head rcu;
	struct dmamap_region *owner[BLOCK];
};

/* Regions of snooping devices are published and withdrawn in interrupts, too. */
static DEFINE_XARRAY_FLAGS(dmamap_directory, XA_FLAGS_LOCK_IRQ);
static struct kmem_cache *dmamap_block_cache;

/* One-entry cache of a block: consecutive lend and recall calls mostly hit the same one. */
static struct block *dmamap_recent_block;

static atomic64_t dmamap_frames_flipped;
static atomic64_t dmamap_frames_returned;

/* How many of @pages frames lie in the same block as the first one, @pfn. */
static unsigned int dmamap_in_block(u64 pfn, u64 pages)
{
	return min_t(u64, pages, BLOCK - (pfn & (BLOCK - 1)));
}

static struct dmamap_region **dmamap_owner_in(struct block *block, u64 pfn)
{
	return &block->owner[pfn & (BLOCK - 1)];
}

/*
 * Clears slots of one block, and frees the block when no slot is left in use. Readers may
 * still be in the block, so it is freed after a grace period.
 */
static void dmamap_erase_some(u64 pfn, unsigned int pages)
{
	unsigned long flags;
	struct block *block;
	unsigned int i;

	xa_lock_irqsave(&dmamap_directory, flags);
	block = xa_load(&dmamap_directory, pfn >> SHIFT);
	for (i = 0; block && i < pages; i++) {
		struct dmamap_region **owner = dmamap_owner_in(block, pfn + i);

		block->used -= !!*owner;
		WRITE_ONCE(*owner, NULL);
	}
	if (block && !block->used) {
		__xa_erase(&dmamap_directory, block->index);
		if (dmamap_recent_block == block)
			WRITE_ONCE(dmamap_recent_block, NULL);
	} else {
		block = NULL;
	}
	xa_unlock_irqrestore(&dmamap_directory, flags);
	kfree_rcu(block, rcu);
}

static void dmamap_erase(u64 pfn, u64 pages)
{
	unsigned int some;

	for (; pages; pfn += some, pages -= some) {
		some = dmamap_in_block(pfn, pages);
		dmamap_erase_some(pfn, some);
	}
}

/*
 * Fills all of the slots or none: a frame that is known already is DMAMAP_BUSY. Caller
 * holds the xa_lock.
 */
static u32 dmamap_fill_block_locked(struct block *block, u64 pfn, unsigned int pages,
				    struct dmamap_region *owner)
	__must_hold(&dmamap_directory.xa_lock)
{
	unsigned int i;

	lockdep_assert_held(&dmamap_directory.xa_lock);
	for (i = 0; i < pages; i++)
		if (*dmamap_owner_in(block, pfn + i))
			return DMAMAP_BUSY;
	for (i = 0; i < pages; i++)
		WRITE_ONCE(*dmamap_owner_in(block, pfn + i), owner);
	block->used += pages;
	return DMAMAP_OK;
}

/*
 * Enters frames of one block: all, or none. A new block is allocated without the
 * xa_lock; if another CPU has stored one for the same frames by then, that one is used,
 * and @fresh is freed at the end.
 */
static u32 dmamap_enter_some(u64 pfn, unsigned int pages, struct dmamap_region *owner, gfp_t gfp)
{
	struct block *fresh = NULL, *block;
	unsigned long flags;
	u32 status;

	xa_lock_irqsave(&dmamap_directory, flags);
	block = xa_load(&dmamap_directory, pfn >> SHIFT);
	if (!block) {
		xa_unlock_irqrestore(&dmamap_directory, flags);
		fresh = kmem_cache_zalloc(dmamap_block_cache, gfp);
		if (!fresh)
			return DMAMAP_NOMEM;
		fresh->index = pfn >> SHIFT;
		xa_lock_irqsave(&dmamap_directory, flags);
		block = __xa_cmpxchg(&dmamap_directory, pfn >> SHIFT, NULL, fresh, gfp);
		if (!block)
			block = no_free_ptr(fresh);
	}
	status = xa_is_err(block) ? DMAMAP_NOMEM :
				    dmamap_fill_block_locked(block, pfn, pages, owner);
	xa_unlock_irqrestore(&dmamap_directory, flags);
	if (fresh)
		kmem_cache_free(dmamap_block_cache, fresh);
	return status;
}

static u32 dmamap_enter(u64 pfn, u64 pages, struct dmamap_region *owner, gfp_t gfp)
{
	u64 done = 0;
	u32 status = DMAMAP_OK;
	unsigned int some;

	for (; done < pages; done += some) {
		some = dmamap_in_block(pfn + done, pages - done);
		status = dmamap_enter_some(pfn + done, some, owner, gfp);
		if (status != DMAMAP_OK) {
			dmamap_erase(pfn, done);
			break;
		}
	}
	return status;
}

/*
 * The block of a frame that the caller has. The frame's slot is counted in @used, so the
 * block stays after the RCU read section, which is only needed to look at the index of
 * a cached block that may belong to other frames.
 *
 * A cached block with the right index is the right block: an older one of that index was
 * erased before the caller's frames were entered, and dmamap_erase_some() took it out of
 * the cache.
 */
static struct block *dmamap_block_of(unsigned long index)
{
	struct block *block;

	guard(rcu)(); /* the cached block may be of other frames, and be freed */
	block = READ_ONCE(dmamap_recent_block);
	if (!block || block->index != index) {
		block = xa_load(&dmamap_directory, index);
		WRITE_ONCE(dmamap_recent_block, block);
	}
	return block;
}

/* Caller has the frames: no other CPU writes their slots, see the top of this file. */
static void dmamap_replace(u64 pfn, u64 pages, struct dmamap_region *owner)
{
	const unsigned long end = pfn + pages;
	struct block *block = NULL;
	unsigned long at;

	for (at = pfn; at != end; at++) {
		if (!block || !(at & (BLOCK - 1)))
			block = dmamap_block_of(at >> SHIFT);
		WRITE_ONCE(block->owner[at & (BLOCK - 1)], owner);
	}
}

u32 dmamap_machine_publish(u64 pfn, u64 pages, void *owner)
{
	/* A driver may allocate memory for a snooping device in an interrupt. */
	return dmamap_enter(pfn, pages, owner, GFP_ATOMIC | __GFP_NOWARN);
}

u32 dmamap_machine_hold(u64 pfn, u64 pages)
{
	u32 status = dmamap_enter(pfn, pages, HELD, GFP_KERNEL);

	if (status == DMAMAP_OK) {
		atomic64_add(pages, &dmamap_frames_flipped);
		dmamap_flip_ended(true, pfn, pages);
	}
	return status;
}

void dmamap_machine_lend(u64 pfn, u64 pages, void *owner)
{
	dmamap_replace(pfn, pages, owner);
}

void dmamap_machine_recall(u64 pfn, u64 pages)
{
	dmamap_replace(pfn, pages, HELD);
}

void dmamap_machine_withdraw(u64 pfn, u64 pages)
{
	/* Only flipped frames are HELD here; others were never counted as flipped. */
	if (dmamap_directory_find(pfn, NULL) == DMAMAP_KNOWN_HELD) {
		atomic64_add(pages, &dmamap_frames_returned);
		dmamap_flip_begins(false, pfn);
	}
	dmamap_erase(pfn, pages);
}

/*
 * The meaning of one slot, with a copy of its region that belongs to a single life. Caller is
 * in an RCU read section, which keeps the block and the memory of the region's object.
 *
 * A region that is not live is being made, ends, or rests. @rests may change at any time:
 * both answers were right at some moment.
 */
static enum dmamap_known dmamap_read_region(struct dmamap_region *const *owner, u64 pfn,
					    struct dmamap_found *found) __must_hold(RCU)
{
	const struct dmamap_region *region;
	unsigned int life;

	lockdep_assert_in_rcu_read_lock();
	do {
		region = READ_ONCE(*owner);
		if (!region)
			return DMAMAP_KNOWN_NOT;
		if (region == HELD)
			return DMAMAP_KNOWN_HELD;
		life = read_seqcount_begin(&region->life);
		if (!smp_load_acquire(&region->live)) /* live before core */
			return READ_ONCE(region->rests) ? DMAMAP_KNOWN_HELD : DMAMAP_KNOWN_UNREADY;
		found->core = region->core;
		found->dev = region->dev;
	} while (read_seqcount_retry(&region->life, life) || READ_ONCE(*owner) != region);

	return pfn - found->core.pfn < found->core.pages ? DMAMAP_KNOWN_OWNED :
							   DMAMAP_KNOWN_UNREADY;
}

enum dmamap_known dmamap_directory_next(u64 *pfn, u64 last, struct dmamap_found *found)
{
	const u64 first = *pfn;
	struct dmamap_found unwanted;
	struct block *block;
	unsigned long index;

	if (first > ULONG_MAX)
		return DMAMAP_KNOWN_NOT;
	last = min_t(u64, last, ULONG_MAX);
	guard(rcu)();
	xa_for_each_range(&dmamap_directory, index, block, first >> SHIFT, last >> SHIFT) {
		const u64 begin = (u64)index << SHIFT;
		u64 at;

		for (at = max(first, begin); at <= min(last, begin + BLOCK - 1); at++) {
			enum dmamap_known known = dmamap_read_region(dmamap_owner_in(block, at), at,
								     found ?: &unwanted);

			if (known != DMAMAP_KNOWN_NOT) {
				*pfn = at;
				return known;
			}
		}
	}
	return DMAMAP_KNOWN_NOT;
}

enum dmamap_known dmamap_directory_find(u64 pfn, struct dmamap_found *found)
{
	struct dmamap_found unwanted;
	struct block *block;

	if (pfn > ULONG_MAX)
		return DMAMAP_KNOWN_NOT;
	guard(rcu)();
	block = xa_load(&dmamap_directory, pfn >> SHIFT);
	return block ? dmamap_read_region(dmamap_owner_in(block, pfn), pfn, found ?: &unwanted) :
		       DMAMAP_KNOWN_NOT;
}

void dmamap_directory_counts(u64 *flipped, u64 *returned)
{
	/* Read in this order, so that flipped - returned never looks negative. */
	*returned = atomic64_read(&dmamap_frames_returned);
	*flipped = atomic64_read(&dmamap_frames_flipped);
}

static int __init dmamap_make_blocks(void)
{
	dmamap_block_cache =
		kmem_cache_create("dmamap_block", sizeof(struct block), 0, SLAB_PANIC, NULL);
	return 0;
}
core_initcall(dmamap_make_blocks);
