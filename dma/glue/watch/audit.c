// SPDX-License-Identifier: GPL-2.0
/*
 * Audits: an X-ray of all page tables, reduced to numbers, for the whole layer or for each
 * region. A cacheable translation of a coherent frame is a conflict; the layer promises
 * that there is none.
 */
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

static void dmamap_audit_count(const struct dmamap_sighting *sighting, void *data)
{
	struct dmamap_audit *audit = data;

	if (!sighting->present)
		return;
	if (sighting->flipped)
		audit->translations += sighting->pages;
	if (sighting->flipped && sighting->place == DMAMAP_PLACE_USER)
		audit->user += sighting->pages;
	if (sighting->verdict == DMAMAP_VERDICT_CONFLICT)
		audit->cacheable += sighting->pages;
}

void dmamap_audit_kernel(struct dmamap_audit *audit)
{
	struct dmamap_xray xray = { .saw = dmamap_audit_count, .data = audit };

	memset(audit, 0, sizeof(*audit));
	dmamap_xray_kernel(&xray);
	audit->leaves = xray.leaves;
}

static int dmamap_audit_once(struct dmamap_audit *audit)
{
	struct dmamap_xray xray = { .saw = dmamap_audit_count, .data = audit };
	int err;

	memset(audit, 0, sizeof(*audit));
	err = dmamap_xray(&xray);
	audit->leaves = xray.leaves;
	audit->spaces = xray.spaces;
	return err;
}

/*
 * The walk takes no lock against flips: it reads a translation first, and asks the
 * directory about its frame afterwards. If a flip to coherent removes the translation in
 * between, it looks like a conflict. So an audit that found conflicts is repeated if frames
 * were flipped meanwhile, eight times at most: a real conflict is there the next time, too.
 */
int dmamap_audit_all(struct dmamap_audit *audit)
{
	u64 flipped, now, returned;
	unsigned int tries = 8;
	int err;

	do {
		dmamap_directory_counts(&flipped, &returned);
		err = dmamap_audit_once(audit);
		dmamap_directory_counts(&now, &returned);
	} while (!err && audit->cacheable && now != flipped && --tries);
	return err;
}

/*
 * Takes a reference on a region that will be audited. Caller holds the machine's lock, so the walk
 * itself, which sleeps, comes later. Regions beyond the room are only counted.
 */
static void dmamap_hold_region(struct dmamap_region *region, void *data)
{
	struct dmamap_region_audits *all = data;

	if (all->count < all->room) {
		/* A region without references is on its way out of the list. */
		if (!dmamap_region_keep(region))
			return;
		all->each[all->count].region = region;
	}
	all->count++;
}

void dmamap_audit_regions_end(struct dmamap_region_audits *all)
{
	unsigned int i;

	for (i = 0; i < min(all->count, all->room); i++)
		dmamap_region_unkeep(all->each[i].region);
	kvfree(all);
}

/*
 * All regions that are live now, each with a reference. Memory can't be allocated with
 * the machine's lock held, so the list is made again with more room until all regions fit.
 */
static struct dmamap_region_audits *dmamap_hold_regions(void)
{
	struct dmamap_region_audits *all;
	unsigned int room = 32;

	for (;;) {
		all = kvzalloc(struct_size(all, each, room), GFP_KERNEL);
		if (!all)
			return ERR_PTR(-ENOMEM);
		all->room = room;
		dmamap_for_each_region(dmamap_hold_region, all);
		if (all->count <= room)
			return all;
		room = all->count;
		dmamap_audit_regions_end(all);
	}
}

/* Searches the list for the region of a conflict. Conflicts are rare, so a scan will do. */
static void dmamap_count_for_region(const struct dmamap_sighting *sighting, void *data)
{
	struct dmamap_region_audits *all = data;
	unsigned int i;

	if (sighting->verdict != DMAMAP_VERDICT_CONFLICT)
		return;
	for (i = 0; i < all->count; i++) {
		const struct dmamap_core_region *core = &all->each[i].region->core;

		if (core->strategy != DMAMAP_STRATEGY_SNOOPED && sighting->pfn >= core->pfn &&
		    sighting->pfn - core->pfn < core->pages)
			all->each[i].aliases += sighting->pages;
	}
}

struct dmamap_region_audits *dmamap_audit_regions(void)
{
	struct dmamap_region_audits *all = dmamap_hold_regions();
	struct dmamap_xray xray = { .saw = dmamap_count_for_region, .data = all };
	int err;

	if (IS_ERR(all))
		return all;
	err = dmamap_xray(&xray);
	if (!err)
		return all;
	dmamap_audit_regions_end(all);
	return ERR_PTR(err);
}
