// SPDX-License-Identifier: GPL-2.0
/*
 * Payment for coherent memory. A process pays in locked pages, up to RLIMIT_MEMLOCK:
 * coherent memory can't be swapped or moved, and user space can make a driver allocate it.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "dma/glue/region/region.h"

/* Adds first and checks afterwards, so that two callers can't both slip under the limit. */
int dmamap_charge(struct mm_struct *mm, u64 pages)
{
	const u64 limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (atomic64_add_return(pages, &mm->pinned_vm) <= limit || capable(CAP_IPC_LOCK))
		return 0;
	dmamap_uncharge(mm, pages);
	return -EAGAIN;
}

void dmamap_uncharge(struct mm_struct *mm, u64 pages)
{
	atomic64_sub(pages, &mm->pinned_vm);
}

/* mmgrab() keeps the counter for the refund; the process may exit long before that. */
int dmamap_region_charge(struct dmamap_region *region, u64 pages)
{
	int err = dmamap_charge(current->mm, pages);

	if (err)
		return err;
	region->payer = current->mm;
	mmgrab(region->payer);
	return 0;
}

void dmamap_region_refund(struct dmamap_region *region, u64 pages)
{
	if (!region->payer)
		return;
	dmamap_uncharge(region->payer, pages);
	mmdrop(region->payer);
}
