// SPDX-License-Identifier: GPL-2.0
/*
 * ARMv7 primitives. dma/core/machine.h says what each must achieve, and
 * arch/arm/README.md why these are enough.
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
 * pfn_valid() does not tell: that is true for no-map memory, and for all of a
 * page block around RAM. In the resource tree, no-map memory is not System RAM.
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

/* The address of a frame in the linear map; only lowmem has one. */
static unsigned long linear_of(u64 pfn)
{
	return (unsigned long)__va(PFN_PHYS(pfn));
}

/*
 * The PTE of a lowmem frame, or NULL if a section maps it. Most of lowmem is
 * mapped by sections, and each process has its own copy of the first-level
 * table. Only the contiguous area has PTEs: dma_contiguous_remap() maps it by
 * pages, and all processes share these tables.
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
 * Highmem frames have no linear translation, so no TLB holds one. Other translations
 * are purged where they are dropped, or in dmamap_machine_purge_local_maps().
 */
void dmamap_machine_purge_linear(u64 pfn, u64 pages)
{
	if (!PageHighMem(pfn_to_page(pfn)))
		flush_tlb_kernel_range(linear_of(pfn), linear_of(pfn + pages));
}

/*
 * kunmap_local() purges the TLB of its own CPU only (arch_kmap_local_post_unmap() in
 * arch/arm/include/asm/highmem.h). But the slots lie in tables that all CPUs share, and
 * while one was mapped, the walker of another CPU could load it (DDI 0406C B3.9.1). The
 * last to use a slot for frames of a region may be the allocator, which moves pages off
 * them (mm/migrate.c). A CPU's slots follow those of the CPU before it
 * (kmap_local_calc_idx() in mm/highmem.c), at lower addresses.
 */
void dmamap_machine_purge_local_maps(void)
{
#ifdef CONFIG_HIGHMEM
	const unsigned int slots = KM_MAX_IDX * nr_cpu_ids;

	flush_tlb_kernel_range(__fix_to_virt(FIX_KMAP_BEGIN + slots - 1),
			       __fix_to_virt(FIX_KMAP_BEGIN) + PAGE_SIZE);
#endif
}

/* Linux on ARM keeps no table of attributes: set_pte() takes any attribute. */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute)
{
	return DMAMAP_OK;
}

void dmamap_machine_release(u64 pfn, u64 pages)
{
}

/*
 * DCCIMVAC through the region's own non-cacheable mapping: the operation acts on
 * the physical address that the translation gives, in every PIPT data cache up
 * to the point of coherency (DDI 0406C B2.2.6); it can't fill a line. An outer
 * cache is not reached that way, and is flushed by physical address.
 *
 * However large the batch, the whole cache is never flushed instead.
 * v7_flush_kern_cache_all() goes by set and way (arch/arm/mm/cache-v7.S), which
 * reaches only the caches of this CPU (DDI 0406C B2.2, multiprocessor effects),
 * while lines move between the caches of several CPUs. Linux uses it on a CPU
 * that is alone or goes down. And outer_flush_all() wants interrupts off and no
 * other user of the outer cache (arch/arm/include/asm/outercache.h).
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
