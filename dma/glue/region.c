// SPDX-License-Identifier: GPL-2.0
/* Regions as drivers know them: allocated, adopted, counted, released. */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/atomic.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/llist.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>

#include "dma/abi/machine.h"
#include "dma/glue/abandoned.h"
#include "dma/glue/explain.h"
#include "dma/glue/power.h"
#include "dma/glue/quota.h"
#include "dma/glue/region_store.h"
#include "dma/glue/trace.h"

static atomic64_t refused;

bool dmamap_strategy_kept(char *why, size_t bytes)
{
	struct dmamap_core_verdict verdict;

	dmamap_core_board_probe(dmamap_machine_cma_placement(), &verdict);
	scnprintf(why, bytes, "%.*s", (int)verdict.why_bytes, verdict.why);
	return verdict.kept;
}

static int check_request(struct device *dev, size_t size, gfp_t gfp, unsigned int flags)
{
	if (!dev || !size || (flags & ~(DMAMAP_NO_SNOOP | DMAMAP_ACCOUNT | DMAMAP_WRITE_COMBINE)))
		return -EINVAL;
	if ((flags & DMAMAP_ACCOUNT) && !(gfpflags_allow_blocking(gfp) && current->mm))
		return -EINVAL;
	if (PAGE_ALIGN(size) < size)
		return -EOVERFLOW;
	/* Frames are named by physical address: an IOMMU's tables are not ours. */
	if (get_dma_ops(dev) || device_iommu_mapped(dev))
		return -EOPNOTSUPP;
	return 0;
}

static u32 alloc_core(struct dmamap_region *region, size_t size, gfp_t gfp,
		      unsigned int flags, bool snooping)
{
	struct device *dev = region->dev;
	const struct dmamap_core_request request = {
		.bytes = size,
		.last_byte = dma_to_phys(dev, min_not_zero(dev->coherent_dma_mask,
							   dev->bus_dma_limit)),
		.device = dev,
		.node = (u32)dev_to_node(dev),
		.snooping = snooping,
		.may_sleep = gfpflags_allow_blocking(gfp),
		.write_combine = !!(flags & DMAMAP_WRITE_COMBINE),
	};
	unsigned int scope = memalloc_flags_save(gfp & __GFP_IO ? 0 : PF_MEMALLOC_NOIO);
	u32 status = dmamap_core_alloc(&request, region, &region->core);

	memalloc_flags_restore(scope);
	return status;
}

/* Flips nothing: it gets what the pool has, and what rests is the pool's then. */
static u32 alloc_at_once(struct dmamap_region *region, size_t size, gfp_t gfp,
			 unsigned int flags)
{
	u32 status = alloc_core(region, size, gfp, flags, false);

	if (status != DMAMAP_NOMEM || !dmamap_store_resting())
		return status;
	dmamap_store_empty();
	return alloc_core(region, size, gfp, flags, false);
}

/* Counted as coherent before hibernation may look. */
static u32 alloc_flipped(struct dmamap_region *region, size_t size, gfp_t gfp,
			 unsigned int flags)
{
	u32 status;

	if (!gfpflags_allow_blocking(gfp))
		return alloc_at_once(region, size, gfp, flags);
	if (dmamap_power_flip_begin())
		return DMAMAP_BUSY;
	status = alloc_core(region, size, gfp, flags, false);
	dmamap_power_flip_end();
	return status;
}

/* By itself: the room for the sentence is zeroed on each call. */
static noinline_for_stack void say_why_not(struct device *dev)
{
	char why[128];

	if (!dmamap_strategy_kept(why, sizeof(why)))
		dev_err_once(dev, "dmamap: no coherent memory: %s\n", why);
}

/* The process that allocates pays, until the region ends. */
static int charge(struct dmamap_region *region, size_t size)
{
	int err = dmamap_charge(current->mm, PAGE_ALIGN(size) >> PAGE_SHIFT);

	if (err)
		return err;
	region->payer = current->mm;
	mmgrab(region->payer);
	return 0;
}

