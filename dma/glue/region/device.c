// SPDX-License-Identifier: GPL-2.0
/*
 * Which devices the layer serves, and the sentence for those that it does not.
 *
 * The layer chooses the frames of a region, and the device must be able to use them as
 * they are. That is so for a device whose bus addresses are computed from physical ones,
 * and for one behind an IOMMU that the kernel's own DMA code manages: iommu.c maps the
 * frames there. In every other case an address that the layer computes leads somewhere
 * else, or the memory is not what the device may use, so the device is refused.
 * dma_alloc_attrs() in kernel/dma/mapping.c and dma_direct_alloc() in kernel/dma/direct.c
 * ask the same questions before they hand out memory.
 *
 * Adopted memory is chosen by the driver. Where the layer knows no bus address of such
 * memory, the region has none.
 */
#include <kunit/static_stub.h>
#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/export.h>
#include <linux/iommu-dma.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/swiotlb.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"

/* Ends of the sentence "no coherent memory: ...". */
static const char *const dmamap_unserved[] = {
	[DMAMAP_DEVICE_OPS] =
		"its DMA goes through operations of its own (dma_map_ops), for which the address of a frame means nothing",
	[DMAMAP_DEVICE_DOMAIN] =
		"its IOMMU domain is neither an identity nor the one of the kernel's DMA code",
	[DMAMAP_DEVICE_GRANULE] = "its IOMMU has no page as small as the kernel's",
	[DMAMAP_DEVICE_ENCRYPTED] =
		"its memory has to be decrypted first (memory encryption); use dma_alloc_coherent()",
	[DMAMAP_DEVICE_OWN_MEMORY] =
		"it has coherent memory of its own (dma_declare_coherent_memory() or shared-dma-pool); give that to dmamap_adopt()",
	[DMAMAP_DEVICE_RESTRICTED] =
		"it may use no memory but its restricted-dma-pool; use dma_alloc_coherent()",
	[DMAMAP_DEVICE_AREA] =
		"its own contiguous memory (memory-region) could not be activated, or lies where the strategy can't use it",
	[DMAMAP_DEVICE_NO_MASK] =
		"it has no coherent DMA mask; call dma_set_mask_and_coherent() before",
};

bool dmamap_device_encrypted(struct device *dev)
{
	KUNIT_STATIC_STUB_REDIRECT(dmamap_device_encrypted, dev);
	return force_dma_unencrypted(dev);
}

#ifdef CONFIG_IOMMU_API
/*
 * The device's domain may have been replaced, by VFIO for one: the kernel's DMA code would
 * go on to map in its own domain, which is not in use then. A device in an identity domain
 * is not translated, and has bus addresses as without an IOMMU.
 */
static enum dmamap_device dmamap_behind_iommu(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (!domain)
		return use_dma_iommu(dev) ? DMAMAP_DEVICE_DOMAIN : DMAMAP_DEVICE_DIRECT;
	if (domain->type == IOMMU_DOMAIN_IDENTITY && !use_dma_iommu(dev))
		return DMAMAP_DEVICE_DIRECT;
	if (!use_dma_iommu(dev) || !iommu_is_dma_domain(domain))
		return DMAMAP_DEVICE_DOMAIN;
	/* The kernel's DMA code maps for this mask, and the layer then compares the other. */
	if (!dev->dma_mask)
		return DMAMAP_DEVICE_NO_MASK;
	/* Else the kernel would map a copy (swiotlb), or what lies beside the frames. */
	if (!(domain->pgsize_bitmap & (2 * PAGE_SIZE - 1)))
		return DMAMAP_DEVICE_GRANULE;
	return DMAMAP_DEVICE_TRANSLATED;
}
#else
static enum dmamap_device dmamap_behind_iommu(struct device *dev)
{
	return DMAMAP_DEVICE_DIRECT;
}
#endif

enum dmamap_device dmamap_device_addressing(struct device *dev)
{
	if (get_dma_ops(dev))
		return DMAMAP_DEVICE_OPS;
	if (dmamap_device_encrypted(dev))
		return DMAMAP_DEVICE_ENCRYPTED;
	if (!dev->coherent_dma_mask)
		return DMAMAP_DEVICE_NO_MASK;
	return dmamap_behind_iommu(dev);
}

