// SPDX-License-Identifier: GPL-2.0
#include <linux/spinlock.h>

#include "dma/glue/quarantine.h"

/* A fixed table: frames come here when things go wrong, memory may be short. */
static DEFINE_SPINLOCK(lock);
static struct dmamap_target listed[DMAMAP_QUARANTINE_LISTED];
static unsigned int used;

void dmamap_quarantine_list(u64 pfn, u64 pages)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	/* In doubt, so any cacheable translation of them is one too many. */
	if (used < ARRAY_SIZE(listed))
		listed[used++] = (struct dmamap_target){
			.pfn = pfn, .pages = pages, .coherent = true,
		};
	spin_unlock_irqrestore(&lock, flags);
}

unsigned int dmamap_quarantine_listed(struct dmamap_target *targets)
{
	unsigned long flags;
	unsigned int count;

	spin_lock_irqsave(&lock, flags);
	count = used;
	memcpy(targets, listed, count * sizeof(*targets));
	spin_unlock_irqrestore(&lock, flags);
	return count;
}
