// SPDX-License-Identifier: GPL-2.0
/*
 * Where frames come from (CMA, or the page allocator), where they go, and which bus
 * address a device has for them. Frames that a failed flip left in doubt go to
 * quarantine instead of back to their allocator.
 */
#include <linux/atomic.h>
#include <linux/cma.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/iommu-dma.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/topology.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dmamap.h"

static atomic64_t dmamap_frames_quarantined;

/*
 * A reserve that si_mem_available() does not subtract. Large allocations fragment memory,
 * and fragmentation raises the watermarks for a while, by 1.5 times the high one at most
 * (watermark_boost_factor in Documentation/admin-guide/sysctl/vm.rst). Besides, each CPU
 * may take some MiB at once into its own lists, where other CPUs do not find them
 * (nr_pcp_alloc() in mm/page_alloc.c).
 */
static u64 dmamap_boosted_reserve(void)
{
	struct zone *zone;
	u64 pages = totalram_pages() / 32;

	for_each_populated_zone(zone)
		pages += high_wmark_pages(zone) * 3 / 2;
	return pages;
}

/* Pages that could be allocated, swap included: the kernel may swap to make room. */
static u64 dmamap_available(void)
{
	return (u64)si_mem_available() + get_nr_swap_pages();
}

/*
 * Is there enough memory for @pages frames and for what it takes to map and to list them?
 * Taking the last frames in large pieces makes the next small allocation in the system
 * call the OOM killer; the allocation of page tables for these frames would be the first.
 * kernel/trace/ring_buffer.c asks the same for its pages. Requests for few pages are not
 * checked: the watermarks of the page allocator are enough for them.
 */
static bool dmamap_enough_left(u64 pages)
{
	return pages <= 1 << PAGE_ALLOC_COSTLY_ORDER ||
	       pages + pages / 64 + dmamap_boosted_reserve() < dmamap_available();
}

/*
 * The same question after the frames are taken, for what is left to others. If it is
 * close, the free lists of the CPUs are drained first. Pages that were moved, and the tail
 * of the run, have filled those lists; the watermarks do not count them, so the OOM killer
 * would be called although they hold free memory.
 */
static bool dmamap_others_have_enough(u64 pages)
{
	const u64 least = pages / 64 + dmamap_boosted_reserve();

	if (pages <= 1 << PAGE_ALLOC_COSTLY_ORDER || dmamap_available() > least)
		return true;
	drain_all_pages(NULL);
	return dmamap_available() > least;
}

/* The order that the first frame of @pages is aligned to. */
static unsigned int dmamap_aligned_order(u64 pages)
{
	return min_t(unsigned int, order_base_2(pages), get_order(DMAMAP_ALIGNED_BYTES));
}

bool dmamap_may_move_pages(void)
{
	const gfp_t any = __GFP_IO | __GFP_FS;

	return (current_gfp_context(GFP_KERNEL) & any) == any;
}

#ifdef CONFIG_DMA_CMA
u32 dmamap_area_placement(const struct cma *cma)
{
	if (!cma)
		return DMAMAP_CMA_NONE;
	/*
	 * An area that lies in more than one zone is not activated: it keeps its name, and has
	 * no pages (mm/cma.c, cma_activate_area).
	 */
	if (!cma_get_size(cma))
		return DMAMAP_CMA_UNUSABLE;
	return PageHighMem(pfn_to_page(PHYS_PFN(cma_get_base(cma)))) ? DMAMAP_CMA_HIGHMEM :
								       DMAMAP_CMA_LOWMEM;
}

/*
 * cma_alloc() moves what is in the way, and waits for writeback, whatever its caller may
 * wait for. Nor is it enough that the frames are free: the mutex inside may be held by a
 * task that waits for writeback. So there is nothing here for a caller without
 * DMAMAP_TAKE_MOVE, for which the reserve of the pool is kept.
 */
