// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints themselves, which other files only declare, and the times at which flips
 * began.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#define CREATE_TRACE_POINTS
#include "dma/glue/watch/trace.h"

/*
 * Flips that are under way, by their first frame: until a flip has ended, no other begins
 * with the same frame. One task may have several, because an allocation inside a flip may
 * call the shrinker of the pool, which flips other frames back.
 */
struct flip {
	u64 pfn;
	u64 start; /* 0: there is none */
	bool coherent;
};

/*
 * Protects the table. New flips take its places in turn; a flip whose place is taken before
 * it has ended is not traced.
 */
static DEFINE_SPINLOCK(dmamap_begun_lock);
static struct flip dmamap_begun[32];
static unsigned int dmamap_oldest_begun;

/*
 * The flip that begins with frame @pfn, or the next place in turn for a new one. Caller
 * holds begun_lock.
 */
static struct flip *dmamap_flip_of_locked(u64 pfn) __must_hold(&dmamap_begun_lock)
{
	size_t i;

	lockdep_assert_held(&dmamap_begun_lock);
	for (i = 0; i < ARRAY_SIZE(dmamap_begun); i++)
		if (dmamap_begun[i].start && dmamap_begun[i].pfn == pfn)
			return &dmamap_begun[i];
	return &dmamap_begun[dmamap_oldest_begun++ % ARRAY_SIZE(dmamap_begun)];
}

void dmamap_flip_begins(bool coherent, u64 pfn)
{
	unsigned long flags;

	/* Do not read the clock for an event that is off. */
	if (!trace_dmamap_flip_enabled())
		return;
	spin_lock_irqsave(&dmamap_begun_lock, flags);
	*dmamap_flip_of_locked(pfn) =
		(struct flip){ .pfn = pfn, .start = ktime_get_ns(), .coherent = coherent };
	spin_unlock_irqrestore(&dmamap_begun_lock, flags);
}

/* The time at which a flip began, or 0 if that is not known; removes it from the table. */
static u64 dmamap_flip_start(bool coherent, u64 pfn)
{
	unsigned long flags;
	u64 start = 0;
	size_t i;

	spin_lock_irqsave(&dmamap_begun_lock, flags);
	for (i = 0; i < ARRAY_SIZE(dmamap_begun); i++) {
		if (!dmamap_begun[i].start || dmamap_begun[i].pfn != pfn ||
		    dmamap_begun[i].coherent != coherent)
			continue;
		start = dmamap_begun[i].start;
		dmamap_begun[i].start = 0;
	}
	spin_unlock_irqrestore(&dmamap_begun_lock, flags);
	return start;
}

void dmamap_flip_ended(bool coherent, u64 pfn, u64 pages)
{
	u64 start;

	if (!trace_dmamap_flip_enabled())
		return;
	start = dmamap_flip_start(coherent, pfn);
	if (start)
		trace_dmamap_flip(coherent, pfn, pages, start);
}

/* The event is being enabled: flips left over from the last time are out of date. */
int dmamap_flip_forget(void)
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_begun_lock, flags);
	memset(dmamap_begun, 0, sizeof(dmamap_begun));
	spin_unlock_irqrestore(&dmamap_begun_lock, flags);
	return 0;
}
