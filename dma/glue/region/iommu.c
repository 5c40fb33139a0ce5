// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of devices behind an IOMMU. The frames are found, flipped and released as for any
 * other device; only their bus address differs. It is mapped here when the region is
 * complete, and taken back before anything else happens to the memory: a device that goes
 * on writing hits the IOMMU then, and not the next owner.
 *
 * The kernel's DMA code does the mapping, as for a driver that streams these pages, but
 * without maintenance of caches (DMA_ATTR_SKIP_CPU_SYNC), which would go through the linear
 * address that a flipped frame does not have. That code may map a copy in place of the
 * pages (swiotlb, for devices that are not trusted, where addresses are not aligned to the
 * IOMMU's pages). So each mapping is looked up again, and a region whose frames are not
 * behind it is refused.
 *
 * A mapping belongs to the driver of the device. When the driver has left, the domain may
 * be changed, and is freed with the device, while processes may still hold regions. So what
 * is left of a device's mappings ends when its driver is gone (BUS_NOTIFY_UNBOUND_DRIVER),
 * or the device itself, and those regions have no bus address from then on.
 *
 * @iommu of a region tells who ends its mapping: it goes from MAPPED to ENDING by
 * cmpxchg(), so that one caller does, and to NONE when the mapping is gone. A region that
 * has no reference any more is ended by its last put, or abandoned, and the mapping ends
 * either way; the notifier waits for that.
 */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/device/bus.h>
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "dma/abi/steps.h"
#include "dma/glue/region/region.h"

static size_t dmamap_bytes_of(const struct dmamap_region *region)
{
	return region->core.pages << PAGE_SHIFT;
}

/* Memory that was kept from the kernel may have no struct page. */
static bool dmamap_has_pages(const struct dmamap_region *region)
{
	return region->core.strategy != DMAMAP_STRATEGY_ADOPTED;
}

static dma_addr_t dmamap_iommu_enter(const struct dmamap_region *region)
{
	struct device *dev = region->dev;

	if (dmamap_has_pages(region))
		return dma_map_page_attrs(dev, pfn_to_page(region->core.pfn), 0,
					  dmamap_bytes_of(region), DMA_BIDIRECTIONAL,
					  DMA_ATTR_SKIP_CPU_SYNC);
	return dma_map_resource(dev, PFN_PHYS(region->core.pfn), dmamap_bytes_of(region),
				DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
}

static void dmamap_iommu_leave(const struct dmamap_region *region, dma_addr_t bus)
{
	if (dmamap_has_pages(region))
		dma_unmap_page_attrs(region->dev, bus, dmamap_bytes_of(region), DMA_BIDIRECTIONAL,
				     DMA_ATTR_SKIP_CPU_SYNC);
	else
		dma_unmap_resource(region->dev, bus, dmamap_bytes_of(region), DMA_BIDIRECTIONAL,
				   DMA_ATTR_SKIP_CPU_SYNC);
}

/* Are the region's own frames behind @bus, and can the device put all of it on its bus? */
static bool dmamap_iommu_is_right(const struct dmamap_region *region, dma_addr_t bus)
{
	const phys_addr_t first = PFN_PHYS(region->core.pfn);
	const size_t last = dmamap_bytes_of(region) - 1;
	struct iommu_domain *domain = iommu_get_domain_for_dev(region->dev);

	return domain && bus + last <= region->dev->coherent_dma_mask &&
	       iommu_iova_to_phys(domain, bus) == first &&
	       iommu_iova_to_phys(domain, bus + last) == first + last;
}

int dmamap_iommu_map(struct dmamap_region *region)
{
	dma_addr_t bus;

	if (dmamap_injected_failure() != DMAMAP_OK)
		return -ENOMEM;
	bus = dmamap_iommu_enter(region);
	if (dma_mapping_error(region->dev, bus))
		return -ENOMEM;
	if (!dmamap_iommu_is_right(region, bus)) {
		dmamap_iommu_leave(region, bus);
		return -EIO;
	}
	region->core.bus = bus;
	WRITE_ONCE(region->iommu, DMAMAP_IOMMU_MAPPED);
	return 0;
}

void dmamap_iommu_unmap(struct dmamap_region *region)
{
	const dma_addr_t bus = region->core.bus;

	if (cmpxchg(&region->iommu, DMAMAP_IOMMU_MAPPED, DMAMAP_IOMMU_ENDING) !=
	    DMAMAP_IOMMU_MAPPED)
		return;
	WRITE_ONCE(region->core.bus, DMAMAP_NO_BUS_ADDRESS);
	dmamap_iommu_leave(region, bus);
	smp_store_release(&region->iommu, DMAMAP_IOMMU_NONE); /* after the mapping is gone */
}

static bool dmamap_is_mapped(const struct dmamap_region *region, const void *dev)
{
	return region->dev == dev && READ_ONCE(region->iommu) == DMAMAP_IOMMU_MAPPED;
}

struct search {
	const struct device *dev;
	bool found;
};

/* Caller holds the machine's lock. */
static void dmamap_find_mapping(struct dmamap_region *region, void *data)
{
	struct search *search = data;

	/* The mapping is gone before the state is: see dmamap_iommu_unmap(). */
	if (region->dev == search->dev && smp_load_acquire(&region->iommu) != DMAMAP_IOMMU_NONE)
		search->found = true;
}

/* A region without references, which is not found on a tour, is ended by its last put. */
static bool dmamap_mappings_end(const struct device *dev)
{
	struct search search = { .dev = dev };

	dmamap_for_each_object(dmamap_find_mapping, &search);
	return search.found;
}

/* Ends all mappings of a device. The driver is gone, so no new ones come. */
static void dmamap_iommu_forget(struct device *dev)
{
	struct dmamap_region *region;
	struct dmamap_tour tour;

	dmamap_tour_begin(&tour);
	while ((region = dmamap_tour_next(&tour, dmamap_is_mapped, dev))) {
		dmamap_iommu_unmap(region);
		dmamap_region_unkeep(region);
	}
	dmamap_tour_end(&tour);
	while (dmamap_mappings_end(dev))
		msleep(1); /* those ends need no lock that is held here */
}

static int dmamap_device_left(struct notifier_block *block, unsigned long event, void *data)
{
	if (event == BUS_NOTIFY_UNBOUND_DRIVER || event == BUS_NOTIFY_REMOVED_DEVICE)
		dmamap_iommu_forget(data);
	return NOTIFY_OK;
}

/*
 * Before the IOMMU's own notifier, which frees the domain of a device that is removed
 * (iommu_bus_notifier() in drivers/iommu/iommu.c).
 */
static struct notifier_block dmamap_bus_notifiers[] = {
	{ .notifier_call = dmamap_device_left, .priority = 1 },
	{ .notifier_call = dmamap_device_left, .priority = 1 },
};

static int __init dmamap_watch_buses(void)
{
	int err = bus_register_notifier(&platform_bus_type, &dmamap_bus_notifiers[0]);

	if (IS_ENABLED(CONFIG_PCI))
		err = err ?: bus_register_notifier(&pci_bus_type, &dmamap_bus_notifiers[1]);
	WARN_ON(err);
	return 0;
}
subsys_initcall(dmamap_watch_buses);