u32 dmamap_machine_take_cma(u64 pages, void *area, u32 how, u64 *pfn)
{
	struct cma *cma = area ?: dma_contiguous_default_area;
	struct page *page = NULL;

	if (cma && (how & DMAMAP_TAKE_MOVE) && pages <= cma_get_size(cma) >> PAGE_SHIFT &&
	    dmamap_enough_left(pages))
		page = cma_alloc(cma, pages, dmamap_aligned_order(pages), true);
	if (!page)
		return DMAMAP_NOMEM;
	if (!dmamap_others_have_enough(pages)) {
		cma_release(cma, page, pages);
		return DMAMAP_NOMEM;
	}
	*pfn = page_to_pfn(page);
	return DMAMAP_OK;
}

/* A run of frames that goes back to the area that has it. */
static int dmamap_release_to(struct cma *cma, void *data)
{
	const struct dmamap_frames *run = data;

	return cma_release(cma, pfn_to_page(run->pfn), run->pages);
}

void dmamap_machine_give_cma(u64 pfn, u64 pages)
{
	struct dmamap_frames run = { .pfn = pfn, .pages = pages };

	/* The board's first, from which most runs are. */
	if (!cma_release(dma_contiguous_default_area, pfn_to_page(pfn), pages))
		WARN_ON(!cma_for_each_area(dmamap_release_to, &run));
}

/* Only what asks for them gets frames of an area: the layer's own requests are unmovable. */
static bool dmamap_of_an_area(u64 pfn)
{
	return is_migrate_cma_page(pfn_to_page(pfn));
}
#else
u32 dmamap_area_placement(const struct cma *cma)
{
	return DMAMAP_CMA_NONE;
}

u32 dmamap_machine_take_cma(u64 pages, void *area, u32 how, u64 *pfn)
{
	return DMAMAP_NOMEM;
}

void dmamap_machine_give_cma(u64 pfn, u64 pages)
{
}

static bool dmamap_of_an_area(u64 pfn)
{
	return false;
}
#endif

u32 dmamap_machine_cma_placement(void)
{
	return dmamap_area_placement(dev_get_cma_area(NULL));
}

/* Frees the frames from number @from up to, not including, number @to of a run. */
static void dmamap_free_frames(struct page *page, u64 from, u64 to)
{
	u64 i;

	for (i = from; i < to; i++)
		__free_page(page + i);
}

/*
 * How hard the page allocator tries. A few pages are worth some reclaim, but not the OOM
 * killer. So is less than a page block, for which it moves a few pages. For more, one
 * attempt is enough, because dmamap_contiguous() comes next.
 */
static gfp_t dmamap_take_gfp(u32 how, unsigned int order)
{
	if (!(how & DMAMAP_TAKE_SLEEP))
		return GFP_ATOMIC | __GFP_NOWARN;
	if (order <= PAGE_ALLOC_COSTLY_ORDER)
		return GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	return GFP_KERNEL | __GFP_NOWARN | (order < pageblock_order ? 0 : __GFP_NORETRY);
}

/*
 * 1 << @order frames that end below @end_pfn, aligned to that, each with a reference of
 * its own, as the buddy allocator has them in one piece. As in kernel/dma/direct.c, the
 * zones are tried from the largest down: memory that happens to be in reach is better
 * than the small zones below.
 */
static u32 dmamap_buddies_in_reach(unsigned int order, gfp_t gfp, int node, u64 end_pfn,
				   struct page **found)
{
	static const gfp_t zones[] = {
		0,
#ifdef CONFIG_ZONE_DMA32
		GFP_DMA32,
#endif
#ifdef CONFIG_ZONE_DMA
		GFP_DMA,
#endif
	};
	u32 status = DMAMAP_NOMEM;
	size_t i;

	if (order > MAX_PAGE_ORDER)
		return status;
	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		struct page *page = alloc_pages_node(node, gfp | zones[i], order);

