// SPDX-License-Identifier: GPL-2.0
/*
 * Frames in one piece that the buddy allocator does not have: pages in use are moved
 * elsewhere to make room.
 *
 * alloc_contig_pages() does this too, but it begins to move pages in each place that is
 * no hole, and finds out by trying that one of them can't be moved. Memory with one held
 * page in each 2 MiB costs it seconds, in vain, for each request anew. Besides, it has
 * no limit for addresses, and aligns to the count, for which that must be a power of two.
 *
 * So the places are chosen here. A look at the pages, without locks, tells most places
 * that can't be had; the look is a hint, because pages change meanwhile, and
 * alloc_contig_range() decides. How many places it may try is bounded.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/page-isolation.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>

#include "dma/glue/machine/machine.h"

#ifdef CONFIG_CONTIG_ALLOC

/* Places that may be tried: each moves all pages of it, and may do so in vain. */
#define DMAMAP_TRIES_MOST 16

/*
 * References beyond those that a folio has by itself: of the page cache, of page tables,
 * of its private data, and, while it waits to be put on a list, of that.
 */
static bool dmamap_folio_held(struct folio *folio)
{
	int own = folio_mapcount(folio) + folio_test_private(folio) + !folio_test_lru(folio);

	if (!folio_test_anon(folio) || folio_test_swapcache(folio))
		own += folio_nr_pages(folio);
	return folio_ref_count(folio) > own;
}

/* Whether a page is free, or can be moved, as far as can be seen. */
static bool dmamap_page_moves(struct page *page)
{
	struct folio *folio;

	if (PageReserved(page) || is_migrate_cma_page(page))
		return false;
	if (PageBuddy(page) || !page_ref_count(compound_head(page)))
		return true;
	if (page_has_type(compound_head(page)))
		return false; /* a page table, of slab, offline, or of hugetlb */
	folio = page_folio(page);
	if (__folio_test_movable(folio))
		return true;
	return folio->mapping && !dmamap_folio_held(folio);
}

/* The first pfn of @pages from @pfn that is no page of @zone or can't be moved, or the end. */
static unsigned long dmamap_first_fixed(struct zone *zone, unsigned long pfn, u64 pages)
{
	const unsigned long end = pfn + pages;

	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zone(page) != zone || !dmamap_page_moves(page))
			break;
		if (!(pfn % pageblock_nr_pages))
			cond_resched();
	}
	return pfn;
}

/* Places of @zone, aligned to @align, up to @end. */
static struct page *dmamap_contiguous_in(struct zone *zone, const struct dmamap_search *search,
					 unsigned int *tries)
{
	const u64 end = min_t(u64, zone_end_pfn(zone), search->end_pfn);
	unsigned long pfn = ALIGN(zone->zone_start_pfn, search->align);
	unsigned long fixed;

	while (pfn + search->pages <= end && *tries && !fatal_signal_pending(current)) {
		cond_resched(); /* most places end at their first page */
		fixed = dmamap_first_fixed(zone, pfn, search->pages);
		if (fixed < pfn + search->pages) {
			pfn = ALIGN(fixed + 1, search->align);
			continue;
		}
		(*tries)--;
		if (!alloc_contig_range(pfn, pfn + search->pages, MIGRATE_MOVABLE,
					GFP_KERNEL | __GFP_NOWARN))
			return pfn_to_page(pfn);
		pfn += search->align;
	}
	return NULL;
}

struct page *dmamap_contiguous(const struct dmamap_search *search)
{
	struct zonelist *zonelist = node_zonelist(search->node, GFP_KERNEL);
	unsigned int tries = DMAMAP_TRIES_MOST;
	struct page *page;
	struct zoneref *z;
	struct zone *zone;

	lru_add_drain(); /* pages of this CPU that are on no list yet */
	for_each_zone_zonelist(zone, z, zonelist, gfp_zone(GFP_KERNEL)) {
		page = dmamap_contiguous_in(zone, search, &tries);
		if (page)
			return page;
	}
	return NULL;
}

#else

struct page *dmamap_contiguous(const struct dmamap_search *search)
{
	return NULL;
}

#endif
