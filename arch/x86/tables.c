// SPDX-License-Identifier: GPL-2.0
/* Entries of x86-64's page tables, decoded for the X-ray, and the layout of kernel space. */
#include <linux/mm.h>
#include <asm/fixmap.h>
#include <asm/memtype.h>
#include <asm/pgtable.h>

#include "arch/arch.h"

static bool cacheable(pgprot_t prot)
{
	switch (pgprot2cachemode(prot)) {
	case _PAGE_CACHE_MODE_WB:
	case _PAGE_CACHE_MODE_WT:
	case _PAGE_CACHE_MODE_WP:
		return true;
	default:
		return false;
	}
}

bool dmamap_arch_pte_cacheable(pte_t pte)
{
	return cacheable(pte_pgprot(pte));
}

/*
 * On this level and above, the present bit is looked at, not pte_present() and its like:
 * those are also true for PROT_NONE, and for large pages that CPA made not present.
 */
bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf)
{
	leaf->pfn = pte_pfn(pte);
	leaf->present = pte_flags(pte) & _PAGE_PRESENT;
	leaf->cacheable = dmamap_arch_pte_cacheable(pte);
	return true;
}

/*
 * An entry that is not present does not lead to a table: it is a leaf, or empty. Its frame
 * number is stored inverted (L1TF), with the low bits or without them, depending on the
 * writer, so the low bits are cut off.
 */
static int large_leaf(struct dmamap_leaf *leaf, unsigned long size, unsigned long pfn, bool present,
		      pgprot_t prot)
{
	leaf->pages = size >> PAGE_SHIFT;
	leaf->pfn = round_down(pfn, leaf->pages);
	leaf->offset = 0;
	leaf->present = present;
	leaf->cacheable = cacheable(pgprot_large_2_4k(prot));
	return 1;
}

int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	const bool present = pud_flags(pud) & _PAGE_PRESENT;

	if (pud_none(pud) || (present && !pud_leaf(pud)))
		return 0;
	return large_leaf(leaves, PUD_SIZE, pud_pfn(pud), present, pud_pgprot(pud));
}

int dmamap_arch_pmd_leaves(const pmd_t *pmdp, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX])
{
	const pmd_t pmd = READ_ONCE(*pmdp);
	const bool present = pmd_flags(pmd) & _PAGE_PRESENT;

	if (pmd_none(pmd) || (present && !pmd_leaf(pmd)))
		return 0;
	return large_leaf(leaves, PMD_SIZE, pmd_pfn(pmd), present, pmd_pgprot(pmd));
}

/*
 * ioremap() of memory that is recorded as write-combining is write-combining, whatever was
 * asked for (arch/x86/mm/pat/memtype_interval.c, memtype_check_conflict(), and
 * is_new_memtype_allowed()).
 */
bool dmamap_arch_mapped_as(unsigned long addr, pgprot_t prot)
{
	unsigned int level;
	pte_t *entry = lookup_address(addr, &level);
	pgprot_t found;

	if (!entry)
		return false;
	found = pte_pgprot(*entry);
	if (level != PG_LEVEL_4K)
		found = pgprot_large_2_4k(found);
	return pgprot2cachemode(found) == pgprot2cachemode(prot);
}

enum dmamap_place dmamap_arch_place(unsigned long addr)
{
	if (addr >= PAGE_OFFSET && addr < (unsigned long)high_memory)
		return DMAMAP_PLACE_LINEAR;
	if (addr >= __START_KERNEL_map && addr < __START_KERNEL_map + KERNEL_IMAGE_SIZE)
		return DMAMAP_PLACE_IMAGE;
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return DMAMAP_PLACE_MODULE;
	if (addr >= VMALLOC_START && addr <= VMALLOC_END)
		return DMAMAP_PLACE_VMALLOC;
	if (addr >= FIXADDR_TOT_START && addr < FIXADDR_TOP + PAGE_SIZE)
		return DMAMAP_PLACE_FIXMAP;
	return DMAMAP_PLACE_ELSEWHERE;
}