static void refund(struct dmamap_region *region, u64 pages)
{
	if (!region->payer)
		return;
	dmamap_uncharge(region->payer, pages);
	mmdrop(region->payer);
}

static int alloc_memory(struct dmamap_region *region, size_t size, gfp_t gfp,
			unsigned int flags)
{
	const bool snooping = dev_is_dma_coherent(region->dev);
	u32 status;
	int err;

	if (flags & DMAMAP_ACCOUNT) {
		err = charge(region, size);
		if (err)
			return err;
	}
	region->no_snoop = snooping && (flags & DMAMAP_NO_SNOOP);
	status = snooping && !region->no_snoop ? alloc_core(region, size, gfp, flags, true) :
						 alloc_flipped(region, size, gfp, flags);
	if (status == DMAMAP_OK)
		return 0;
	if (status == DMAMAP_NODEV)
		say_why_not(region->dev);
	refund(region, PAGE_ALIGN(size) >> PAGE_SHIFT);
	return dmamap_errno(status);
}

/* One that rests has all that is asked for but the device. */
static struct dmamap_region *wake(struct device *dev, size_t size, unsigned int flags)
{
	const bool snooping = dev_is_dma_coherent(dev);
	struct dmamap_region *region;

	if ((flags & DMAMAP_ACCOUNT) || (snooping && !(flags & DMAMAP_NO_SNOOP)))
		return NULL;
	if ((flags & DMAMAP_WRITE_COMBINE) &&
	    dmamap_machine_combining() == DMAMAP_COMBINING_SEPARATE)
		return NULL;
	region = dmamap_store_wake(dev, size);
	if (region)
		region->no_snoop = snooping;
	return region;
}

static struct dmamap_region *make(struct device *dev, size_t size, gfp_t gfp,
				  unsigned int flags)
{
	/* What the caller may wait for, without its zones. */
	struct dmamap_region *region = dmamap_store_new(dev, gfp & (GFP_KERNEL | GFP_ATOMIC));
	int err;

	if (!region)
		return ERR_PTR(-ENOMEM);
	err = alloc_memory(region, size, gfp, flags);
	if (err) {
		dmamap_store_drop(region);
		return ERR_PTR(err);
	}
	return region;
}

struct dmamap_region *dmamap_alloc(struct device *dev, size_t size, gfp_t gfp,
				   unsigned int flags)
{
	struct dmamap_region *region = ERR_PTR(check_request(dev, size, gfp, flags));

	if (!region) {
		might_sleep_if(gfpflags_allow_blocking(gfp));
		region = wake(dev, size, flags) ?: make(dev, size, gfp, flags);
	}
	if (IS_ERR(region)) {
		trace_dmamap_refuse(dev, size, flags, PTR_ERR(region));
		atomic64_inc(&refused);
		return region;
	}
	dmamap_store_begin(region);
	trace_dmamap_alloc(region);
	if (gfpflags_allow_blocking(gfp))
		dmamap_announce(region);
	return region;
}
EXPORT_SYMBOL_GPL(dmamap_alloc);

struct dmamap_region *dmamap_adopt(struct device *dev, phys_addr_t phys, size_t size,
				   enum dmamap_behind behind, unsigned int flags)
{
	const u32 attribute = flags & DMAMAP_WRITE_COMBINE ? DMAMAP_ATTR_WRITE_COMBINE :
							     DMAMAP_ATTR_UNCACHED;
	struct dmamap_region *region;
	u32 status;

	if (!dev || (flags & ~DMAMAP_WRITE_COMBINE))
		return ERR_PTR(-EINVAL);
	might_sleep();

	region = dmamap_store_new(dev, GFP_KERNEL);
	if (!region)
		return ERR_PTR(-ENOMEM);
	status = dmamap_core_adopt(phys, size, behind, attribute, region, &region->core);
	if (status != DMAMAP_OK) {
		dmamap_store_drop(region);
		return ERR_PTR(dmamap_errno(status));
	}
	region->core.bus = phys_to_dma(dev, phys);
	dmamap_store_begin(region);
	trace_dmamap_adopt(region);
	dmamap_announce(region);
	return region;
}
EXPORT_SYMBOL_GPL(dmamap_adopt);

