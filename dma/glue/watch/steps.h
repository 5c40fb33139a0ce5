/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_GLUE_STEPS_H
#define DMAMAP_GLUE_STEPS_H

#include "dma/abi/steps.h"

/* Totals since boot of one primitive, or of one way to do it. */
struct dmamap_step_count {
	u64 calls;
	u64 pages;
};

void dmamap_step_counts(struct dmamap_step_count counts[DMAMAP_STEPS]);
const char *dmamap_step_name(u32 id);
void dmamap_flush_counts(struct dmamap_step_count counts[DMAMAP_FLUSH_WAYS]);

/**
 * struct dmamap_recorder - the steps of one task, in order
 * @steps: room for them
 * @room: number of @steps
 * @used: steps seen; more than @room when some did not fit
 */
struct dmamap_recorder {
	struct dmamap_step *steps;
	u32 room;
	u32 used;
};

/**
 * dmamap_record_start() - record what the current task makes the machine do
 * @recorder: stays in use until dmamap_record_stop()
 *
 * Context: process. One recorder at a time.
 * Return: 0, or -EBUSY.
 */
int dmamap_record_start(struct dmamap_recorder *recorder);
void dmamap_record_stop(void);

/**
 * dmamap_fail_nth() - let a primitive of the current task fail
 * @nth: which of those that can fail, counted from now; 0 is none
 * @again: which of those that follow it; 0 is none
 *
 * For tests, one at a time. Context: process.
 * Return: how many failures there were since the last call.
 */
u32 dmamap_fail_nth(u32 nth, u32 again);

#endif /* DMAMAP_GLUE_STEPS_H */
