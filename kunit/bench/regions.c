// SPDX-License-Identifier: GPL-2.0
/*
 * The layer's own resolution in user space: dma/glue/machine/directory.c and
 * dma/glue/region/resolve.c as they are, over the kernel's lib/xarray.c as it is. All
 * else that they need is here.
 */
#include <linux/radix-tree.h>
#include <linux/slab.h>

#include <string.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "kunit/bench/regions.h"

/* In lines of the cache of their own, as the kernel's cache has them. */
struct bench_region {
	struct dmamap_region region;
} __aligned(64);

static char device;

struct bench_region *bench_make_regions(u64 count)
{
	const size_t bytes = count * sizeof(struct bench_region);
	struct bench_region *regions = aligned_alloc(64, bytes);

	return regions ? memset(regions, 0, bytes) : NULL;
}

bool bench_publish(struct bench_region *regions, u64 at, u64 pfn, u64 pages)
{
	struct dmamap_region *region = &regions[at].region;

	region->core = (struct dmamap_core_region){
		.pfn = pfn,
		.pages = pages,
		.cpu = (pfn << PAGE_SHIFT) + (1ULL << 47),
		.bus = pfn << PAGE_SHIFT,
		.strategy = DMAMAP_STRATEGY_UNMAP,
		.attribute = DMAMAP_ATTR_COHERENT,
		.behind = DMAMAP_BEHIND_RESERVED,
	};
	region->dev = (struct device *)&device;
	region->live = true;
	return dmamap_machine_publish(pfn, pages, region) == DMAMAP_OK;
}

void bench_withdraw(struct bench_region *regions, u64 at)
{
	const struct dmamap_core_region *core = &regions[at].region.core;

	dmamap_machine_withdraw(core->pfn, core->pages);
}

void bench_free_regions(struct bench_region *regions)
{
	free(regions);
}

bool bench_knows(u64 first, u64 last)
{
	return dmamap_directory_next(&first, last, NULL) != DMAMAP_KNOWN_NOT;
}

const struct dmamap_core_region *bench_core(const struct bench_region *regions, u64 at)
{
	return &regions[at].region.core;
}

const void *bench_device(void)
{
	return &device;
}

int bench_resolve(u64 cpu, u64 bus, u64 *pfn)
{
	struct dmamap_pfn answer;
	const int err = dma_map_to_pfn((struct device *)&device, (const void *)cpu, bus, &answer);

	if (!err)
		*pfn = answer.pfn;
	return err;
}

/* Memory that is not of the layer: never asked for here. */
int dmamap_resolve_kernel_memory(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
				 struct dmamap_core_resolution *resolution)
{
	return -ENOENT;
}

/* No address of the kernel has a translation here. */
bool dmamap_frame_at(const void *cpu_addr, u64 *pfn)
{
	return false;
}

pgprot_t dmamap_pgprot(u32 attribute, pgprot_t prot)
{
	prot.prot |= attribute << 3;
	return prot;
}

/* lib/radix-tree.c has the nodes of XArrays, too. */
static struct kmem_cache nodes = { sizeof(struct xa_node) };
struct kmem_cache *radix_tree_node_cachep = &nodes;

void radix_tree_node_rcu_free(struct rcu_head *head)
{
	free(container_of(head, struct xa_node, rcu_head));
}
