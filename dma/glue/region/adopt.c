// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of memory that the driver chose: RAM kept from the kernel, SRAM, a window of
 * registers. Such memory is mapped and guarded as any other, but nothing is flipped, and
 * the device need not be able to reach it: often only the CPU uses it.
 *
 * So a bus address that can't be had is no error. An address is never guessed, either:
 * outside of the mask, of a window of the bus, or behind an IOMMU, what phys_to_dma() gives
 * leads to other memory.
 */
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "dma/abi/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/trace.h"

#ifdef CONFIG_PCI
/* The address that PCI has for memory in a BAR of the device itself. */
static dma_addr_t dmamap_bar_address(struct device *dev, phys_addr_t phys, size_t bytes)
{
	struct pci_bus_region bar;
	struct pci_dev *pci;
	unsigned int i;

	if (!dev_is_pci(dev))
		return DMAMAP_NO_BUS_ADDRESS;
	pci = to_pci_dev(dev);
	for (i = 0; i < PCI_BRIDGE_RESOURCES; i++) {
		struct resource *res = &pci->resource[i];

		if (resource_type(res) != IORESOURCE_MEM || !resource_size(res) ||
		    phys < res->start || phys + bytes - 1 > res->end)
			continue;
		pcibios_resource_to_bus(pci->bus, &bar, res);
		return bar.start + (phys - res->start);
	}
	return DMAMAP_NO_BUS_ADDRESS;
}
#else
static dma_addr_t dmamap_bar_address(struct device *dev, phys_addr_t phys, size_t bytes)
{
	return DMAMAP_NO_BUS_ADDRESS;
}
#endif

static dma_addr_t dmamap_direct_address(const struct dmamap_region *region)
{
	u64 bus;

	if (dmamap_machine_bus_address(region->dev, region->core.pfn, region->core.pages, &bus) !=
	    DMAMAP_OK)
		return DMAMAP_NO_BUS_ADDRESS;
	return bus;
}

/* Registers are not mapped in an IOMMU: a device does not reach its own by that way. */
static int dmamap_find_address(struct dmamap_region *region)
{
	struct device *dev = region->dev;

	region->core.bus = dmamap_bar_address(dev, PFN_PHYS(region->core.pfn),
					      region->core.pages << PAGE_SHIFT);
	if (region->core.bus != DMAMAP_NO_BUS_ADDRESS)
		return 0;
	switch (dmamap_device_addressing(dev)) {
	case DMAMAP_DEVICE_DIRECT:
		region->core.bus = dmamap_direct_address(region);
		return 0;
	case DMAMAP_DEVICE_TRANSLATED:
		return region->core.behind == DMAMAP_BEHIND_RESERVED ? dmamap_iommu_map(region) : 0;
	default:
		return 0;
	}
}

/* RAM that was kept from the kernel is as private as all of it, where that is encrypted. */
static int dmamap_check_adoption(struct device *dev, enum dmamap_behind behind, unsigned int flags)
{
	if (!dev || (flags & ~DMAMAP_WRITE_COMBINE))
		return -EINVAL;
	if (behind == DMAMAP_BEHIND_RESERVED &&
	    dmamap_device_addressing(dev) == DMAMAP_DEVICE_ENCRYPTED)
		return -EOPNOTSUPP;
	return 0;
}

static struct dmamap_region *dmamap_make_adopted(struct device *dev, phys_addr_t phys, size_t size,
						 enum dmamap_behind behind, u32 attribute)
{
	struct dmamap_region *region = dmamap_store_new(dev, GFP_KERNEL);
	u32 status;
	int err;

	if (!region)
		return ERR_PTR(-ENOMEM);
	status = dmamap_core_adopt(phys, size, behind, attribute, region, &region->core);
	if (status != DMAMAP_OK) {
		dmamap_store_drop(region);
		return ERR_PTR(dmamap_errno(status));
	}
	err = dmamap_find_address(region);
	if (err) {
		dmamap_region_unmake(region);
		return ERR_PTR(err);
	}
	return region;
}

struct dmamap_region *dmamap_adopt(struct device *dev, phys_addr_t phys, size_t size,
				   enum dmamap_behind behind, unsigned int flags)
{
	const u32 attribute =
		flags & DMAMAP_WRITE_COMBINE ? DMAMAP_ATTR_WRITE_COMBINE : DMAMAP_ATTR_UNCACHED;
	struct dmamap_region *region = ERR_PTR(dmamap_check_adoption(dev, behind, flags));

	might_sleep();
	if (!region)
		region = dmamap_make_adopted(dev, phys, size, behind, attribute);
	if (IS_ERR(region)) {
		trace_dmamap_refuse(dev, size, flags, PTR_ERR(region));
		if (PTR_ERR(region) == -EOPNOTSUPP || PTR_ERR(region) == -ENODEV)
			dmamap_say_unserved(dev, PTR_ERR(region), GFP_KERNEL);
		return region;
	}
	dmamap_store_begin(region);
	trace_dmamap_adopt(region);
	dmamap_announce(region);
	return region;
}
EXPORT_SYMBOL_GPL(dmamap_adopt);
