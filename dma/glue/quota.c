// SPDX-License-Identifier: GPL-2.0
/* Who pays for coherent memory. */
#include <linux/capability.h>
#include <linux/mm_types.h>
#include <linux/sched/signal.h>

#include "dma/glue/quota.h"

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
