/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every primitive of the machine is noted when it runs: counters for debugfs,
 * and a record of the order for tests.
 */
#ifndef DMAMAP_ABI_STEPS_H
#define DMAMAP_ABI_STEPS_H

#include "types.h"

enum dmamap_step_id {
	DMAMAP_STEP_TAKE,
	DMAMAP_STEP_CLAIM,
	DMAMAP_STEP_DROP_LAZY,
	DMAMAP_STEP_SET_LINEAR,
	DMAMAP_STEP_PURGE,
	DMAMAP_STEP_MAP,
	DMAMAP_STEP_FLUSH,
	DMAMAP_STEP_BARRIER,
	DMAMAP_STEP_ZERO,
	DMAMAP_STEP_PUBLISH,
	DMAMAP_STEP_HOLD,
	DMAMAP_STEP_LEND,
	DMAMAP_STEP_RECALL,
	DMAMAP_STEP_WITHDRAW,
	DMAMAP_STEP_UNMAP,
	DMAMAP_STEP_RELEASE,
	DMAMAP_STEP_GIVE,
	DMAMAP_STEP_QUARANTINE,
	DMAMAP_STEPS,
};

struct dmamap_step {
	u64 pfn;
	u64 pages;
	u32 id;		/* enum dmamap_step_id */
	u32 value;	/* for SET_LINEAR: enum dmamap_linear */
};

/* How a machine carries out a FLUSH: counted, but not recorded as a step. */
enum dmamap_flush_way {
	DMAMAP_FLUSH_LINES,	/* each line of the frames */
	DMAMAP_FLUSH_WHOLE,	/* the whole cache instead */
	DMAMAP_FLUSH_WAYS,
};

DMAMAP_C_BEGIN

/* Notes one step. Context: any. */
void dmamap_note(u32 id, u64 pfn, u64 pages, u32 value);

/* Counts a FLUSH in the place that carries it out. Context: any. */
void dmamap_count_flush(u32 way, u64 pages);

/*
 * Called before each primitive that can fail; returns the enum dmamap_status that
 * the primitive must fail with. DMAMAP_OK, unless a test injects a failure.
 * Context: any.
 */
#if defined(CONFIG_DMAMAP_KUNIT) || !defined(__KERNEL__)
u32 dmamap_injected_failure(void);
#else
static inline u32 dmamap_injected_failure(void)
{
	return 0;
}
#endif

DMAMAP_C_END

#endif /* DMAMAP_ABI_STEPS_H */
