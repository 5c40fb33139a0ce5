// SPDX-License-Identifier: GPL-2.0
/*
 * PA-RISC 1.1 primitives. What each must achieve: dma/core/machine.h. Why they
 * are enough: arch/parisc/README.md.
 */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <asm/cache.h>
#include <asm/cacheflush.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "dma/abi/machine.h"
#include "dma/abi/steps.h"

void flush_dcache_page_asm(unsigned long phys_addr, unsigned long vaddr);

static unsigned long linear_of(u64 pfn)
{
	return (unsigned long)__va(PFN_PHYS(pfn));
}

static pte_t *linear_pte(u64 pfn)
{
	return pte_offset_kernel(pmd_off_k(linear_of(pfn)), linear_of(pfn));
}

/*
 * The resource tree has all RAM of the firmware's table, that above mem= too;
 * the linear map ends at high_memory.
 */
u32 dmamap_machine_is_kernel_memory(u64 pfn, u64 pages)
{
	return pfn < PHYS_PFN(__pa(high_memory));
}

u32 dmamap_machine_unit(void)
{
	return 1;
}

u32 dmamap_machine_chunk(void)
{
	return SZ_256K >> PAGE_SHIFT;
}

u32 dmamap_machine_linear(u64 pfn)
{
	const pte_t pte = *linear_pte(pfn);

	if (!pte_present(pte))
		return DMAMAP_LINEAR_ABSENT;
	return pte_val(pte) & _PAGE_NO_CACHE ? DMAMAP_LINEAR_UNCACHED : DMAMAP_LINEAR_CACHED;
}

/* The linear map outside of the kernel's image has a PTE for each frame: a unit. */
u32 dmamap_machine_set_linear(u64 pfn, u64 pages, u32 linear)
{
	pte_t *pte = linear_pte(pfn);
	unsigned long val = pte_val(*pte) & ~(_PAGE_PRESENT | _PAGE_NO_CACHE);

	switch (linear) {
	case DMAMAP_LINEAR_ABSENT:
		break;
	case DMAMAP_LINEAR_UNCACHED:
		val |= _PAGE_PRESENT | _PAGE_NO_CACHE;
		break;
	case DMAMAP_LINEAR_CACHED:
		val |= _PAGE_PRESENT;
		break;
	default:
		return DMAMAP_NODEV;
	}
	set_pte(pte, __pte(val));	/* edits only: the purge is a step of its own */
	return DMAMAP_OK;
}

void dmamap_machine_purge_linear(u64 pfn, u64 pages)
{
	flush_tlb_kernel_range(linear_of(pfn), linear_of(pfn + pages));
}

/* Nobody on PA-RISC keeps a table of attributes. */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute)
{
	return DMAMAP_OK;
}

void dmamap_machine_release(u64 pfn, u64 pages)
{
}

/*
 * Through the flush-only alias of the kernel, congruent with the linear address
 * (same offset modulo the 4 MiB of SHM_COLOUR): the cache is found by virtual
 * index, so no other address reaches the lines; fdc on an address without a
 * translation would be skipped without a word (arch/parisc/mm/fault.c); and
 * that alias does not allow move-in, so nothing comes back.
 */
void dmamap_machine_flush(u64 pfn, u64 pages, u64 addr)
{
	u64 i;

	dmamap_count_flush(DMAMAP_FLUSH_LINES, pages);
	for (i = 0; i < pages; i++) {
		preempt_disable();	/* the alias belongs to this CPU's TLB */
		flush_dcache_page_asm(PFN_PHYS(pfn + i), linear_of(pfn + i));
		preempt_enable();
	}
}

void dmamap_machine_barrier(void)
{
	mb();
	asm_syncdma();	/* flushes have reached memory, DMA writes are seen */
}
