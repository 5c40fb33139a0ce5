// SPDX-License-Identifier: GPL-2.0
/* Aliases that only ARM's own tables can have, for the tests of the X-ray. */
#include <linux/mm.h>
#include <asm/fixmap.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "arch/arch.h"

/* Without LPAE, the second section of a pair; the first is left empty. */
#define AT (IS_ENABLED(CONFIG_ARM_LPAE) ? 0 : 1)

static pmd_t before[AT + 1];

static void write_pmds(unsigned long addr, const pmd_t *from)
{
	pmd_t *pmd = pmd_off_k(addr);
	int i;

	for (i = 0; i <= AT; i++)
		pmd[i] = from[i];
	flush_pmd_entry(pmd);
	flush_tlb_kernel_range(addr, addr + PMD_SIZE);
}

unsigned long dmamap_plant_large(unsigned long addr, u64 pfn, bool present)
{
	const phys_addr_t phys = PFN_PHYS(pfn);
	pmd_t pmds[AT + 1] = {};

	if (!present)	/* Linux makes no such entries on ARM */
		return 0;
	memcpy(before, pmd_off_k(addr), sizeof(before));
	pmds[AT] = __pmd((phys & SECTION_MASK) | PMD_TYPE_SECT | PMD_SECT_WBWA |
			 PMD_SECT_AP_WRITE | PMD_SECT_XN);
	write_pmds(addr, pmds);
	return addr + AT * SECTION_SIZE + (phys & ~SECTION_MASK);
}

void dmamap_unplant_large(unsigned long addr)
{
	write_pmds(addr, before);
}

/* Used when kernel text is patched across a page boundary, not after boot. */
unsigned long dmamap_plant_fixmap(u64 pfn)
{
	__set_fixmap(FIX_TEXT_POKE1, PFN_PHYS(pfn), FIXMAP_PAGE_NORMAL);
	return __fix_to_virt(FIX_TEXT_POKE1);
}

void dmamap_unplant_fixmap(void)
{
	clear_fixmap(FIX_TEXT_POKE1);
}

/* With CMA, any number that fits there; else the buddy allocator's largest piece. */
unsigned long dmamap_stock_pages(void)
{
	return IS_ENABLED(CONFIG_DMA_CMA) ? ULONG_MAX : MAX_ORDER_NR_PAGES;
}
