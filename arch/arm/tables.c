// SPDX-License-Identifier: GPL-2.0
/* Entries of ARM's page tables, decoded for the X-ray, and the layout of kernel space. */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <asm/fixmap.h>
#include <asm/pgtable.h>

#include "arch/arch.h"

/* With long descriptors, some of these types have the same value. */
static bool cacheable_pteval(pteval_t val)
{
	const pteval_t type = val & L_PTE_MT_MASK;

	return type != L_PTE_MT_UNCACHED && type != L_PTE_MT_BUFFERABLE &&
	       type != L_PTE_MT_DEV_SHARED && type != L_PTE_MT_DEV_NONSHARED &&
	       type != L_PTE_MT_DEV_WC;
}

bool dmamap_arch_pte_cacheable(pte_t pte)
{
	return cacheable_pteval(pte_val(pte));
}

/* Linux takes a PROT_NONE entry for present, but the hardware faults on it. */
bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf)
{
	if (!pte_present(pte))
		return false;
	leaf->pfn = pte_pfn(pte);
	leaf->present = !(pte_val(pte) & L_PTE_NONE);
	leaf->cacheable = dmamap_arch_pte_cacheable(pte);
	return true;
}

int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	return 0;
}

/* Decodes a section; false if the entry is none. */
static bool section_of(pmd_t pmd, struct dmamap_leaf *leaf)
{
	if ((pmd_val(pmd) & PMD_TYPE_MASK) != PMD_TYPE_SECT)
		return false;
	leaf->pfn = (pmd_val(pmd) & SECTION_MASK & PHYS_MASK) >> PAGE_SHIFT;
	leaf->pages = SECTION_SIZE >> PAGE_SHIFT;
	leaf->present = true;
#ifdef CONFIG_ARM_LPAE
	/* Block and page descriptors have their attribute index in one place. */
	leaf->cacheable = cacheable_pteval(pmd_val(pmd));
#else
	/* With TEX remap, the C bit of the index tells cacheable types apart. */
	leaf->cacheable = pmd_val(pmd) & PMD_SECT_CACHEABLE;
#endif
	return true;
}

/* Without LPAE, a PMD of Linux is a pair of 1 MiB entries of the hardware. */
int dmamap_arch_pmd_leaves(const pmd_t *pmd, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	const int entries = IS_ENABLED(CONFIG_ARM_LPAE) ? 1 : 2;
	int count = 0;
	int i;

	for (i = 0; i < entries; i++) {
		if (!section_of(pmd[i], &leaves[count]))
			continue;
		leaves[count].offset = i * SECTION_SIZE;
		count++;
	}
	return count;
}

#ifdef CONFIG_HIGHMEM
static bool is_pkmap(unsigned long addr)
{
	return addr >= PKMAP_ADDR(0) && addr < PKMAP_ADDR(LAST_PKMAP);
}
#else
static bool is_pkmap(unsigned long addr)
{
	return false;
}
#endif

static enum dmamap_place place_in_fixmap(unsigned long addr)
{
	/* Slots count downwards. */
	if (addr >= __fix_to_virt(FIX_KMAP_END) &&
	    addr < __fix_to_virt(FIX_KMAP_BEGIN) + PAGE_SIZE)
		return DMAMAP_PLACE_KMAP_LOCAL;
	return DMAMAP_PLACE_FIXMAP;
}

/* Linux on ARM keeps no table of attributes: ioremap() takes any. */
bool dmamap_arch_mapped_as(unsigned long addr, pgprot_t prot)
{
	return true;
}

/* The kernel's image has no map of its own: it is part of the linear map. */
enum dmamap_place dmamap_arch_place(unsigned long addr)
{
	if (addr >= PAGE_OFFSET && addr < (unsigned long)high_memory)
		return DMAMAP_PLACE_LINEAR;
	if (is_pkmap(addr))
		return DMAMAP_PLACE_PKMAP;
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return DMAMAP_PLACE_MODULE;
	if (addr >= VMALLOC_START && addr < VMALLOC_END)
		return DMAMAP_PLACE_VMALLOC;
	if (addr >= FIXADDR_START && addr < FIXADDR_END)
		return place_in_fixmap(addr);
	return DMAMAP_PLACE_ELSEWHERE;
}
