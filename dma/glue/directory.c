// SPDX-License-Identifier: GPL-2.0
/*
 * Which region owns a frame. Readers take no lock: an XArray indexed by pfn,
 * and regions that are freed after a grace period.
 */
#include <linux/xarray.h>

#include "dma/abi/machine.h"
#include "dma/glue/region.h"

static DEFINE_XARRAY(directory);

u32 dmamap_machine_publish(u64 pfn, u64 pages, void *owner)
{
	u64 i;
	int err;

	for (i = 0; i < pages; i++) {
		err = xa_insert(&directory, pfn + i, owner, GFP_KERNEL);
		if (!err)
			continue;
		dmamap_machine_withdraw(pfn, i);
		return err == -EBUSY ? DMAMAP_BUSY : DMAMAP_NOMEM;
	}
	return DMAMAP_OK;
}

void dmamap_machine_withdraw(u64 pfn, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		xa_erase(&directory, pfn + i);
}

struct dmamap_region *dmamap_directory_find(u64 pfn)
{
	if (pfn > ULONG_MAX)
		return NULL;
	return xa_load(&directory, pfn);
}

struct dmamap_region *dmamap_directory_next(u64 *pfn, u64 last)
{
	unsigned long index = *pfn;
	struct dmamap_region *region;

	if (*pfn > ULONG_MAX)
		return NULL;
	region = xa_find(&directory, &index, min_t(u64, last, ULONG_MAX), XA_PRESENT);
	*pfn = index;
	return region;
}
