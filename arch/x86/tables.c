// SPDX-License-Identifier: GPL-2.0
/* What entries of x86-64's page tables mean to the X-ray, and what lies where. */
#include <linux/mm.h>
#include <asm/fixmap.h>
#include <asm/memtype.h>
#include <asm/pgtable.h>

#include "arch/arch.h"

static bool cacheable(pgprot_t prot)
{
	switch (pgprot2cachemode(prot)) {
	case _PAGE_CACHE_MODE_WB:
	case _PAGE_CACHE_MODE_WT:
	case _PAGE_CACHE_MODE_WP:
		return true;
	default:
		return false;
	}
}

bool dmamap_arch_pte_cacheable(pte_t pte)
{
	return cacheable(pte_pgprot(pte));
}

/*
 * Here and above: not pte_present() and its like, which are also true for
 * PROT_NONE, and for large pages that CPA made not present.
 */
bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf)
{
	leaf->pfn = pte_pfn(pte);
	leaf->present = pte_flags(pte) & _PAGE_PRESENT;
	leaf->cacheable = dmamap_arch_pte_cacheable(pte);
	return true;
}

/*
 * An entry that is not present leads to no table: it is a leaf, or empty. Its
 * frame number is stored inverted (L1TF), all of it or without the low bits,
 * by who wrote it: so those are cut off.
 */
int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	const bool present = pud_flags(pud) & _PAGE_PRESENT;

	if (pud_none(pud) || (present && !pud_leaf(pud)))
		return 0;
	leaves[0].pages = PUD_SIZE >> PAGE_SHIFT;
	leaves[0].pfn = round_down(pud_pfn(pud), leaves[0].pages);
	leaves[0].offset = 0;
	leaves[0].present = present;
	leaves[0].cacheable = cacheable(pgprot_large_2_4k(pud_pgprot(pud)));
	return 1;
}

int dmamap_arch_pmd_leaves(const pmd_t *pmdp, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	const pmd_t pmd = READ_ONCE(*pmdp);
	const bool present = pmd_flags(pmd) & _PAGE_PRESENT;

	if (pmd_none(pmd) || (present && !pmd_leaf(pmd)))
		return 0;
	leaves[0].pages = PMD_SIZE >> PAGE_SHIFT;
	leaves[0].pfn = round_down(pmd_pfn(pmd), leaves[0].pages);
	leaves[0].offset = 0;
	leaves[0].present = present;
	leaves[0].cacheable = cacheable(pgprot_large_2_4k(pmd_pgprot(pmd)));
	return 1;
}

enum dmamap_place dmamap_arch_place(unsigned long addr)
{
	if (addr >= PAGE_OFFSET && addr < (unsigned long)high_memory)
		return DMAMAP_PLACE_LINEAR;
	if (addr >= __START_KERNEL_map && addr < __START_KERNEL_map + KERNEL_IMAGE_SIZE)
		return DMAMAP_PLACE_IMAGE;
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return DMAMAP_PLACE_MODULE;
	if (addr >= VMALLOC_START && addr <= VMALLOC_END)
		return DMAMAP_PLACE_VMALLOC;
	if (addr >= FIXADDR_TOT_START && addr < FIXADDR_TOP + PAGE_SIZE)
		return DMAMAP_PLACE_FIXMAP;
	return DMAMAP_PLACE_ELSEWHERE;
}
