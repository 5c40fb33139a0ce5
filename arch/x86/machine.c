// SPDX-License-Identifier: GPL-2.0
/*
 * x86-64 primitives. dma/core/machine.h says what each must achieve, and
 * arch/x86/README.md why these are enough.
 */
#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/set_memory.h>
#include <linux/sizes.h>
#include <asm/cacheflush.h>
#include <asm/memtype.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>

#include "dma/abi/machine.h"
#include "dma/abi/steps.h"

/* pfn_valid() does not tell: that is true for no-map memory, which may be adopted. */
u32 dmamap_machine_is_kernel_memory(u64 pfn, u64 pages)
{
	return region_intersects(PFN_PHYS(pfn), pages << PAGE_SHIFT, IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/*
 * Only CLFLUSH is asked for: dmamap_machine_flush() has nothing else, and the kernel may
 * have been told to do without (clearcpuid=). Large pages (PSE) are a matter of
 * dmamap_machine_unit(), PAT of dmamap_machine_combining(): uncached memory is
 * _PAGE_PCD, which needs neither (Linux arch/x86/mm/pat/memtype.c, init_cache_modes()).
 */
u32 dmamap_machine_cpu(void)
{
	return boot_cpu_has(X86_FEATURE_CLFLUSH) && boot_cpu_data.x86_clflush_size ?
		DMAMAP_CPU_FIT : DMAMAP_CPU_KEEPS_LINES;
}

/*
 * A large page of the linear map, if the kernel uses them. A large page that is
 * flipped as a whole need not be split; 6.12 never joins the pieces again.
 */
u32 dmamap_machine_unit(void)
{
	return boot_cpu_has(X86_FEATURE_PSE) && !debug_pagealloc_enabled() ?
		PMD_SIZE >> PAGE_SHIFT : 1;
}

u32 dmamap_machine_chunk(void)
{
	return PMD_SIZE >> PAGE_SHIFT;
}

/* Without PAT there is no such memory type, and pgprot_writecombine() is uncached. */
u32 dmamap_machine_combining(void)
{
	return pat_enabled() ? DMAMAP_COMBINING_SEPARATE : DMAMAP_COMBINING_NONE;
}

u32 dmamap_machine_linear(u64 pfn)
{
	return kernel_page_present(pfn_to_page(pfn)) ? DMAMAP_LINEAR_CACHED :
						       DMAMAP_LINEAR_ABSENT;
}

/*
 * Edits the entry of a large page. CPA has no call for a large page that leaves the
 * purge to the caller, and its calls for single pages would split the large one.
 * All frames of the page belong to this flip, so no other CPU edits the entry. As
 * in CPA, an entry that is not present has no global bit (which would mean
 * PROT_NONE), is not a leaf, and has its frame number inverted (L1TF).
 */
static void set_large(pmd_t *pmd, u64 pfn, bool present)
{
	pgprot_t prot = PAGE_KERNEL_LARGE;

	if (!present)
		pgprot_val(prot) &= ~(_PAGE_PRESENT | _PAGE_PSE | _PAGE_GLOBAL);
	set_pmd(pmd, pfn_pmd(pfn, prot));
}

/*
 * Edits single pages, or undoes all of it. Where the linear map is made of small pages
 * already, this needs no memory.
 */
static int set_small(u64 pfn, u64 pages, bool present)
{
	u64 i;
	int err;

	for (i = 0; i < pages; i++) {
		struct page *page = pfn_to_page(pfn + i);

		err = present ? set_direct_map_default_noflush(page) :
				set_direct_map_invalid_noflush(page);
		if (err)
			break;
	}
	if (i == pages)
		return 0;
	while (i-- > 0)
		WARN_ON(present ? set_direct_map_invalid_noflush(pfn_to_page(pfn + i)) :
				  set_direct_map_default_noflush(pfn_to_page(pfn + i)));
	return err;
}

u32 dmamap_machine_set_linear(u64 pfn, u64 pages, u32 linear)
{
	const bool present = linear == DMAMAP_LINEAR_CACHED;
	unsigned int level;
	pte_t *entry;

	if (!present && linear != DMAMAP_LINEAR_ABSENT)
		return DMAMAP_NODEV;
	entry = lookup_address((unsigned long)pfn_to_kaddr(pfn), &level);
	if (entry && level == PG_LEVEL_2M && pages == PMD_SIZE >> PAGE_SHIFT) {
		set_large((pmd_t *)entry, pfn, present);
		return DMAMAP_OK;
	}
	return set_small(pfn, pages, present) ? DMAMAP_NOMEM : DMAMAP_OK;
}

void dmamap_machine_purge_linear(u64 pfn, u64 pages)
{
	const unsigned long start = (unsigned long)pfn_to_kaddr(pfn);

	flush_tlb_kernel_range(start, start + (pages << PAGE_SHIFT));
}

/* 64 bits have no highmem: kmap_local_page() gives an address of the linear map. */
void dmamap_machine_purge_local_maps(void)
{
}

/*
 * The memtype of a frame overrides the cache bits of every user mapping that is
 * inserted later (track_pfn_insert); RAM without one becomes write-back.
 */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute)
{
	enum page_cache_mode mode;
	int err;

	switch (attribute) {
	case DMAMAP_ATTR_COHERENT:
		mode = _PAGE_CACHE_MODE_UC_MINUS;
		break;
	case DMAMAP_ATTR_WRITE_COMBINE:
		mode = _PAGE_CACHE_MODE_WC;
		break;
	default:
		return DMAMAP_NODEV;
	}
	err = memtype_reserve(PFN_PHYS(pfn), PFN_PHYS(pfn + pages), mode, NULL);
	return err ? DMAMAP_BUSY : DMAMAP_OK;
}

void dmamap_machine_release(u64 pfn, u64 pages)
{
	memtype_free(PFN_PHYS(pfn), PFN_PHYS(pfn + pages));
}

/*
 * CLFLUSH works on the line, whatever memory type its address is mapped with.
 *
 * WBINVD is never used, however large the batch: an IPI would stop all CPUs, and each
 * would write back all its modified lines, of any owner, in one instruction for which
 * interrupts wait (Intel SDM vol. 2, WBINVD). The kernel's own change of attributes
 * once used it from 1024 pages on; in 6.12, cpa_flush() in
 * arch/x86/mm/pat/set_memory.c takes WBINVD only where there is no CLFLUSH, and there
 * dmamap_machine_cpu() refuses.
 */
void dmamap_machine_flush(u64 pfn, u64 pages, u64 addr)
{
	const u64 end = addr + (pages << PAGE_SHIFT);

	dmamap_count_flush(DMAMAP_FLUSH_LINES, pages);
	/* clflush_cache_range() takes an unsigned int, in which 4 GiB would be 0. */
	for (; addr < end; addr += SZ_1G)
		clflush_cache_range((void *)(unsigned long)addr, min(end - addr, SZ_1G));
}

void dmamap_machine_barrier(void)
{
	mb();
}
