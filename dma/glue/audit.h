/* SPDX-License-Identifier: GPL-2.0 */
/* Looks for translations of coherent frames in the kernel's own page tables. */
#ifndef DMAMAP_GLUE_AUDIT_H
#define DMAMAP_GLUE_AUDIT_H

#include <linux/pgtable.h>
#include <linux/types.h>

/* A translation that ends above the PTE level: a section or a large page. */
struct dmamap_leaf {
	u64 pfn;
	u64 pages;
	bool cacheable;
};

/* ARM has two sections under one PMD of Linux. */
#define DMAMAP_LEAVES_MAX 2

/* arch/<m>/machine.c: leaves in these entries; returns how many there are. */
int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);
int dmamap_arch_pmd_leaves(const pmd_t *pmd, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);
bool dmamap_arch_pte_cacheable(pte_t pte);

/**
 * struct dmamap_audit - what the page tables say of coherent frames
 * @leaves: translations looked at
 * @translations: of coherent frames, the regions' own mappings included
 * @cacheable: of coherent frames with a cacheable attribute: must be 0
 */
struct dmamap_audit {
	u64 leaves;
	u64 translations;
	u64 cacheable;
};

/**
 * dmamap_audit_kernel() - walk all page tables of the kernel
 * @audit: the result
 *
 * Context: process, may sleep; takes no lock.
 */
void dmamap_audit_kernel(struct dmamap_audit *audit);

#endif /* DMAMAP_GLUE_AUDIT_H */
