// SPDX-License-Identifier: GPL-2.0
/*
 * Which region owns a frame. Readers take no lock: blocks of owners in an XArray,
 * freed after a grace period. Frames that the layer holds and nobody has are in it,
 * too: lending them is a store, which needs neither memory nor a lock, because only
 * who took them out of the pool lends them, and recalls them.
 */
#include <linux/atomic.h>
#include <linux/init.h>
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

/* As many frames as a node of the XArray has entries. */
struct block {
	unsigned long index;
	unsigned int used; /* how many have an owner, or are held; under the xa_lock */
	struct rcu_head rcu;
	struct dmamap_region *owner[BLOCK];
};

/* Frames are published and withdrawn in interrupts, too. */
static DEFINE_XARRAY_FLAGS(dmamap_directory, XA_FLAGS_LOCK_IRQ);
static struct kmem_cache *dmamap_block_cache;

/* The block in which frames were lent or recalled last, and will be again. */
static struct block *dmamap_recent_block;

static atomic64_t dmamap_frames_flipped;
static atomic64_t dmamap_frames_returned;

/* Of so many frames, those that are in the same block as the first. */
static unsigned int dmamap_in_block(u64 pfn, u64 pages)
{
	return min_t(u64, pages, BLOCK - (pfn & (BLOCK - 1)));
}

static struct dmamap_region **dmamap_owner_in(struct block *block, u64 pfn)
{
	return &block->owner[pfn & (BLOCK - 1)];
}

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

static u32 dmamap_fill_block(struct block *block, u64 pfn, unsigned int pages,
			     struct dmamap_region *owner)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		if (*dmamap_owner_in(block, pfn + i))
			return DMAMAP_BUSY;
	for (i = 0; i < pages; i++)
		WRITE_ONCE(*dmamap_owner_in(block, pfn + i), owner);
	block->used += pages;
	return DMAMAP_OK;
}

/* All of these frames, or none. */
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
	status = xa_is_err(block) ? DMAMAP_NOMEM : dmamap_fill_block(block, pfn, pages, owner);
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
 * The block of a frame that is there, so that it stays. Whoever withdrew the frames
 * of another block of that index has cleared @recent since.
 */
static struct block *dmamap_block_of(unsigned long index)
{
	struct block *block;

	guard(rcu)(); /* the recent one may be another, and go meanwhile */
	block = READ_ONCE(dmamap_recent_block);
	if (!block || block->index != index) {
		block = xa_load(&dmamap_directory, index);
		WRITE_ONCE(dmamap_recent_block, block);
	}
	return block;
}

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
	/* The memory of a snooping device may be wanted in an interrupt. */
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
	if (dmamap_directory_find(pfn, NULL) == DMAMAP_KNOWN_HELD) {
		atomic64_add(pages, &dmamap_frames_returned);
		dmamap_flip_begins(false, pfn);
	}
	dmamap_erase(pfn, pages);
}

/*
 * Its memory stays a region's, but may be another one's by now: what is read is
 * right if it was complete all the time, and if it has the frame.
 */
static enum dmamap_known dmamap_read_region(struct dmamap_region *const *owner, u64 pfn,
					    struct dmamap_found *found)
{
	const struct dmamap_region *region;
	unsigned int life;

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
	/* In this order: what is coherent is never less than nothing. */
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
