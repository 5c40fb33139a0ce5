/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_GLUE_QUOTA_H
#define DMAMAP_GLUE_QUOTA_H

#include <linux/types.h>

struct mm_struct;

/*
 * Charges coherent memory to a process, which is the caller: -EAGAIN, and nothing
 * is charged, beyond its RLIMIT_MEMLOCK, unless it may lock any amount. Counted in
 * mm->pinned_vm, as RDMA does (drivers/infiniband/core/umem.c): VmPin in
 * /proc/PID/status. Context: any; @mm is held.
 */
int dmamap_charge(struct mm_struct *mm, u64 pages);
void dmamap_uncharge(struct mm_struct *mm, u64 pages);

#endif /* DMAMAP_GLUE_QUOTA_H */
