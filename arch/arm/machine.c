// SPDX-License-Identifier: GPL-2.0
/*
 * ARMv7 primitives. What each must achieve: dma/core/machine.h. Why they are
 * enough: arch/arm/README.md.
 */
#include <linux/highmem.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <asm/barrier.h>
#include <asm/cacheflush.h>
#include <asm/outercache.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "dma/abi/machine.h"
#include "dma/abi/steps.h"

/*
 * Not pfn_valid(): it is true for no-map memory and for all of a page block
 * around RAM. No-map memory is no System RAM in the resource tree.
 */
u32 dmamap_machine_is_kernel_memory(u64 pfn, u64 pages)
{
	return region_intersects(PFN_PHYS(pfn), pages << PAGE_SHIFT, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

u32 dmamap_machine_unit(void)
{
	return 1;
}

u32 dmamap_machine_chunk(void)
{
	return SZ_256K >> PAGE_SHIFT;
}

/*
 * Normal non-cacheable memory may gather writes (ARM DDI 0406C A3.5.5), and
 * pgprot_dmacoherent() is that where this option is set.
 */
u32 dmamap_machine_combining(void)
{
	return IS_ENABLED(CONFIG_ARM_DMA_MEM_BUFFERABLE) ? DMAMAP_COMBINING_COHERENT :
							   DMAMAP_COMBINING_NONE;
}

static unsigned long linear_of(u64 pfn)
{
	return (unsigned long)__va(PFN_PHYS(pfn));
}

/*
 * Lowmem is mapped by sections, and each process has its own copy of the L1. The
 * contiguous area is not: dma_contiguous_remap() gave it tables of pages, and
 * those all processes share.
 */
static pte_t *linear_pte(u64 pfn)
{
	pmd_t *pmd = pmd_off_k(linear_of(pfn));

	if ((pmd_val(*pmd) & PMD_TYPE_MASK) != PMD_TYPE_TABLE)
		return NULL;
	return pte_offset_kernel(pmd, linear_of(pfn));
}

u32 dmamap_machine_linear(u64 pfn)
{
	pte_t *pte;

	if (PageHighMem(pfn_to_page(pfn)))
		return DMAMAP_LINEAR_NONE;
	pte = linear_pte(pfn);
	return pte && !pte_present(*pte) ? DMAMAP_LINEAR_ABSENT : DMAMAP_LINEAR_CACHED;
}

u32 dmamap_machine_set_linear(u64 pfn, u64 pages, u32 linear)
{
	struct page *page = pfn_to_page(pfn);
	pte_t *pte = PageHighMem(page) ? NULL : linear_pte(pfn);

	if (!pte)
		return DMAMAP_NODEV;
	switch (linear) {
	case DMAMAP_LINEAR_ABSENT:
		pte_clear(&init_mm, linear_of(pfn), pte);
		return DMAMAP_OK;
	case DMAMAP_LINEAR_CACHED:
		set_pte_ext(pte, mk_pte(page, PAGE_KERNEL), 0);
		return DMAMAP_OK;
	default:
		return DMAMAP_NODEV;
	}
}

/*
 * Highmem frames have no linear translation, so no TLB holds one. What pkmap
 * and vmap had is purged where it is dropped; kunmap_local() purges at once.
 */
void dmamap_machine_purge_linear(u64 pfn, u64 pages)
{
	if (!PageHighMem(pfn_to_page(pfn)))
		flush_tlb_kernel_range(linear_of(pfn), linear_of(pfn + pages));
}

/* Nobody on ARM keeps a table of attributes: set_pte takes what it is given. */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute)
{
	return DMAMAP_OK;
}

void dmamap_machine_release(u64 pfn, u64 pages)
{
}

/*
 * DCCIMVAC through the region's own non-cacheable mapping: the operation goes
 * by the physical address that the translation gives, to every PIPT data cache
 * up to the point of coherency (DDI 0406C B2.2.6); it can't fill a line. An
 * outer cache is not reached by it and is told by physical address.
 *
 * Never all of the cache, however large the batch: v7_flush_kern_cache_all() goes
 * by set and way (arch/arm/mm/cache-v7.S). That reaches this CPU's caches alone
 * (DDI 0406C B2.2, multiprocessor effects), and lines move between those of several
 * CPUs meanwhile: Linux has it for one that is alone or goes down. And
 * outer_flush_all() wants interrupts off and no other user of the outer cache
 * (arch/arm/include/asm/outercache.h).
 */
void dmamap_machine_flush(u64 pfn, u64 pages, u64 addr)
{
	const size_t bytes = pages << PAGE_SHIFT;

	dmamap_count_flush(DMAMAP_FLUSH_LINES, pages);
	__cpuc_flush_dcache_area((void *)(unsigned long)addr, bytes);
	outer_flush_range(PFN_PHYS(pfn), PFN_PHYS(pfn) + bytes);
}

void dmamap_machine_barrier(void)
{
	mb();	/* dsb, and a sync of the outer cache */
}
