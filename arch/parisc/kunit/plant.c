// SPDX-License-Identifier: GPL-2.0
/* Aliases that only PA-RISC's own tables can have, for the tests of the X-ray. */
#include <linux/mm.h>
#include <linux/sizes.h>
#include <asm/fixmap.h>

#include "arch/arch.h"

/* PA-RISC 1.1 has no large pages in page tables. */
unsigned long dmamap_plant_large(unsigned long addr, u64 pfn, bool present)
{
	return 0;
}

void dmamap_unplant_large(unsigned long addr)
{
}

unsigned long dmamap_plant_fixmap(u64 pfn)
{
	set_fixmap(FIX_TEXT_KEXEC, PFN_PHYS(pfn));
	return __fix_to_virt(FIX_TEXT_KEXEC);
}

void dmamap_unplant_fixmap(void)
{
	clear_fixmap(FIX_TEXT_KEXEC);
}

/* As much as one page table of vmalloc space maps; a larger stock allocation panics. */
unsigned long dmamap_stock_pages(void)
{
	return SZ_128K >> PAGE_SHIFT;
}
