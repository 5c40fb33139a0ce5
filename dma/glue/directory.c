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
	XA_STATE(xas, &directory, pfn);
	unsigned long flags;
	void *entry;

	if (!pages)
		return;
	xas_lock_irqsave(&xas, flags);
	xas_for_each(&xas, entry, pfn + pages - 1)
		xas_store(&xas, NULL);
	xas_unlock_irqrestore(&xas, flags);
}

/* Interrupts are not kept off for longer than so many entries. */
#define BATCH 512

/*
 * The tree is descended once for a node of entries, not once for each. Stops
 * when all are in, at an error, and at the end of a batch.
 */
static void insert(struct xa_state *xas, u64 *left, void *owner)
{
	unsigned long flags;
	int i;

	xas_lock_irqsave(xas, flags);
	for (i = 0; *left && i < BATCH; i++) {
		if (xas_load(xas))
			xas_set_err(xas, -EBUSY);
		else
			xas_store(xas, owner);
		if (xas_error(xas))
			break;
		(*left)--;
		xas_next(xas);
	}
	if (!xas_error(xas))
		xas_reset(xas);	/* nodes may go while nobody has the lock */
	xas_unlock_irqrestore(xas, flags);
}

static u32 enter(u64 pfn, u64 pages, void *owner, gfp_t gfp)
{
	XA_STATE(xas, &directory, pfn);
	u64 left = pages;

	do {
		insert(&xas, &left, owner);
	} while (xas_nomem(&xas, gfp) || (left && !xas_error(&xas)));

	if (!left)
		return DMAMAP_OK;
	erase(pfn, pages - left);
	return xas_error(&xas) == -EBUSY ? DMAMAP_BUSY : DMAMAP_NOMEM;
}

/* Entries that are there already: no memory, no failure. */
static void replace(u64 pfn, u64 pages, void *owner)
{
	XA_STATE(xas, &directory, pfn);
	unsigned long flags;
	u64 i;

	xas_lock_irqsave(&xas, flags);
	xas_load(&xas);
	for (i = 0; i < pages; i++) {
		xas_store(&xas, owner);
		xas_next(&xas);
	}
	xas_unlock_irqrestore(&xas, flags);
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
