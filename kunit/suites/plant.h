/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Planted aliases: translations that the layer would never make, for the X-ray
 * to find. No code touches memory through one.
 */
#ifndef DMAMAP_PLANT_H
#define DMAMAP_PLANT_H

#include <linux/completion.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>
#include <linux/types.h>

struct file;
struct vm_struct;

/*
 * arch/<m>/plant.c: what only that machine can write. The address at which the
 * frame is seen, or 0 where there is no such thing.
 *
 * A cacheable large leaf over @pfn, in place of the (empty) page table of @addr,
 * which is aligned to PMD_SIZE. Not @present: as when it was taken away whole.
 */
unsigned long dmamap_plant_large(unsigned long addr, u64 pfn, bool present);
void dmamap_unplant_large(unsigned long addr);
/* Cacheable, in a slot that no other code uses. */
unsigned long dmamap_plant_fixmap(u64 pfn);
void dmamap_unplant_fixmap(void);

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

/* arch/<m>/plant.c: pages that the kernel's own coherent allocation can do. */
unsigned long dmamap_stock_pages(void);

#endif /* DMAMAP_PLANT_H */
