// SPDX-License-Identifier: GPL-2.0
/*
 * Counts of regions and frames, for debugfs and tests. Each is right when it is read, but
 * the layer goes on working between two of them.
 */
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

/* Caller holds the machine's lock. */
static void dmamap_count_region(struct dmamap_region *region, void *data)
{
	u64 *count = data;

	(*count)++;
}

void dmamap_counts(struct dmamap_counts *counts)
{
	counts->regions = 0;
	dmamap_for_each_region(dmamap_count_region, &counts->regions);
	dmamap_directory_counts(&counts->frames_flipped, &counts->frames_returned);
	counts->frames_coherent = counts->frames_flipped - counts->frames_returned;
	counts->frames_in_pool = dmamap_core_pool_free() + dmamap_core_resting();
	counts->refused = dmamap_refused();
}
