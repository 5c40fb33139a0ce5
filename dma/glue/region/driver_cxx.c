// SPDX-License-Identifier: GPL-2.0
/*
 * The interface as drivers in C++ call it (dma/include/dmamap/coherent.h). C++ can't parse
 * kernel headers, so these functions take plain types only, and have out of line what a
 * driver in C has as macros: errors in pointers, barriers, BUG().
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/bug.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <asm/barrier.h>

#include "dma/glue/region/region.h"
#include "dma/include/dmamap/boundary.h"

/* @count elements of @each bytes: the product is checked here, once for all callers. */
int dmamap_cxx_alloc(struct device *dev, size_t count, size_t each, unsigned int how,
		     const char *name, struct dmamap_region **region)
{
	struct dmamap_region *new;
	size_t bytes;

	if (check_mul_overflow(count, each, &bytes))
		return -EOVERFLOW;
	new = dmamap_alloc(dev, bytes, how & DMAMAP_CXX_ATOMIC ? GFP_ATOMIC : GFP_KERNEL,
			   how & DMAMAP_CXX_NO_SNOOP ? DMAMAP_NO_SNOOP : 0);
	if (IS_ERR(new))
		return PTR_ERR(new);
	if (name)
		dmamap_set_name(new, name);
	*region = new;
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_cxx_alloc);

unsigned long long dmamap_cxx_bus(const struct dmamap_region *region)
{
	return dmamap_dma_addr(region);
}
EXPORT_SYMBOL_GPL(dmamap_cxx_bus);

int dmamap_cxx_resolve(const struct dmamap_region *region, size_t offset,
		       struct dmamap_cxx_pfn *out)
{
	struct dmamap_pfn answer;
	int err;

	err = dma_map_to_pfn(region->dev, dmamap_cpu_addr(region) + offset,
			     dmamap_dma_addr(region) + offset, &answer);
	if (err)
		return err;
	out->pfn = answer.pfn;
	out->behind = answer.behind;
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_cxx_resolve);

int dmamap_cxx_mmap(struct vm_area_struct *vma, struct dmamap_region *region, unsigned int access)
{
	const struct dmamap_segment all = { region, 0, dmamap_size(region) };

	return dmamap_mmap(vma, &all, 1, access);
}
EXPORT_SYMBOL_GPL(dmamap_cxx_mmap);

void dmamap_cxx_wmb(void)
{
	dma_wmb(); /* the caller names both sides: dmamap::dma_wmb() */
}
EXPORT_SYMBOL_GPL(dmamap_cxx_wmb);

void dmamap_cxx_rmb(void)
{
	dma_rmb(); /* the caller names both sides: dmamap::dma_rmb() */
}
EXPORT_SYMBOL_GPL(dmamap_cxx_rmb);

/*
 * An index beyond the end is a bug of the driver. Going on would read or write memory of
 * others, so the task stops here. @region is NULL if the elements were handed on.
 */
void dmamap_cxx_out_of_bounds(const struct dmamap_region *region, size_t index, size_t count)
{
	char name[DMAMAP_NAME_BYTES] = "(handed on)";

	if (region)
		dmamap_copy_name(region, name);
	pr_emerg("%s %s: there is no element %zu of %zu; %pS asked for it\n",
		 region ? dev_name(region->dev) : "no device", name, index, count,
		 __builtin_return_address(0));
	BUG();
}
EXPORT_SYMBOL_GPL(dmamap_cxx_out_of_bounds);
