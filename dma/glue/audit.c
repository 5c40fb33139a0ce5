// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "dma/glue/audit.h"
#include "dma/glue/region.h"

static void look_at(struct dmamap_audit *audit, const struct dmamap_leaf *leaf)
{
	const u64 flipped = dmamap_directory_flipped(leaf->pfn, leaf->pages);

	audit->leaves++;
	audit->translations += flipped;
	if (leaf->cacheable)
		audit->cacheable += flipped;
}

/* Counts the leaves of one entry; true if there were any. */
static bool look_at_leaves(struct dmamap_audit *audit, const struct dmamap_leaf *leaves, int count)
{
	int i;

	for (i = 0; i < count; i++)
		look_at(audit, &leaves[i]);
	return count > 0;
}

static void walk_ptes(struct dmamap_audit *audit, pmd_t *pmd)
{
	pte_t *ptep = pte_offset_kernel(pmd, 0);
	unsigned int i;

	for (i = 0; i < PTRS_PER_PTE; i++) {
		const pte_t pte = ptep_get(ptep + i);
		struct dmamap_leaf leaf = { .pages = 1 };

		if (!pte_present(pte))
			continue;
		leaf.pfn = pte_pfn(pte);
		leaf.cacheable = dmamap_arch_pte_cacheable(pte);
		look_at(audit, &leaf);
	}
}

static void walk_pmds(struct dmamap_audit *audit, pud_t *pud)
{
	struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX];
	pmd_t *pmd = pmd_offset(pud, 0);
	unsigned int i;

	for (i = 0; i < PTRS_PER_PMD; i++, pmd++) {
		if (i && pmd_val(*pmd) && pmd_val(*pmd) == pmd_val(pmd[-1]))
			continue;
		/* Before pmd_none(): ARM's second section may stand alone. */
		if (look_at_leaves(audit, leaves, dmamap_arch_pmd_leaves(pmd, leaves)))
			continue;
		if (!pmd_none(*pmd) && pmd_present(*pmd) && !pmd_bad(*pmd))
			walk_ptes(audit, pmd);
		cond_resched();
	}
}

static void walk_puds(struct dmamap_audit *audit, p4d_t *p4d)
{
	struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX];
	pud_t *pud = pud_offset(p4d, 0);
	unsigned int i;

	for (i = 0; i < PTRS_PER_PUD; i++, pud++) {
		if (pud_none(*pud) || (i && pud_val(*pud) == pud_val(pud[-1])) ||
		    look_at_leaves(audit, leaves, dmamap_arch_pud_leaf(*pud, leaves)))
			continue;
		if (pud_present(*pud))
			walk_pmds(audit, pud);
	}
}

static void walk_p4ds(struct dmamap_audit *audit, pgd_t *pgd)
{
	p4d_t *p4d = p4d_offset(pgd, 0);
	unsigned int i;

	for (i = 0; i < PTRS_PER_P4D; i++, p4d++)
		if (!p4d_none(*p4d) && p4d_present(*p4d) &&
		    !(i && p4d_val(*p4d) == p4d_val(p4d[-1])))
			walk_puds(audit, p4d);
}

/*
 * Own loops instead of mm/pagewalk.c: its entry for kernel tables has another
 * name in each stable release, and none looks at both sections of an ARM pair.
 * Tables of the kernel are never freed on the boards of this project (that
 * would take memory hot-remove), so no lock is held. An entry equal to the one
 * before it leads to the same table and is not walked again: KASAN's shadow
 * repeats one table billions of times.
 */
void dmamap_audit_kernel(struct dmamap_audit *audit)
{
	pgd_t *pgd = pgd_offset_k(0);
	unsigned int i;

	memset(audit, 0, sizeof(*audit));
	for (i = 0; i < PTRS_PER_PGD; i++, pgd++)
		if (!pgd_none(*pgd) && pgd_present(*pgd) &&
		    !(i && pgd_val(*pgd) && pgd_val(*pgd) == pgd_val(pgd[-1])))
			walk_p4ds(audit, pgd);
}
