// SPDX-License-Identifier: GPL-2.0
/* The tracepoints themselves; everybody else only declares them. And when flips began. */
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#define CREATE_TRACE_POINTS
#include "dma/glue/trace.h"

/*
 * Flips that are on the way, by their first frame: until its flip has ended, no
 * other begins with it. A task may have several, because memory for one flip is
 * made by another (the shrinker of the pool).
 */
struct flip {
	u64 pfn;
	u64 start;	/* 0: there is none */
	bool coherent;
};

static DEFINE_SPINLOCK(begun_lock);
static struct flip begun[32];
static unsigned int oldest;

/* The flip that has this frame first, or the place for a new one. */
static struct flip *flip_of(u64 pfn)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(begun); i++)
		if (begun[i].start && begun[i].pfn == pfn)
			return &begun[i];
	return &begun[oldest++ % ARRAY_SIZE(begun)];
}

void dmamap_flip_begins(bool coherent, u64 pfn)
{
	unsigned long flags;

	/* Nobody reads the clock for an event that is off. */
	if (!trace_dmamap_flip_enabled())
		return;
	spin_lock_irqsave(&begun_lock, flags);
	*flip_of(pfn) = (struct flip){ .pfn = pfn, .start = ktime_get_ns(), .coherent = coherent };
	spin_unlock_irqrestore(&begun_lock, flags);
}

/* When that flip began; forgets it. */
static u64 start_of(bool coherent, u64 pfn)
{
	unsigned long flags;
	u64 start = 0;
	size_t i;

	spin_lock_irqsave(&begun_lock, flags);
	for (i = 0; i < ARRAY_SIZE(begun); i++) {
		if (!begun[i].start || begun[i].pfn != pfn || begun[i].coherent != coherent)
			continue;
		start = begun[i].start;
		begun[i].start = 0;
	}
	spin_unlock_irqrestore(&begun_lock, flags);
	return start;
}

void dmamap_flip_ended(bool coherent, u64 pfn, u64 pages)
{
	u64 start;

	if (!trace_dmamap_flip_enabled())
		return;
	start = start_of(coherent, pfn);
	if (start)
		trace_dmamap_flip(coherent, pfn, pages, start);
}

/* The event is about to be on: what it left when it went off is history. */
int dmamap_flip_forget(void)
{
	unsigned long flags;

	spin_lock_irqsave(&begun_lock, flags);
	memset(begun, 0, sizeof(begun));
	spin_unlock_irqrestore(&begun_lock, flags);
	return 0;
}
