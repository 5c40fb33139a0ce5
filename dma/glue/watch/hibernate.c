// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation copies all of RAM into its image, coherent frames too. Where the linear map
 * has no translation, or the frame is highmem, it makes a cacheable one for the moment of
 * the copy (kernel/power/snapshot.c: safe_copy_page(), hibernate_map_page(),
 * copy_data_page()). That is an alias of a coherent frame, and no flush follows it.
 *
 * So the system does not hibernate while a region has coherent frames. Frames of the pool
 * that are in no use are made ordinary memory first. A driver that wants the system to
 * hibernate frees its regions in a PM notifier, at any priority: the notifier here runs
 * last. The flip gate (machine/flip_gate.c) keeps the count true until hibernation is over.
 *
 * Suspend to RAM and kexec need nothing: docs/observability.md.
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/delay.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/suspend.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

#define OWNERS_NAMED 6

/* Coherent frames by device. */
struct owners {
	unsigned int count;
	struct {
		const struct device *dev; /* for its address; regions may go */
		char name[32];
		u64 frames;
	} owner[OWNERS_NAMED];
};

/* Adds a region to its device, if that has room. Caller holds the machine's lock. */
static void dmamap_add_owner(struct dmamap_region *region, void *data)
{
	struct owners *owners = data;
	unsigned int i;

	if (!dmamap_region_flipped(region))
		return;
	for (i = 0; i < owners->count && owners->owner[i].dev != region->dev; i++)
		;
	if (i == OWNERS_NAMED)
		return;
	if (i == owners->count) {
		owners->owner[i].dev = region->dev;
		strscpy(owners->owner[i].name, dev_name(region->dev));
		owners->count++;
	}
	owners->owner[i].frames += region->core.pages + region->core.tail_frames;
}

/*
 * Names the devices that have coherent frames, for the log:
 * "0000:00:04.0 41, fb0 512, unused beside them 23, others 3". Unused frames are in chunks
 * of the pool that can't go back, because other frames of them are in use. Frames of regions
 * that are being freed, and of devices that are not named, are counted as "others".
 */
static void dmamap_name_owners(char *text, size_t bytes, const struct dmamap_counts *counts)
{
	const u64 unused = min(counts->frames_in_pool, counts->frames_coherent);
	u64 frames = counts->frames_coherent - unused;
	struct owners owners = {};
	size_t used = 0;
	unsigned int i;

	text[0] = '\0';
	dmamap_for_each_region(dmamap_add_owner, &owners);
	for (i = 0; i < owners.count; i++) {
		used += scnprintf(text + used, bytes - used, "%s%s %llu", used ? ", " : "",
				  owners.owner[i].name, owners.owner[i].frames);
		frames -= min(frames, owners.owner[i].frames);
	}
	if (unused)
		used += scnprintf(text + used, bytes - used, "%sunused beside them %llu",
				  used ? ", " : "", unused);
	if (frames)
		scnprintf(text + used, bytes - used, "%sothers %llu", used ? ", " : "", frames);
}

/*
 * Runs with the flip gate held for writing, so that no flip fills the pool again. Allocations
 * inside are GFP_NOIO: tasks blocked on the gate may be on the I/O path.
 */
static void dmamap_empty_pool(void)
{
	const unsigned int scope = memalloc_noio_save();

	dmamap_pool_empty();
	memalloc_noio_restore(scope);
}

/*
 * Decides with the gate held for writing. Regions that were put in interrupts are waited for
 * before that, because the worker that ends them passes the gate.
 */
static int dmamap_forbid_hibernation(struct notifier_block *block, unsigned long event,
				     void *unused)
{
	struct dmamap_counts counts;
	char owners[256];
	int err = 0;

	if (event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	dmamap_regions_settle();
	dmamap_flips_stop();
	dmamap_empty_pool();
	dmamap_counts(&counts);
	if (counts.frames_coherent) {
		dmamap_name_owners(owners, sizeof(owners), &counts);
		pr_err("hibernation refused: it would copy %llu coherent frames through a cacheable mapping (%s); close what uses them\n",
		       counts.frames_coherent, owners);
		err = -EBUSY;
	}
	dmamap_flips_resume(err);
	return notifier_from_errno(err);
}

/* Hibernation is over, or was refused: frames may become coherent again. */
static int dmamap_permit_flips(struct notifier_block *block, unsigned long event, void *unused)
{
	if (event != PM_POST_HIBERNATION)
		return NOTIFY_DONE;
	dmamap_flips_stop();
	dmamap_flips_resume(true);
	dmamap_machine_tend_later(); /* fill the floor again, also after a refusal */
	return NOTIFY_OK;
}

/*
 * The last notifier decides after all drivers have freed what they can, and the first one
 * permits flips before any of them allocates again.
 */
static struct notifier_block dmamap_last_notifier = { .notifier_call = dmamap_forbid_hibernation,
						      .priority = INT_MIN };
static struct notifier_block dmamap_first_notifier = { .notifier_call = dmamap_permit_flips,
						       .priority = INT_MAX };

static int __init dmamap_watch_hibernation(void)
{
	int err = register_pm_notifier(&dmamap_first_notifier);

	return err ?: register_pm_notifier(&dmamap_last_notifier);
}
subsys_initcall(dmamap_watch_hibernation);
