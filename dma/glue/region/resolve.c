// SPDX-License-Identifier: GPL-2.0
/*
 * Resolution: what is behind a coherent address, a page or only a pfn? A frame that the
 * directory knows is answered from its region; other memory from the kernel's page table
 * (kernel_memory.c). No lock is taken, so this works in any context.
 */
#include <linux/dma-direct.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/iommu-dma.h>
#include <linux/mm.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/trace.h"

/*
 * An answer for frame @pfn, from the region that has it. The region must belong to @dev:
 * another device may have another bus address for it. *@known is false if the frame belongs
 * to no region, and the kernel's page table has to tell.
 */
static int dmamap_ask_region(struct device *dev, u64 pfn, const void *cpu_addr,
			     dma_addr_t dma_addr, struct dmamap_core_resolution *resolution,
			     bool *known)
{
	struct dmamap_found found;
	u64 bus;

	*known = true;
	switch (dmamap_directory_find(pfn, &found)) {
	case DMAMAP_KNOWN_OWNED:
		break;
	case DMAMAP_KNOWN_NOT:
		*known = false;
		return -ENOENT;
	default: /* of no live region, although the kernel may still map the frame */
		return -ENOENT;
	}
	if (found.dev != dev)
		return -EINVAL;
	bus = dma_addr;
	if (found.core.bus == DMAMAP_NO_BUS_ADDRESS) /* nothing to compare with */
		bus = found.core.bus + ((unsigned long)cpu_addr - found.core.cpu);
	return dmamap_errno(
		dmamap_core_resolve(&found.core, (unsigned long)cpu_addr, bus, resolution));
}

/*
 * The frame is found by the bus address where that tells it at once, as for most devices.
 * Where it does not (behind an IOMMU; in a BAR; no bus address at all) the kernel's
 * translation of @cpu_addr does, and dmamap_core_resolve() compares both addresses with
 * the region's.
 */
static int dmamap_find_behind(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
			      struct dmamap_core_resolution *resolution)
{
	bool known = false, by_cpu = false;
	int err = -ENOENT, other;
	u64 pfn;

	if (!dev)
		return -EINVAL;
	if (!use_dma_iommu(dev))
		err = dmamap_ask_region(dev, PHYS_PFN(dma_to_phys(dev, dma_addr)), cpu_addr,
					dma_addr, resolution, &known);
	if (!err)
		return 0;
	if (dmamap_frame_at(cpu_addr, &pfn)) {
		other = dmamap_ask_region(dev, pfn, cpu_addr, dma_addr, resolution, &by_cpu);
		if (!other || (by_cpu && !known))
			return other;
	}
	return known ? err : dmamap_resolve_kernel_memory(dev, cpu_addr, dma_addr, resolution);
}

static int dmamap_resolve(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
			  struct dmamap_core_resolution *resolution)
{
	int err = dmamap_find_behind(dev, cpu_addr, dma_addr, resolution);

	trace_dmamap_resolve(dev, dma_addr, err, resolution);
	return err;
}

int dma_map_to_pfn(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
		   struct dmamap_pfn *out)
{
	struct dmamap_core_resolution resolution;
	int err = dmamap_resolve(dev, cpu_addr, dma_addr, &resolution);

	if (err)
		return err;
	out->pfn = resolution.pfn;
	out->behind = resolution.behind;
	out->prot = dmamap_pgprot(resolution.attribute, PAGE_SHARED);
	return 0;
}
EXPORT_SYMBOL_GPL(dma_map_to_pfn);

struct page *dma_map_to_page(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr)
{
	struct dmamap_core_resolution resolution;
	int err = dmamap_resolve(dev, cpu_addr, dma_addr, &resolution);

	if (err)
		return ERR_PTR(err);
	if (resolution.behind != DMAMAP_BEHIND_PAGE)
		return ERR_PTR(-EFAULT);
	return pfn_to_page(resolution.pfn);
}
EXPORT_SYMBOL_GPL(dma_map_to_page);
