// SPDX-License-Identifier: GPL-2.0
/*
 * Which frames are in quarantine, for debugfs. The list has room for so many runs; the
 * frames of later ones are only counted (dmamap_quarantined() in frames.c). Nothing is
 * ever taken off the list, because nothing leaves quarantine before a reboot.
 */
#include <linux/spinlock.h>

#include "dma/glue/machine/machine.h"

/* A fixed table, because frames come here after a failure, when memory may be short. */
static DEFINE_SPINLOCK(dmamap_quarantine_lock);
static struct dmamap_frames dmamap_quarantine_runs[DMAMAP_QUARANTINE_LISTED];
static unsigned int dmamap_quarantine_used;

void dmamap_quarantine_list(u64 pfn, u64 pages)
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_quarantine_lock, flags);
	if (dmamap_quarantine_used < ARRAY_SIZE(dmamap_quarantine_runs))
		dmamap_quarantine_runs[dmamap_quarantine_used++] = (struct dmamap_frames){
			.pfn = pfn,
			.pages = pages,
		};
	spin_unlock_irqrestore(&dmamap_quarantine_lock, flags);
}

unsigned int dmamap_quarantine_listed(struct dmamap_frames *runs)
{
	unsigned long flags;
	unsigned int count;

	spin_lock_irqsave(&dmamap_quarantine_lock, flags);
	count = dmamap_quarantine_used;
	memcpy(runs, dmamap_quarantine_runs, count * sizeof(*runs));
	spin_unlock_irqrestore(&dmamap_quarantine_lock, flags);
	return count;
}