static bool dmamap_has_own_memory(const struct device *dev)
{
#ifdef CONFIG_DMA_DECLARE_COHERENT
	return dev->dma_mem;
#else
	return false;
#endif
}

static bool dmamap_is_restricted(const struct device *dev)
{
#ifdef CONFIG_DMA_RESTRICTED_POOL
	return dev->dma_io_tlb_mem && dev->dma_io_tlb_mem->for_alloc;
#else
	return false;
#endif
}

/*
 * An area of the device's own takes the place of the board's, and has to be as good. Memory
 * that is snooped is used through the linear map, which highmem does not have.
 */
static bool dmamap_area_fits(struct device *dev)
{
	const u32 placement = dmamap_area_placement(dmamap_device_area(dev));
	struct dmamap_core_verdict verdict;

	if (placement == DMAMAP_CMA_UNUSABLE)
		return false;
	if (dev_is_dma_coherent(dev))
		return placement == DMAMAP_CMA_LOWMEM;
	return dmamap_core_board_probe(placement, dmamap_machine_cpu(), &verdict) == DMAMAP_OK;
}

enum dmamap_device dmamap_device_memory(struct device *dev)
{
	if (dmamap_has_own_memory(dev))
		return DMAMAP_DEVICE_OWN_MEMORY;
	if (dmamap_is_restricted(dev))
		return DMAMAP_DEVICE_RESTRICTED;
	if (dmamap_device_area(dev) && !dmamap_area_fits(dev))
		return DMAMAP_DEVICE_AREA;
	return dmamap_device_addressing(dev);
}

int dmamap_device_errno(enum dmamap_device device)
{
	switch (device) {
	case DMAMAP_DEVICE_DIRECT:
	case DMAMAP_DEVICE_TRANSLATED:
		return 0;
	case DMAMAP_DEVICE_NO_MASK:
		return -EIO;
	case DMAMAP_DEVICE_AREA:
		return -ENODEV;
	default:
		return -EOPNOTSUPP;
	}
}

/* The kernel warns of a forgotten mask by the same condition: dma_alloc_attrs(). */
void dmamap_warn_of_mask(struct device *dev)
{
	KUNIT_STATIC_STUB_REDIRECT(dmamap_warn_of_mask, dev);
	WARN_ONCE(!dev->coherent_dma_mask, "dmamap: %s has no coherent DMA mask\n",
		  dev_name(dev));
}

static int dmamap_sentence(enum dmamap_device device, char *why, size_t bytes)
{
	scnprintf(why, bytes, "%s", dmamap_unserved[device]);
	return dmamap_device_errno(device);
}

int dmamap_device_served(struct device *dev, char *why, size_t bytes)
{
	enum dmamap_device device;

	if (!dev)
		return -EINVAL;
	if (bytes)
		why[0] = '\0';
	device = dmamap_device_memory(dev);
	if (dmamap_device_errno(device))
		return dmamap_sentence(device, why, bytes);
	/* A device that snoops gets ordinary memory, whatever the board can keep. */
	if (dev_is_dma_coherent(dev) || dmamap_device_area(dev))
		return 0;
	if (!dmamap_strategy_kept(why, bytes))
		return -ENODEV;
	if (bytes)
		why[0] = '\0';
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_device_served);

void dmamap_say_unserved(struct device *dev, int err, gfp_t gfp)
{
	enum dmamap_device device = dmamap_device_memory(dev);
	char why[DMAMAP_WHY_BYTES];

	if (device == DMAMAP_DEVICE_NO_MASK)
		dmamap_warn_of_mask(dev);
	if (dmamap_device_errno(device))
		dmamap_sentence(device, why, sizeof(why));
	else if (err == -ENODEV && !dmamap_strategy_kept(why, sizeof(why)))
		device = DMAMAP_DEVICE_NO_STRATEGY;
	else
		return; /* for want of memory: the caller may try again */
	/* Of a device without a driver it can't be remembered that this was said. */
	if (!dev->driver)
		dev_err_ratelimited(dev, "dmamap: no coherent memory: %s\n", why);
	else if (dmamap_first_time(dev, DMAMAP_STRATEGIES + device, gfp))
		dev_err(dev, "dmamap: no coherent memory: %s\n", why);
}
