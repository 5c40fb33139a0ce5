/* SPDX-License-Identifier: GPL-2.0 */
/* Between the walker (xray.c) and what it sees (sighting.c). */
#ifndef DMAMAP_GLUE_SIGHTING_H
#define DMAMAP_GLUE_SIGHTING_H

#include <linux/mm_types.h>
#include <linux/sched.h>

#include "dma/glue/xray.h"

/* Where a walk is. */
struct dmamap_walk {
	struct dmamap_xray *xray;
	struct mm_struct *mm;
	const struct vm_area_struct *vma;	/* NULL: in tables of the kernel */
	pid_t pid;				/* 0: in no process */
	char comm[TASK_COMM_LEN];
	unsigned long first, last;		/* addresses to walk */
};

/*
 * Says what the walk found: @leaf at @addr has the frames @pfn to @last of
 * @target (NULL: whatever is coherent).
 */
void dmamap_see(const struct dmamap_walk *walk, const struct dmamap_leaf *leaf,
		unsigned long addr, u64 pfn, u64 last, const struct dmamap_target *target);

#endif /* DMAMAP_GLUE_SIGHTING_H */
