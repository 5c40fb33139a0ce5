// SPDX-License-Identifier: GPL-2.0
/*
 * The file "regions" of debugfs: a line for each live region, with its strategy, the reason
 * for it and the aliases that page tables have of it now.
 */
#include <linux/err.h>
#include <linux/seq_file.h>

#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

/*
 * DEVICE NAME: STRATEGY, REASON, N aliases; BEHIND pfn N pages N bus N[ revoked]
 * DEVICE and NAME have no blank, and REASON has no comma or semicolon: a program can split
 * the line.
 */
static void dmamap_explain(struct seq_file *out, const struct dmamap_region_audit *audit)
{
	const struct dmamap_region *region = audit->region;
	char name[DMAMAP_NAME_BYTES];

	dmamap_copy_name(region, name);
	seq_printf(out, "%s %s: %s, %s, %llu alias%s; %s pfn %#llx pages %llu bus %#llx%s\n",
		   dev_name(region->dev), name, dmamap_strategy(region), dmamap_reason(region),
		   audit->aliases, audit->aliases == 1 ? "" : "es",
		   dmamap_behind_name(region->core.behind), region->core.pfn, region->core.pages,
		   region->core.bus, READ_ONCE(region->revoked) ? " revoked" : "");
}

int dmamap_explain_regions(struct seq_file *out)
{
	struct dmamap_region_audits *all = dmamap_audit_regions();
	unsigned int i;

	if (IS_ERR(all))
		return PTR_ERR(all);
	for (i = 0; i < all->count; i++)
		dmamap_explain(out, &all->each[i]);
	dmamap_audit_regions_end(all);
	return 0;
}
