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

u64 dmamap_directory_flipped(u64 pfn, u64 pages)
{
	struct dmamap_region *region;
	unsigned long index;
	u64 flipped = 0;

	rcu_read_lock();
	xa_for_each_range(&directory, index, region, pfn, pfn + pages - 1)
		if (dmamap_region_ready(region) && dmamap_region_flipped(region))
			flipped++;
	rcu_read_unlock();
	return flipped;
}
