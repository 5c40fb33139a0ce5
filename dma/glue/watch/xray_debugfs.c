// SPDX-License-Identifier: GPL-2.0
/*
 * Files of /sys/kernel/debug/dmamap that need an X-ray: audit, frame, quarantine.
 * docs/debugfs.md describes them. Reading audit or quarantine, and writing to frame, walks the
 * page tables of the whole system.
 */
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

#define LINES 256 /* of one X-ray; more are counted */

static int audit_show(struct seq_file *out, void *unused)
{
	const ktime_t start = ktime_get();
	struct dmamap_counts counts;
	struct dmamap_audit audit;
	int err;

	dmamap_counts(&counts);
	err = dmamap_audit_all(&audit);
	if (err)
		return err;
	seq_printf(out, "frames %llu\nleaves %llu\ntranslations %llu\ncacheable %llu\n",
		   counts.frames_coherent, audit.leaves, audit.translations, audit.cacheable);
	seq_printf(out, "user %llu\nspaces %llu\nmicroseconds %lld\n", audit.user, audit.spaces,
		   ktime_us_delta(ktime_get(), start));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(audit);

/*
 * The file "frame": a write asks for a frame and takes the X-ray, the next read gives the
 * answer. Each open file has its own; @lock is for threads that share it.
 */
struct frame_report {
	struct mutex lock;
	bool asked;
	u64 pfn;
	struct dmamap_sightings list;
	struct dmamap_sighting kept[LINES];
};

/* The first line of the answer: the region of the frame, by the directory. */
static void dmamap_show_owner(struct seq_file *out, u64 pfn)
{
	struct dmamap_found found;
	const enum dmamap_known known = dmamap_directory_find(pfn, &found);

	if (known == DMAMAP_KNOWN_OWNED)
		seq_printf(out, "frame %#llx of a region, strategy %s, at %#llx\n", pfn,
			   dmamap_core_strategy_name(found.core.strategy),
			   found.core.cpu + ((pfn - found.core.pfn) << PAGE_SHIFT));
	else
		seq_printf(out, "frame %#llx of no region%s\n", pfn,
			   known == DMAMAP_KNOWN_HELD ? ", in the pool" : "");
}

static int frame_show(struct seq_file *out, void *unused)
{
	struct frame_report *report = out->private;
	unsigned int i;
	int err = 0;

	mutex_lock(&report->lock);
	if (report->asked) {
		dmamap_show_owner(out, report->pfn);
		for (i = 0; i < min(report->list.used, LINES); i++)
			dmamap_sighting_show(out, &report->kept[i]);
		if (report->list.used > LINES)
			seq_printf(out, "and %u more\n", report->list.used - LINES);
	} else {
		err = -EINVAL;
	}
	mutex_unlock(&report->lock);
	return err;
}

static int frame_open(struct inode *inode, struct file *file)
{
	struct frame_report *report = kvzalloc(sizeof(*report), GFP_KERNEL);
	int err;

	if (!report)
		return -ENOMEM;
	mutex_init(&report->lock);
	report->list.kept = report->kept;
	report->list.room = LINES;
	err = single_open(file, frame_show, report);
	if (err)
		kvfree(report);
	return err;
}

static int frame_release(struct inode *inode, struct file *file)
{
	struct seq_file *out = file->private_data;

	kvfree(out->private);
	return single_release(inode, file);
}

/* Can a frame exist? Beyond the end of memory, only frames that a driver adopted do. */
static bool dmamap_in_reach(u64 pfn)
{
	const enum dmamap_known known = dmamap_directory_find(pfn, NULL);

	return pfn < max_pfn || known == DMAMAP_KNOWN_UNREADY || known == DMAMAP_KNOWN_OWNED;
}

static ssize_t frame_write(struct file *file, const char __user *from, size_t bytes, loff_t *pos)
{
	struct frame_report *report = ((struct seq_file *)file->private_data)->private;
	struct dmamap_target target = { .pages = 1 };
	struct dmamap_xray xray = {
		.targets = &target,
		.count = 1,
		.saw = dmamap_sightings_keep,
		.data = &report->list,
	};
	int err = kstrtou64_from_user(from, bytes, 0, &target.pfn);

	if (err)
		return err;
	if (!dmamap_in_reach(target.pfn))
		return -ERANGE;
	mutex_lock(&report->lock);
	report->list.used = 0;
	report->pfn = target.pfn;
	err = dmamap_xray(&xray);
	report->asked = !err;
	mutex_unlock(&report->lock);
	*pos = 0; /* the next read is the answer, from its beginning */
	return err ?: bytes;
}

static const struct file_operations frame_fops = {
	.owner = THIS_MODULE,
	.open = frame_open,
	.read = seq_read,
	.write = frame_write,
	.llseek = seq_lseek,
	.release = frame_release,
};

/*
 * The file "quarantine": an X-ray of the frames there, and what it saw of each listed run.
 */
struct quarantine_report {
	struct dmamap_frames runs[DMAMAP_QUARANTINE_LISTED];
	struct dmamap_target targets[DMAMAP_QUARANTINE_LISTED];
	u64 cacheable[DMAMAP_QUARANTINE_LISTED];
	u64 translations[DMAMAP_QUARANTINE_LISTED];
};

static void dmamap_count_quarantined(const struct dmamap_sighting *sighting, void *data)
{
	struct quarantine_report *report = data;
	const size_t at = sighting->target - report->targets;

	if (!sighting->present)
		return;
	report->translations[at] += sighting->pages;
	if (sighting->verdict == DMAMAP_VERDICT_CONFLICT)
		report->cacheable[at] += sighting->pages;
}

static int dmamap_show_quarantined(struct seq_file *out, struct quarantine_report *report)
{
	struct dmamap_xray xray = {
		.targets = report->targets,
		.count = dmamap_quarantine_listed(report->runs),
		.saw = dmamap_count_quarantined,
		.data = report,
	};
	unsigned int i;
	int err;

	/* The frames are in doubt: take them for coherent, so that an alias is a conflict. */
	for (i = 0; i < xray.count; i++)
		report->targets[i] = (struct dmamap_target){
			.pfn = report->runs[i].pfn,
			.pages = report->runs[i].pages,
			.coherent = true,
		};
	seq_printf(out, "frames %llu\n", dmamap_quarantined());
	err = xray.count ? dmamap_xray(&xray) : 0;
	for (i = 0; i < xray.count && !err; i++)
		seq_printf(out, "pfn %#llx pages %llu translations %llu cacheable %llu\n",
			   report->runs[i].pfn, report->runs[i].pages, report->translations[i],
			   report->cacheable[i]);
	return err;
}

static int quarantine_show(struct seq_file *out, void *unused)
{
	struct quarantine_report *report = kzalloc(sizeof(*report), GFP_KERNEL);
	int err = report ? dmamap_show_quarantined(out, report) : -ENOMEM;

	kfree(report);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(quarantine);

void dmamap_xray_debugfs(struct dentry *dir)
{
	debugfs_create_file("audit", 0400, dir, NULL, &audit_fops);
	debugfs_create_file("frame", 0600, dir, NULL, &frame_fops);
	debugfs_create_file("quarantine", 0400, dir, NULL, &quarantine_fops);
}
