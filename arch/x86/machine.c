// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64 primitives. What each must achieve: dma/core/machine.h. Why they are
 * enough: arch/x86/README.md.
 */
#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/set_memory.h>
#include <asm/cacheflush.h>
#include <asm/memtype.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "dma/abi/machine.h"

/* Not pfn_valid(): it is true for no-map memory, which is free to be adopted. */
u32 dmamap_machine_is_kernel_memory(u64 pfn, u64 pages)
{
	return region_intersects(PFN_PHYS(pfn), pages << PAGE_SHIFT, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

u32 dmamap_machine_linear(u64 pfn)
{
	return kernel_page_present(pfn_to_page(pfn)) ? DMAMAP_LINEAR_CACHED :
						       DMAMAP_LINEAR_ABSENT;
}

/* Splits a large page of the linear map if it has to, so it may need memory. */
u32 dmamap_machine_set_linear(u64 pfn, u32 linear)
{
	struct page *page = pfn_to_page(pfn);
	int err;

	switch (linear) {
	case DMAMAP_LINEAR_ABSENT:
		err = set_direct_map_invalid_noflush(page);
		break;
	case DMAMAP_LINEAR_CACHED:
		err = set_direct_map_default_noflush(page);
		break;
	default:
		return DMAMAP_NODEV;
	}
	return err ? DMAMAP_NOMEM : DMAMAP_OK;
}

void dmamap_machine_purge_linear(u64 pfn, u64 pages)
{
	const unsigned long start = (unsigned long)pfn_to_kaddr(pfn);

	flush_tlb_kernel_range(start, start + (pages << PAGE_SHIFT));
}

/*
 * The memtype of a frame overrides the cache bits of every user mapping that is
 * inserted later (track_pfn_insert); RAM without one becomes write-back.
 */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute)
{
	int err;

	if (attribute != DMAMAP_ATTR_COHERENT)
		return DMAMAP_NODEV;
	err = memtype_reserve(PFN_PHYS(pfn), PFN_PHYS(pfn + pages), _PAGE_CACHE_MODE_UC_MINUS,
			      NULL);
	return err ? DMAMAP_BUSY : DMAMAP_OK;
}

void dmamap_machine_release(u64 pfn, u64 pages)
{
	memtype_free(PFN_PHYS(pfn), PFN_PHYS(pfn + pages));
}

/* CLFLUSH works on the line, whatever memory type its address is mapped with. */
void dmamap_machine_flush(u64 pfn, u64 pages, u64 addr)
{
	clflush_cache_range((void *)(unsigned long)addr, pages << PAGE_SHIFT);
}

void dmamap_machine_barrier(void)
{
	mb();
}
