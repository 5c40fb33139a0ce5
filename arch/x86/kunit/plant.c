// SPDX-License-Identifier: GPL-2.0
/* Aliases that only x86's own tables can have, for the tests of the X-ray. */
#include <linux/mm.h>
#include <asm/fixmap.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "arch/arch.h"

static pmd_t before;

static void write_pmd(unsigned long addr, pmd_t pmd)
{
	set_pmd(pmd_off_k(addr), pmd);
	flush_tlb_kernel_range(addr, addr + PMD_SIZE);
}

/* As CPA does, the present bit is cleared together with the PSE bit. */
unsigned long dmamap_plant_large(unsigned long addr, u64 pfn, bool present)
{
	const u64 first = round_down(pfn, PMD_SIZE >> PAGE_SHIFT);
	pgprot_t prot = PAGE_KERNEL_LARGE;

	if (!present)
		pgprot_val(prot) &= ~(_PAGE_PRESENT | _PAGE_PSE | _PAGE_GLOBAL);
	before = *pmd_off_k(addr);
	write_pmd(addr, pfn_pmd(first, prot));
	return addr + ((pfn - first) << PAGE_SHIFT);
}

void dmamap_unplant_large(unsigned long addr)
{
	write_pmd(addr, before);
}

/* early_ioremap() uses these slots, at boot. */
unsigned long dmamap_plant_fixmap(u64 pfn)
{
	__set_fixmap(FIX_BTMAP_BEGIN, PFN_PHYS(pfn), PAGE_KERNEL);
	return __fix_to_virt(FIX_BTMAP_BEGIN);
}

void dmamap_unplant_fixmap(void)
{
	const unsigned long addr = __fix_to_virt(FIX_BTMAP_BEGIN);

	__set_fixmap(FIX_BTMAP_BEGIN, 0, __pgprot(0));
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
}

/* The largest piece that the buddy allocator has. */
unsigned long dmamap_stock_pages(void)
{
	return MAX_ORDER_NR_PAGES;
}
