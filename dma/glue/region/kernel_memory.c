// SPDX-License-Identifier: GPL-2.0
/*
 * Resolution of memory that the layer did not allocate: a driver's own
 * dma_alloc_coherent(), dma_pool_alloc(), ioremap() or, where the device snoops, any
 * memory of the kernel. The only thing known about it is what the page table says of the
 * address that the driver uses, so the answer comes from there.
 */
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "arch/arch.h"
#include "dma/glue/region/region.h"

/* The leaf, of @count that one entry has, which maps the byte at @offset of the entry. */
static bool dmamap_leaf_at(const struct dmamap_leaf *leaves, int count, unsigned long offset,
			   struct dmamap_leaf *leaf)
{
	int i;

	for (i = 0; i < count; i++) {
		if (offset - leaves[i].offset >= leaves[i].pages << PAGE_SHIFT)
			continue;
		*leaf = leaves[i];
		leaf->pfn += (offset - leaves[i].offset) >> PAGE_SHIFT;
		return true;
	}
	return false;
}

/*
 * At whatever level the leaf is. No lock is needed: the caller keeps the translation, and
 * tables of the kernel stay.
 */
static bool dmamap_leaf_of(unsigned long addr, struct dmamap_leaf *leaf)
{
	struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX];
	pgd_t *pgd = pgd_offset_k(addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud;
	pmd_t *pmd;
	pte_t pte;

	if (pgd_none(*pgd) || !pgd_present(*pgd) || p4d_none(*p4d) || !p4d_present(*p4d))
		return false;
	pud = pud_offset(p4d, addr);
	if (dmamap_leaf_at(leaves, dmamap_arch_pud_leaf(*pud, leaves), addr & ~PUD_MASK, leaf))
		return leaf->present;
	if (pud_none(*pud) || !pud_present(*pud))
		return false;
	pmd = pmd_offset(pud, addr);
	if (dmamap_leaf_at(leaves, dmamap_arch_pmd_leaves(pmd, leaves), addr & ~PMD_MASK, leaf))
		return leaf->present;
	if (pmd_none(*pmd) || !pmd_present(*pmd) || pmd_bad(*pmd))
		return false;
	pte = ptep_get(pte_offset_kernel(pmd, addr));
	return !pte_none(pte) && dmamap_arch_pte_leaf(pte, leaf) && leaf->present;
}

/*
 * Does this frame belong to the page allocator, now or later? pfn_valid() alone does not
 * tell: no-map memory has valid pfns too, but its pages are reserved.
 */
static bool dmamap_has_allocator(unsigned long pfn)
{
	return pfn_valid(pfn) && !PageReserved(pfn_to_page(pfn));
}

/* Turns a leaf into an answer, or refuses where the layer can't vouch for the memory. */
static int dmamap_describe(struct device *dev, const struct dmamap_leaf *leaf,
			   struct dmamap_core_resolution *resolution)
{
	const bool ram = dmamap_has_allocator(leaf->pfn);

	/* Cached memory is coherent with a device that snoops; with others it may not be. */
	if (leaf->cacheable && !(ram && dev_is_dma_coherent(dev)))
		return -ENOENT;
	resolution->pfn = leaf->pfn;
	if (leaf->cacheable) {
		resolution->behind = DMAMAP_BEHIND_PAGE;
		resolution->attribute = DMAMAP_ATTR_CACHED;
	} else if (pfn_valid(leaf->pfn)) {
		resolution->behind = DMAMAP_BEHIND_RESERVED;
		resolution->attribute = DMAMAP_ATTR_COHERENT;
	} else {
		resolution->behind = DMAMAP_BEHIND_DEVICE;
		resolution->attribute = DMAMAP_ATTR_UNCACHED;
	}
	return 0;
}

bool dmamap_frame_at(const void *cpu_addr, u64 *pfn)
{
	struct dmamap_leaf leaf = { .pages = 1 };

	if (!dmamap_leaf_of((unsigned long)cpu_addr, &leaf))
		return false;
	*pfn = leaf.pfn;
	return true;
}

int dmamap_resolve_kernel_memory(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
				 struct dmamap_core_resolution *resolution)
{
	const phys_addr_t phys = dma_to_phys(dev, dma_addr);
	const unsigned long addr = (unsigned long)cpu_addr;
	struct dmamap_leaf leaf = { .pages = 1 };

	/* Elsewhere a bus address is not a physical address. */
	if (dmamap_device_addressing(dev) != DMAMAP_DEVICE_DIRECT)
		return -ENOENT;
	if (!dmamap_leaf_of(addr, &leaf))
		return -ENOENT;
	if (leaf.pfn != PHYS_PFN(phys) || offset_in_page(phys) != offset_in_page(addr))
		return -EINVAL;
	return dmamap_describe(dev, &leaf, resolution);
}
