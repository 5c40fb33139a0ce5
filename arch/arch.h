/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a machine (arch/<m>/) supplies to the kernel side, beside its primitives in
 * dma/abi/machine.h: what entries of its page tables mean (arch/<m>/tables.c).
 */
#ifndef DMAMAP_ARCH_H
#define DMAMAP_ARCH_H

#include <linux/pgtable.h>
#include <linux/types.h>

/**
 * struct dmamap_leaf - what one entry of a page table leads to, at any level
 * @pfn: first frame
 * @pages: frames
 * @offset: bytes between the address of the entry and that of @pfn
 * @present: false: the frame is named, but no access gets there
 * @cacheable: accesses go through the caches
 */
struct dmamap_leaf {
	u64 pfn;
	u64 pages;
	unsigned long offset;
	bool present;
	bool cacheable;
};

/* One entry of Linux may be several of the hardware. */
#define DMAMAP_LEAVES_MAX 2

/* Where a translation is. */
enum dmamap_place {
	DMAMAP_PLACE_LINEAR,		/* the linear map */
	DMAMAP_PLACE_IMAGE,		/* the kernel's image, where it has a map of its own */
	DMAMAP_PLACE_MODULE,
	DMAMAP_PLACE_VMAP,		/* vmap() */
	DMAMAP_PLACE_VMALLOC,		/* vmalloc() */
	DMAMAP_PLACE_IOREMAP,
	DMAMAP_PLACE_DMA,		/* what stock dma_alloc_coherent() maps */
	DMAMAP_PLACE_NO_AREA,		/* vmalloc space, but no vm_struct: vm_map_ram() */
	DMAMAP_PLACE_PKMAP,
	DMAMAP_PLACE_KMAP_LOCAL,
	DMAMAP_PLACE_FIXMAP,
	DMAMAP_PLACE_USER,
	DMAMAP_PLACE_ELSEWHERE,
	DMAMAP_PLACES,
};

/**
 * dmamap_arch_pud_leaf() - the leaves of an entry of the third level
 * @pud: the entry, not none
 * @leaves: the result
 *
 * Context: any.
 * Return: how many leaves the entry has; 0 for none, or a table.
 */
int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);

/**
 * dmamap_arch_pmd_leaves() - the leaves of an entry of the second level
 * @pmd: the entry, which may be none; behind it are those that Linux counts to it
 * @leaves: the result
 *
 * Context: any.
 * Return: how many leaves the entry has; 0 for none, or a table.
 */
int dmamap_arch_pmd_leaves(const pmd_t *pmd, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);

/**
 * dmamap_arch_pte_leaf() - the leaf of a PTE
 * @pte: the entry, not none
 * @leaf: the result
 *
 * Context: any.
 * Return: false for an entry that names no frame.
 */
bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf);

/**
 * dmamap_arch_pte_cacheable() - do accesses through a PTE go through the caches
 * @pte: the entry
 *
 * Context: any.
 */
bool dmamap_arch_pte_cacheable(pte_t pte);

/**
 * dmamap_arch_place() - where a kernel address is
 * @addr: the address
 *
 * Context: any.
 * Return: the place; DMAMAP_PLACE_VMALLOC for all of vmalloc space.
 */
enum dmamap_place dmamap_arch_place(unsigned long addr);

#endif /* DMAMAP_ARCH_H */