		if (!page)
			continue;
		split_page(page, order);
		if (page_to_pfn(page) + (1ULL << order) <= end_pfn) {
			*found = page;
			return DMAMAP_OK;
		}
		dmamap_free_frames(page, 0, 1ULL << order);
		status = DMAMAP_IO; /* there is memory, but out of reach */
	}
	return status;
}

/* Frames below @end_pfn, aligned to their number up to DMAMAP_ALIGNED_BYTES. */
static u32 dmamap_pages_in_reach(u64 pages, u32 how, int node, u64 end_pfn, struct page **found)
{
	const unsigned int order = order_base_2(pages);
	const struct dmamap_search search = {
		.pages = pages,
		.align = 1UL << dmamap_aligned_order(pages),
		.end_pfn = end_pfn,
		.node = node,
	};
	u32 status;

	status = dmamap_buddies_in_reach(order, dmamap_take_gfp(how, order), node, end_pfn, found);
	if (status == DMAMAP_OK) {
		dmamap_free_frames(*found, pages, 1ULL << order);
		return status;
	}
	if ((how & DMAMAP_TAKE_SLEEP) && (how & DMAMAP_TAKE_MOVE)) {
		*found = dmamap_contiguous(&search);
		if (*found)
			return DMAMAP_OK;
	}
	return status;
}

/*
 * A node that has lists of zones. Those are looked up with whatever number is given,
 * NUMA_NO_NODE too, and firmware may name a node that is not there.
 */
static int dmamap_node_near(int node)
{
	return node == NUMA_NO_NODE || !node_online(node) ? numa_mem_id() : node;
}

u32 dmamap_machine_take_pages(u64 pages, u64 last_byte, u32 node, u32 how, u64 *pfn)
{
	const u64 end_pfn = last_byte == U64_MAX ? U64_MAX : (last_byte + 1) >> PAGE_SHIFT;
	struct page *page;
	u32 status;

	if (!dmamap_enough_left(pages))
		return DMAMAP_NOMEM;
	status = dmamap_pages_in_reach(pages, how, dmamap_node_near(node), end_pfn, &page);
	if (status != DMAMAP_OK)
		return status;
	if ((how & DMAMAP_TAKE_SLEEP) && !dmamap_others_have_enough(pages)) {
		dmamap_free_frames(page, 0, pages);
		return DMAMAP_NOMEM;
	}
	*pfn = page_to_pfn(page);
	return DMAMAP_OK;
}

void dmamap_machine_give_pages(u64 pfn, u64 pages)
{
	u64 i;

	if (dmamap_of_an_area(pfn)) {
		dmamap_machine_give_cma(pfn, pages);
		return;
	}
	for (i = 0; i < pages; i++)
		__free_page(pfn_to_page(pfn + i));
}

u32 dmamap_machine_bus_address(void *device, u64 pfn, u64 pages, u64 *bus)
{
	const u64 bytes = pages << PAGE_SHIFT;
	struct device *dev = device;
	dma_addr_t first, last;

	/*
	 * A chunk for the pool, whose reach is checked when pages are lent; or an IOMMU leads
	 * to any frame, and the region gets its address there later (region/iommu.c).
	 */
	if (!dev || use_dma_iommu(dev)) {
		*bus = PFN_PHYS(pfn);
		return DMAMAP_OK;
	}
	first = phys_to_dma(dev, PFN_PHYS(pfn));
	last = phys_to_dma(dev, PFN_PHYS(pfn) + bytes - 1);
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
	atomic64_add(pages, &dmamap_frames_quarantined);
	dmamap_quarantine_list(pfn, pages);
	pr_err("dmamap: quarantine: %llu frames from pfn %#llx could not be made ordinary memory again; they stay unused until reboot\n",
	       pages, pfn);
}

u64 dmamap_quarantined(void)
{
	return atomic64_read(&dmamap_frames_quarantined);
}