struct dmamap_region *dmamap_get(struct dmamap_region *region)
{
	if (region)
		refcount_inc(&region->references);
	return region;
}
EXPORT_SYMBOL_GPL(dmamap_get);

/* What came without sleeping goes without: the pool's, and ordinary pages. */
static bool ends_at_once(const struct dmamap_region *region)
{
	return !region->payer &&
	       (region->core.chunk || region->core.strategy == DMAMAP_STRATEGY_SNOOPED);
}

static void end_region(struct dmamap_region *region)
{
	dmamap_store_end(region);
	refund(region, region->core.pages);
	trace_dmamap_free(region);
	dmamap_free_snapshot(region);
	if (dmamap_store_rest(region))
		return;
	if (ends_at_once(region)) {
		dmamap_core_release(&region->core);
	} else {
		dmamap_power_drop_begin();
		dmamap_core_release(&region->core);
		dmamap_power_flip_end();
	}
	dmamap_store_drop(region);
}

/* Regions whose last reference was dropped where their end can't be waited for. */
static LLIST_HEAD(ended);

static void end_regions(struct work_struct *unused)
{
	struct dmamap_region *region, *next;

	llist_for_each_entry_safe(region, next, llist_del_all(&ended), ended)
		end_region(region);
}

static DECLARE_WORK(ending, end_regions);

void dmamap_regions_settle(void)
{
	flush_work(&ending);
}

void dmamap_put(struct dmamap_region *region)
{
	if (IS_ERR_OR_NULL(region) || !refcount_dec_and_test(&region->references))
		return;
	if (!region->device_runs || !dmamap_keep_abandoned(region))
		dmamap_region_end(region);
}
EXPORT_SYMBOL_GPL(dmamap_put);

void dmamap_region_end(struct dmamap_region *region)
{
	if (ends_at_once(region)) {
		end_region(region);
	} else if (in_interrupt() || irqs_disabled()) {
		llist_add(&region->ended, &ended);
		queue_work(system_unbound_wq, &ending);
	} else {
		might_sleep();
		end_region(region);
	}
}

void *dmamap_cpu_addr(const struct dmamap_region *region)
{
	return (void *)(unsigned long)region->core.cpu;
}
EXPORT_SYMBOL_GPL(dmamap_cpu_addr);

dma_addr_t dmamap_dma_addr(const struct dmamap_region *region)
{
	return region->core.bus;
}
EXPORT_SYMBOL_GPL(dmamap_dma_addr);

size_t dmamap_size(const struct dmamap_region *region)
{
	return region->core.pages << PAGE_SHIFT;
}
EXPORT_SYMBOL_GPL(dmamap_size);

const char *dmamap_strategy(const struct dmamap_region *region)
{
	return dmamap_core_strategy_name(region->core.strategy);
}
EXPORT_SYMBOL_GPL(dmamap_strategy);

static void count_region(const struct dmamap_region *region, void *data)
{
	u64 *count = data;

	(*count)++;
}

void dmamap_counts(struct dmamap_counts *counts)
{
	counts->regions = 0;
	dmamap_for_each_region(count_region, &counts->regions);
	dmamap_directory_counts(&counts->frames_flipped, &counts->frames_returned);
	counts->frames_coherent = counts->frames_flipped - counts->frames_returned;
	counts->frames_in_pool = dmamap_core_pool_free() + dmamap_store_resting();
	counts->refused = atomic64_read(&refused);
}

static int __init announce_strategy(void)
{
	const char *name = dmamap_core_strategy_name(dmamap_core_board_strategy());
	char why[128];

	if (dmamap_strategy_kept(why, sizeof(why)))
		pr_info("strategy %s: %s\n", name, why);
	else
		pr_err("strategy %s can't be kept on this board: %s\n", name, why);
	return 0;
}
subsys_initcall(announce_strategy);
