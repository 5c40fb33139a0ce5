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

bool dmamap_may_move_pages(void)
{
	const gfp_t any = __GFP_IO | __GFP_FS;

	return (current_gfp_context(GFP_KERNEL) & any) == any;
}

#ifdef CONFIG_DMA_CMA
u32 dmamap_machine_cma_placement(void)
{
	struct cma *cma = dma_contiguous_default_area;

	if (!cma)
		return DMAMAP_CMA_NONE;
	/* A CMA area lies wholly in one zone (mm/cma.c, cma_activate_area). */
	return PageHighMem(pfn_to_page(PHYS_PFN(cma_get_base(cma)))) ? DMAMAP_CMA_HIGHMEM :
								       DMAMAP_CMA_LOWMEM;
}

/*
 * cma_alloc() moves what is in the way, and waits for writeback, whatever its caller may
 * wait for. Nor is it enough that the frames are free: the mutex inside may be held by a
 * task that waits for writeback. So there is nothing here for a caller without
 * DMAMAP_TAKE_MOVE, for which the reserve of the pool is kept.
 */
u32 dmamap_machine_take_cma(u64 pages, u32 how, u64 *pfn)
{
	struct cma *cma = dma_contiguous_default_area;
	struct page *page = NULL;

	if (cma && (how & DMAMAP_TAKE_MOVE) && pages <= cma_get_size(cma) >> PAGE_SHIFT &&
	    dmamap_enough_left(pages))
		page = cma_alloc(cma, pages, min(order_base_2(pages), CONFIG_CMA_ALIGNMENT), true);
	if (!page)
		return DMAMAP_NOMEM;
	if (!dmamap_others_have_enough(pages)) {
		cma_release(cma, page, pages);
		return DMAMAP_NOMEM;
	}
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

u32 dmamap_machine_take_cma(u64 pages, u32 how, u64 *pfn)
{
	return DMAMAP_NOMEM;
}

void dmamap_machine_give_cma(u64 pfn, u64 pages)
{
}
#endif

/*
 * 1 << @order frames, aligned to that, each with a reference of its own. If the buddy
 * allocator does not have them in one piece, alloc_contig_pages() makes a piece by moving
 * pages that can be moved, such as the page cache; if @move, because that waits for I/O
 * whatever @gfp says.
 */
static struct page *dmamap_pages_of_order(unsigned int order, gfp_t gfp, int node, bool move)
{
	struct page *page = NULL;

	if (order <= MAX_PAGE_ORDER)
		page = alloc_pages_node(node, gfp | __GFP_NORETRY, order);
	if (page) {
		split_page(page, order);
		return page;
	}
#ifdef CONFIG_CONTIG_ALLOC
	if (order && move)
		return alloc_contig_pages(1UL << order, gfp, node, NULL);
#endif
	return order ? NULL : alloc_pages_node(node, gfp, 0);
}

/* Frees the frames from number @from up to, not including, number @to of a run. */
static void dmamap_free_frames(struct page *page, u64 from, u64 to)
{
	u64 i;

	for (i = from; i < to; i++)
		__free_page(page + i);
}

/*
 * Frames that end at or below @last_byte. As in kernel/dma/direct.c, the zones are tried
 * from the largest down: memory that happens to be in reach is better than the small
 * zones below.
 */
static u32 dmamap_pages_in_reach(unsigned int order, gfp_t gfp, int node, bool move, u64 last_byte,
				 struct page **found)
{
	static const gfp_t zones[] = { 0, GFP_DMA32, GFP_DMA };
	u32 status = DMAMAP_NOMEM;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		struct page *page = dmamap_pages_of_order(order, gfp | zones[i], node, move);

		if (!page)
			continue;
		if (page_to_phys(page) + (PAGE_SIZE << order) - 1 <= last_byte) {
			*found = page;
			return DMAMAP_OK;
		}
		dmamap_free_frames(page, 0, 1ULL << order);
		status = DMAMAP_IO; /* there is memory, but out of reach */
	}
	return status;
}

/*
 * A node that has lists of zones: alloc_contig_pages() looks them up with whatever number
 * it gets, NUMA_NO_NODE too, and firmware may name a node that is not there.
 */
static int dmamap_node_near(int node)
{
	return node == NUMA_NO_NODE || !node_online(node) ? numa_mem_id() : node;
}

u32 dmamap_machine_take_pages(u64 pages, u64 last_byte, u32 node, u32 how, u64 *pfn)
{
	const bool may_sleep = how & DMAMAP_TAKE_SLEEP;
	const bool move = may_sleep && (how & DMAMAP_TAKE_MOVE);
	const gfp_t gfp = (may_sleep ? GFP_KERNEL : GFP_ATOMIC) | __GFP_NOWARN;
	const unsigned int order = order_base_2(pages);
	struct page *page;
	u32 status;

	if (!dmamap_enough_left(1ULL << order))
		return DMAMAP_NOMEM;
	status = dmamap_pages_in_reach(order, gfp, dmamap_node_near(node), move, last_byte, &page);
	if (status != DMAMAP_OK)
		return status;
	dmamap_free_frames(page, pages, 1ULL << order);
	if (may_sleep && !dmamap_others_have_enough(pages)) {
		dmamap_free_frames(page, 0, pages);
		return DMAMAP_NOMEM;
	}
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
	dma_addr_t first, last;

	if (!dev) { /* a chunk for the pool: reach is checked when pages are lent */
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
