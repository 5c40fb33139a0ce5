// SPDX-License-Identifier: GPL-2.0
/*
 * Which region owns a frame. Readers take no lock: an XArray indexed by pfn,
 * and regions that are freed after a grace period. Frames that the layer holds
 * and nobody has are entered without an owner, so that lending them needs no
 * memory.
 */
#include <linux/atomic.h>
#include <linux/xarray.h>

#include "dma/abi/machine.h"
#include "dma/glue/region.h"
#include "dma/glue/trace.h"

#define HELD xa_mk_value(1)

/* Frames are lent and recalled in interrupts, too. */
static DEFINE_XARRAY_FLAGS(directory, XA_FLAGS_LOCK_IRQ);

static atomic64_t frames_flipped;
static atomic64_t frames_returned;

static void erase(u64 pfn, u64 pages)
{
	unsigned long flags;
	u64 i;

	xa_lock_irqsave(&directory, flags);
	for (i = 0; i < pages; i++)
		__xa_erase(&directory, pfn + i);
	xa_unlock_irqrestore(&directory, flags);
}

static int insert(u64 pfn, void *owner, gfp_t gfp)
{
	unsigned long flags;
	int err;

	if (gfpflags_allow_blocking(gfp))
		return xa_insert_irq(&directory, pfn, owner, gfp);
	xa_lock_irqsave(&directory, flags);
	err = __xa_insert(&directory, pfn, owner, gfp);
	xa_unlock_irqrestore(&directory, flags);
	return err;
}

static u32 enter(u64 pfn, u64 pages, void *owner, gfp_t gfp)
{
	u64 i;
	int err;

	for (i = 0; i < pages; i++) {
		err = insert(pfn + i, owner, gfp);
		if (!err)
			continue;
		erase(pfn, i);
		return err == -EBUSY ? DMAMAP_BUSY : DMAMAP_NOMEM;
	}
	return DMAMAP_OK;
}

/* Entries that are there already: no memory, no failure. */
static void replace(u64 pfn, u64 pages, void *owner)
{
	unsigned long flags;
	u64 i;

	xa_lock_irqsave(&directory, flags);
	for (i = 0; i < pages; i++)
		__xa_store(&directory, pfn + i, owner, 0);
	xa_unlock_irqrestore(&directory, flags);
}

u32 dmamap_machine_publish(u64 pfn, u64 pages, void *owner)
{
	/* The memory of a snooping device may be wanted in an interrupt. */
	return enter(pfn, pages, owner, GFP_ATOMIC | __GFP_NOWARN);
}

u32 dmamap_machine_hold(u64 pfn, u64 pages)
{
	u32 status = enter(pfn, pages, HELD, GFP_KERNEL);

	if (status == DMAMAP_OK) {
		atomic64_add(pages, &frames_flipped);
		dmamap_flip_ended(true, pfn, pages);
	}
	return status;
}

void dmamap_machine_lend(u64 pfn, u64 pages, void *owner)
{
	replace(pfn, pages, owner);
}

void dmamap_machine_recall(u64 pfn, u64 pages)
{
	replace(pfn, pages, HELD);
}

void dmamap_machine_withdraw(u64 pfn, u64 pages)
{
	if (xa_load(&directory, pfn) == HELD) {
		atomic64_add(pages, &frames_returned);
		dmamap_flip_begins(false, pfn);
	}
	erase(pfn, pages);
}

struct dmamap_region *dmamap_directory_find(u64 pfn)
{
	void *entry;

	if (pfn > ULONG_MAX)
		return NULL;
	entry = xa_load(&directory, pfn);
	return xa_is_value(entry) ? NULL : entry;
}

bool dmamap_directory_held(u64 pfn)
{
	return pfn <= ULONG_MAX && xa_load(&directory, pfn) == HELD;
}

struct dmamap_region *dmamap_directory_next(u64 *pfn, u64 last, bool *held)
{
	unsigned long index = *pfn;
	void *entry;

	*held = false;
	if (*pfn > ULONG_MAX)
		return NULL;
	entry = xa_find(&directory, &index, min_t(u64, last, ULONG_MAX), XA_PRESENT);
	*held = entry == HELD;
	*pfn = index;
	return *held ? NULL : entry;
}

void dmamap_directory_counts(u64 *flipped, u64 *returned)
{
	/* In this order: what is coherent is never less than nothing. */
	*returned = atomic64_read(&frames_returned);
	*flipped = atomic64_read(&frames_flipped);
}
