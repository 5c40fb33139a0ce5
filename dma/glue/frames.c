// SPDX-License-Identifier: GPL-2.0
/* Where frames come from, where they go, and whom they belong to. */
#include <linux/atomic.h>
#include <linux/cma.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>

#include "dma/abi/machine.h"
#include "dma/glue/quarantine.h"
#include "dma/glue/region.h"

static atomic64_t quarantined;

static_assert(PAGE_SHIFT == 12, "dma/core/address.h counts in pages of 4 KiB");

#ifdef CONFIG_DMA_CMA
u32 dmamap_machine_cma_placement(void)
{
	struct cma *cma = dma_contiguous_default_area;

	if (!cma)
		return DMAMAP_CMA_NONE;
	/* A CMA area lies wholly in one zone (mm/cma.c, cma_activate_area). */
	return PageHighMem(pfn_to_page(PHYS_PFN(cma_get_base(cma)))) ?
		DMAMAP_CMA_HIGHMEM : DMAMAP_CMA_LOWMEM;
}

u32 dmamap_machine_take_cma(u64 pages, u64 *pfn)
{
	struct cma *cma = dma_contiguous_default_area;
	struct page *page = NULL;

	if (cma && pages <= cma_get_size(cma) >> PAGE_SHIFT)
		page = cma_alloc(cma, pages, 0, true);
	if (!page)
		return DMAMAP_NOMEM;
	*pfn = page_to_pfn(page);
	return DMAMAP_OK;
}

void dmamap_machine_give_cma(u64 pfn, u64 pages)
{
	WARN_ON(!cma_release(dma_contiguous_default_area, pfn_to_page(pfn), pages));
}
#else
u32 dmamap_machine_cma_placement(void)
{
	return DMAMAP_CMA_NONE;
}

u32 dmamap_machine_take_cma(u64 pages, u64 *pfn)
{
	return DMAMAP_NOMEM;
}

void dmamap_machine_give_cma(u64 pfn, u64 pages)
{
}
#endif

static struct page *pages_of_order(unsigned int order, gfp_t zone)
{
	return alloc_pages(GFP_KERNEL | __GFP_NOWARN | zone, order);
}

/*
 * The zone is a first guess, as in kernel/dma/direct.c: memory that happens to
 * be in reach is better than the small zones below.
 */
static struct page *pages_in_reach(unsigned int order, u64 last_byte)
{
	static const gfp_t zones[] = { 0, GFP_DMA32, GFP_DMA };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		struct page *page = pages_of_order(order, zones[i]);

		if (!page)
			continue;
		if (page_to_phys(page) + (PAGE_SIZE << order) - 1 <= last_byte)
			return page;
		__free_pages(page, order);
	}
	return NULL;
}

u32 dmamap_machine_take_pages(u64 pages, u64 last_byte, u64 *pfn)
{
	const unsigned int order = get_order(pages << PAGE_SHIFT);
	struct page *page;
	u64 i;

	if (order > MAX_PAGE_ORDER)
		return DMAMAP_NOMEM;
	page = pages_in_reach(order, last_byte);
	if (!page) {
		/* Tell "no memory" from "no memory that the device reaches". */
		page = pages_of_order(order, 0);
		if (!page)
			return DMAMAP_NOMEM;
		__free_pages(page, order);
		return DMAMAP_IO;
	}
	/* Each frame has its own reference: they are freed one by one. */
	split_page(page, order);
	for (i = pages; i < 1ULL << order; i++)
		__free_page(page + i);
	*pfn = page_to_pfn(page);
	return DMAMAP_OK;
}

void dmamap_machine_give_pages(u64 pfn, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		__free_page(pfn_to_page(pfn + i));
}

u32 dmamap_machine_bus_address(void *device, u64 pfn, u64 pages, u64 *bus)
{
	const u64 bytes = pages << PAGE_SHIFT;
	struct device *dev = device;
	dma_addr_t first = phys_to_dma(dev, PFN_PHYS(pfn));
	dma_addr_t last = phys_to_dma(dev, PFN_PHYS(pfn) + bytes - 1);

	/* A window of the bus may end in the middle of the frames. */
	if (first == DMA_MAPPING_ERROR || last - first != bytes - 1 || last < first)
		return DMAMAP_IO;
	if (last > min_not_zero(dev->coherent_dma_mask, dev->bus_dma_limit))
		return DMAMAP_IO;
	*bus = first;
	return DMAMAP_OK;
}

void dmamap_machine_quarantine(u64 pfn, u64 pages)
{
	atomic64_add(pages, &quarantined);
	dmamap_quarantine_list(pfn, pages);
	pr_err("dmamap: quarantine: %llu frames from pfn %#llx could not be made ordinary memory again; they stay unused until reboot\n",
	       pages, pfn);
}

u64 dmamap_quarantined(void)
{
	return atomic64_read(&quarantined);
}
