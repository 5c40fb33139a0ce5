// SPDX-License-Identifier: GPL-2.0
/*
 * PA-RISC 1.1 primitives. dma/core/machine.h says what each must achieve, and
 * arch/parisc/README.md why these are enough.
 */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <asm/cache.h>
#include <asm/cacheflush.h>
#include <asm/pdc.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>

#include "arch/parisc/cpu.h"
#include "arch/parisc/flush.h"
#include "dma/abi/machine.h"
#include "dma/abi/steps.h"

/* arch/parisc/kernel/pacache.S */
void flush_dcache_page_asm(unsigned long phys_addr, unsigned long vaddr);
void flush_data_cache_local(void *unused);

static unsigned long linear_of(u64 pfn)
{
	return (unsigned long)__va(PFN_PHYS(pfn));
}

static pte_t *linear_pte(u64 pfn)
{
	return pte_offset_kernel(pmd_off_k(linear_of(pfn)), linear_of(pfn));
}

/*
 * The resource tree does not tell: it has all RAM of the firmware's table, also
 * the part above mem=. The linear map ends at high_memory.
 */
u32 dmamap_machine_is_kernel_memory(u64 pfn, u64 pages)
{
	return pfn < PHYS_PFN(__pa(high_memory));
}

/*
 * Only PCX-L and PCX-L2 implement the uncacheable bit for memory; stock
 * arch_dma_alloc() asks the same (Linux arch/parisc/kernel/pci-dma.c). On all others an
 * uncached mapping is cached, at an address that does not agree with the linear one.
 */
u32 dmamap_parisc_cpu(enum cpu_type type)
{
	return type == pcxl || type == pcxl2 ? DMAMAP_CPU_FIT : DMAMAP_CPU_IGNORES_UNCACHED;
}

u32 dmamap_machine_cpu(void)
{
	return dmamap_parisc_cpu(boot_cpu_data.cpu_type);
}

u32 dmamap_machine_unit(void)
{
	return 1;
}

u32 dmamap_machine_chunk(void)
{
	return SZ_256K >> PAGE_SHIFT;
}

/* PTEs know cached and _PAGE_NO_CACHE, and nothing between (asm/pgtable.h). */
u32 dmamap_machine_combining(void)
{
	return DMAMAP_COMBINING_NONE;
}

u32 dmamap_machine_linear(u64 pfn)
{
	const pte_t pte = *linear_pte(pfn);

	if (!pte_present(pte))
		return DMAMAP_LINEAR_ABSENT;
	return pte_val(pte) & _PAGE_NO_CACHE ? DMAMAP_LINEAR_UNCACHED : DMAMAP_LINEAR_CACHED;
}

/* Outside of the kernel's image the linear map has a PTE for each frame, so a unit is one. */
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

/* Without highmem, kmap_local_page() gives an address of the linear map (mm/highmem.c). */
void dmamap_machine_purge_local_maps(void)
{
}

/* Linux on PA-RISC keeps no table of attributes. */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute)
{
	return DMAMAP_OK;
}

void dmamap_machine_release(u64 pfn, u64 pages)
{
}

/*
 * Flushes one frame through the kernel's flush-only alias, for three reasons. The
 * alias is congruent with the linear address (same offset modulo the 4 MiB of
 * SHM_COLOUR), and only such an address reaches the lines, because the cache is
 * indexed by virtual address. The alias has a translation: fdc on an address
 * without one is skipped silently (arch/parisc/mm/fault.c). And the alias does
 * not allow move-in, so no line comes back.
 */
static void flush_lines(u64 pfn)
{
	preempt_disable();	/* the alias belongs to this CPU's TLB */
	flush_dcache_page_asm(PFN_PHYS(pfn), linear_of(pfn));
	preempt_enable();
	dmamap_count_flush(DMAMAP_FLUSH_LINES, 1);
}

/*
 * Flushes the whole data cache by the architected loop of fdce: each entry is
 * written back and invalidated, whatever its contents and its address. Lines of
 * the frames do not come back meanwhile, because their cacheable translation is
 * gone from page table and TLB; lines of other memory don't matter. The kernel
 * relies on the same loop: flush_kernel_vmap_range() and
 * invalidate_kernel_vmap_range(), made for I/O, flush that way after a purge of
 * the range (arch/parisc/kernel/cache.c).
 */
static void flush_whole(u64 pages)
{
	flush_data_cache_local(NULL);
	dmamap_count_flush(DMAMAP_FLUSH_WHOLE, pages);
}

bool dmamap_parisc_flush_whole(const struct pdc_cache_info *cache, unsigned long line,
			       u64 pages)
{
	const u64 entries = (u64)cache->dc_loop * cache->dc_count;

	/* The kernel's routine takes both as signed: a negative one flushes nothing. */
	if ((long)cache->dc_loop <= 0 || (long)cache->dc_count <= 0 || entries > SZ_16M)
		return false;
	/* The loop must reach the whole cache; dc_size is 0 where it is unknown. */
	if (!line || !cache->dc_size || entries * cache->dc_stride < cache->dc_size)
		return false;
	return pages << PAGE_SHIFT > cache->dc_size && pages * (PAGE_SIZE / line) > entries;
}

/*
 * fdce reaches only the cache of this CPU, while fdc is broadcast to all. A kernel for
 * several CPUs would have to stop the others for a whole flush, so it goes line by
 * line.
 */
void dmamap_machine_flush(u64 pfn, u64 pages, u64 addr)
{
	u64 i;

	if (!IS_ENABLED(CONFIG_SMP) &&
	    dmamap_parisc_flush_whole(&cache_info, dcache_stride, pages)) {
		flush_whole(pages);
		return;
	}
	for (i = 0; i < pages; i++)
		flush_lines(pfn + i);
}

void dmamap_machine_barrier(void)
{
	mb();
	asm_syncdma();	/* flushes have reached memory, DMA writes are seen */
}
