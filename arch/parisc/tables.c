// SPDX-License-Identifier: GPL-2.0
/* Entries of PA-RISC's page tables, decoded for the X-ray, and the layout of kernel space. */
#include <linux/mm.h>
#include <asm/dma.h>
#include <asm/fixmap.h>
#include <asm/pgtable.h>

#include "arch/arch.h"

bool dmamap_arch_pte_cacheable(pte_t pte)
{
	return !(pte_val(pte) & _PAGE_NO_CACHE);
}

bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf)
{
	leaf->pfn = pte_pfn(pte);
	leaf->present = pte_present(pte);
	leaf->cacheable = dmamap_arch_pte_cacheable(pte);
	return true;
}

/* PA-RISC 1.1 has no large pages in page tables. */
int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	return 0;
}

int dmamap_arch_pmd_leaves(const pmd_t *pmd, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	return 0;
}

/* Linux on PA-RISC keeps no table of attributes. */
bool dmamap_arch_mapped_as(unsigned long addr, pgprot_t prot)
{
	return true;
}

/*
 * The kernel's image is part of the linear map. Below vmalloc space is the
 * window of arch_dma_alloc(), which has no vm_struct.
 */
enum dmamap_place dmamap_arch_place(unsigned long addr)
{
	if (addr >= PAGE_OFFSET && addr < (unsigned long)high_memory)
		return DMAMAP_PLACE_LINEAR;
	if (pcxl_dma_start && addr >= pcxl_dma_start &&
	    addr < pcxl_dma_start + PCXL_DMA_MAP_SIZE)
		return DMAMAP_PLACE_DMA;
	if (addr >= VMALLOC_START && addr < VMALLOC_END)
		return DMAMAP_PLACE_VMALLOC;
	if (addr >= FIXMAP_START && addr < FIXMAP_START + FIXMAP_SIZE)
		return DMAMAP_PLACE_FIXMAP;
	return DMAMAP_PLACE_ELSEWHERE;
}
