/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Planted aliases: translations that the layer would never make, for the X-ray
 * to find. No code touches memory through one. Those that need a machine's own tables
 * are in arch/arch.h.
 */
#ifndef DMAMAP_PLANT_H
#define DMAMAP_PLANT_H

#include <linux/completion.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/types.h>

#include "arch/arch.h"

struct file;
struct vm_struct;

/* plant.c: one PTE in the kernel's tables, written by hand. */
int plant_pte(unsigned long addr, u64 pfn, pgprot_t prot);
void unplant_pte(unsigned long addr);

/**
 * struct settler - a task that has an address space and a mapping in it
 * @file: maps the beginning of this file; NULL: a PTE written by hand
 * @pfn: of that PTE
 * @prot: of that PTE
 * @addr: result: user address
 * @pid: result: of the task
 * @err: result: 0, or why there is no mapping
 */
struct settler {
	struct file *file;
	u64 pfn;
	pgprot_t prot;
	unsigned long addr;
	pid_t pid;
	int err;
	/* private: */
	struct completion ready, go, gone;
};

/* Returns when the mapping is there (or @err says why not); then always unsettle(). */
void settle(struct settler *settler);
void unsettle(struct settler *settler);

#endif /* DMAMAP_PLANT_H */
