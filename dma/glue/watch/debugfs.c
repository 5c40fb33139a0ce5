// SPDX-License-Identifier: GPL-2.0
/*
 * Files of /sys/kernel/debug/dmamap: strategy, regions, stats, pool. Those of the X-ray are
 * in xray_debugfs.c. docs/debugfs.md describes all of them. Programs parse their lines.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dma/abi/machine.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/steps.h"
#include "dma/glue/watch/watch.h"

static int strategy_show(struct seq_file *out, void *unused)
{
	const char *name = dmamap_core_strategy_name(dmamap_core_board_strategy());
	char why[DMAMAP_WHY_BYTES];
	bool kept = dmamap_strategy_kept(why, sizeof(why));

	seq_printf(out, "%s: %s%s\n", name, kept ? "" : "can't be kept: ", why);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(strategy);

static int regions_show(struct seq_file *out, void *unused)
{
	return dmamap_explain_regions(out);
}

/*
 * Bytes that a line of "regions" may need. If the buffer of a seq_file is too small, it shows
 * the whole file again with a larger one, and here that costs another walk of all page
 * tables. So the buffer is made large enough at once.
 */
#define REGION_BYTES 256

static int regions_open(struct inode *inode, struct file *file)
{
	struct dmamap_counts counts;

	dmamap_counts(&counts);
	return single_open_size(file, regions_show, NULL, (counts.regions + 1) * REGION_BYTES);
}

static const struct file_operations regions_fops = {
	.owner = THIS_MODULE,
	.open = regions_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* Two lines, KIND_NAME and KIND_NAME_pages. */
static void dmamap_show_count(struct seq_file *out, const char *kind, const char *name,
			      const struct dmamap_step_count *count)
{
	seq_printf(out, "%s_%s %llu\n%s_%s_pages %llu\n", kind, name, count->calls, kind, name,
		   count->pages);
}

static int stats_show(struct seq_file *out, void *unused)
{
	struct dmamap_step_count flushes[DMAMAP_FLUSH_WAYS];
	struct dmamap_step_count steps[DMAMAP_STEPS];
	struct dmamap_counts counts;
	u32 id;

	dmamap_counts(&counts);
	seq_printf(out, "strategy %s\n", dmamap_core_strategy_name(dmamap_core_board_strategy()));
	seq_printf(out, "regions %llu\n", counts.regions);
	seq_printf(out, "frames_coherent %llu\n", counts.frames_coherent);
	seq_printf(out, "frames_in_pool %llu\n", counts.frames_in_pool);
	seq_printf(out, "frames_flipped %llu\n", counts.frames_flipped);
	seq_printf(out, "frames_returned %llu\n", counts.frames_returned);
	seq_printf(out, "allocations_refused %llu\n", counts.refused);
	seq_printf(out, "quarantined %llu\n", dmamap_quarantined());
	seq_printf(out, "abandoned %llu\n", dmamap_abandoned_frames());
	dmamap_step_counts(steps);
	for (id = 0; id < DMAMAP_STEPS; id++)
		dmamap_show_count(out, "step", dmamap_step_name(id), &steps[id]);
	dmamap_flush_counts(flushes);
	dmamap_show_count(out, "flush", "lines", &flushes[DMAMAP_FLUSH_LINES]);
	dmamap_show_count(out, "flush", "whole", &flushes[DMAMAP_FLUSH_WHOLE]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int pool_show(struct seq_file *out, void *unused)
{
	struct dmamap_core_limits limits;

	dmamap_core_pool_limits(&limits);
	seq_printf(out, "free %llu\nresting %llu\nfloor %llu\nbound %llu\nchunk %u\n",
		   dmamap_core_pool_free(), dmamap_core_resting(), limits.floor, limits.bound,
		   dmamap_machine_chunk());
	return 0;
}

/* Accepts "drain" or "settle", with or without a newline, in one write; else -EINVAL. */
static ssize_t pool_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	char command[sizeof("settle\n")] = "";

	if (*at || bytes >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, from, bytes))
		return -EFAULT;
	if (strlen(command) != bytes)
		return -EINVAL;
	if (sysfs_streq(command, "drain")) {
		dmamap_pool_drain();
	} else if (sysfs_streq(command, "settle")) {
		dmamap_regions_settle(); /* an end may queue the worker of the pool */
		dmamap_pool_settle();
	} else {
		return -EINVAL;
	}
	*at += bytes;
	return bytes;
}
DEFINE_SHOW_STORE_ATTRIBUTE(pool);

static int __init dmamap_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("dmamap", NULL);

	debugfs_create_file("strategy", 0444, dir, NULL, &strategy_fops);
	debugfs_create_file("regions", 0400, dir, NULL, &regions_fops);
	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("pool", 0600, dir, NULL, &pool_fops);
	dmamap_xray_debugfs(dir);
	return 0;
}
late_initcall(dmamap_debugfs_init);
