// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own mappings of regions: made with the region's attribute, and taken away
 * with all TLB entries before the frames go back.
 */
#include <linux/cacheflush.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"

void dmamap_machine_drop_lazy_aliases(void)
{
	/* Highmem slots that kunmap() keeps for the next kmap(), or that other CPUs have ... */
	kmap_flush_unused();
	dmamap_machine_purge_local_maps();
	/* ... and vmap areas whose TLB purge waits for more of them. */
	vm_unmap_aliases();
	/*
	 * While the TLB entries of those areas lived, lines could be filled through
	 * them. A cache that is indexed by virtual address finds these lines only
	 * by the old addresses, so they are flushed by those. On other machines this
	 * does nothing.
	 */
	flush_cache_vunmap(VMALLOC_START, VMALLOC_END);
}

pgprot_t dmamap_pgprot(u32 attribute, pgprot_t prot)
{
	switch (attribute) {
	case DMAMAP_ATTR_CACHED:
		return prot;
	case DMAMAP_ATTR_COHERENT:
#ifdef pgprot_dmacoherent
		return pgprot_dmacoherent(prot);
#else
		return pgprot_noncached(prot);
#endif
	case DMAMAP_ATTR_WRITE_COMBINE:
		return pgprot_writecombine(prot);
	default:
		/* As ioremap() does: ARM has a device type beside strongly ordered. */
		return pgprot_device(prot);
	}
}

/*
 * The flags of a region's area. Readers of all kernel memory (/proc/kcore, and so drgn and
 * crash) look at the flags before they look at memory: with VM_MAP alone, vread_iter() takes
 * the frame of each page from the table and reads it by kmap_local_page(), which is the alias
 * that a flip has removed. There a reader of /proc/kcore loops for ever, or makes the alias
 * again. An area with VM_SPARSE is a hole: they get zeroes. Nothing else in mm/ asks for it.
 */
#define DMAMAP_AREA (VM_MAP | VM_SPARSE)

u32 dmamap_machine_map(u64 pfn, u64 pages, u32 attribute, u64 *addr)
{
	struct page **table;
	void *mapped;
	u64 i;

	table = kvmalloc_array(pages, sizeof(*table), GFP_KERNEL);
	if (!table)
		return DMAMAP_NOMEM;
	for (i = 0; i < pages; i++)
		table[i] = pfn_to_page(pfn + i);
	mapped = vmap(table, pages, DMAMAP_AREA, dmamap_pgprot(attribute, PAGE_KERNEL));
	kvfree(table);
	if (!mapped)
		return DMAMAP_NOMEM;
	*addr = (unsigned long)mapped;
	return DMAMAP_OK;
}

void dmamap_machine_unmap(u64 addr)
{
	vunmap((void *)(unsigned long)addr);
	/* vunmap() leaves the TLB purge for later. Force it: the frames go back next. */
	vm_unmap_aliases();
}

u64 dmamap_machine_linear_address(u64 pfn)
{
	return (unsigned long)page_address(pfn_to_page(pfn));
}

u32 dmamap_machine_map_device(u64 pfn, u64 pages, u32 attribute, u64 *addr)
{
	const phys_addr_t phys = PFN_PHYS(pfn);
	const size_t bytes = pages << PAGE_SHIFT;
	void __iomem *mapped;

	mapped = attribute == DMAMAP_ATTR_WRITE_COMBINE ? ioremap_wc(phys, bytes) :
							  ioremap(phys, bytes);
	if (!mapped)
		return DMAMAP_NOMEM;
	/* Another driver has the memory mapped otherwise: two attributes are never right. */
	if (!dmamap_arch_mapped_as((unsigned long)mapped, dmamap_pgprot(attribute, PAGE_KERNEL))) {
		iounmap(mapped);
		return DMAMAP_BUSY;
	}
	*addr = (unsigned long)mapped;
	return DMAMAP_OK;
}

void dmamap_machine_unmap_device(u64 addr)
{
	iounmap((void __iomem *)(unsigned long)addr);
}

void dmamap_machine_zero(u64 addr, u64 pages)
{
	memset((void *)(unsigned long)addr, 0, pages << PAGE_SHIFT);
}
