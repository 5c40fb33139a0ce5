// SPDX-License-Identifier: GPL-2.0
/* HCA driver: /sys/kernel/debug/hca/<device>/, files state and contexts. */
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "hca.h"

static struct dentry *hca_debugfs_root;

/* One name and its value a line, for scripts. */
static int state_show(struct seq_file *seq, void *unused)
{
	struct hca_device *hca = seq->private;

	guard(mutex)(&hca->lock);
	seq_printf(seq, "state %s\n", hca_state_name(hca->state));
	seq_printf(seq, "contexts %u\n", hca_contexts_count(&hca->contexts));
	seq_printf(seq, "contexts_max %u\n", HCA_CONTEXTS);
	seq_printf(seq, "contexts_leaked %u\n", hca->leaked_contexts);
	seq_printf(seq, "regions_leaked %u\n",
		   hca->leaked_contexts * HCA_COHERENT_SOURCES);
	seq_printf(seq, "chip_heartbeat %u\n",
		   hca_chip_global(hca, HCA_HEARTBEAT));
	seq_printf(seq, "chip_packets %u\n", hca_chip_global(hca, HCA_PACKETS));
	seq_printf(seq, "chip_errors %u\n", hca_chip_global(hca, HCA_ERRORS));
	seq_printf(seq, "chip_error %u\n", hca_chip_global(hca, HCA_ERROR));
	seq_printf(seq, "chip_error_context %u\n",
		   hca_chip_global(hca, HCA_ERROR_CONTEXT));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/* The process that has each context, one a line. */
static int contexts_show(struct seq_file *seq, void *unused)
{
	struct hca_device *hca = seq->private;
	u32 n;

	guard(mutex)(&hca->lock);
	for (n = 0; n < HCA_CONTEXTS; n++) {
		const struct hca_context *context = hca->active[n];

		if (context)
			seq_printf(seq,
				   "%u: pid %d (%s) partition %#x head %u%s\n",
				   n, context->pid, context->comm,
				   context->partition, hca_chip_head(hca, n),
				   context->lost ? " lost" : "");
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(contexts);

/**
 * hca_debugfs_add() - make the folder of a device
 * @hca: device
 *
 * Context: process.
 */
void hca_debugfs_add(struct hca_device *hca)
{
	hca->debugfs = debugfs_create_dir(hca->name, hca_debugfs_root);
	debugfs_create_file("state", 0444, hca->debugfs, hca, &state_fops);
	debugfs_create_file("contexts", 0400, hca->debugfs, hca,
			    &contexts_fops);
}

/**
 * hca_debugfs_remove() - remove the folder of a device; waits for readers
 * @hca: device
 *
 * Context: process, sleeps.
 */
void hca_debugfs_remove(struct hca_device *hca)
{
	debugfs_remove(hca->debugfs);
}

/**
 * hca_debugfs_init() - make the common folder
 *
 * Context: process.
 */
void hca_debugfs_init(void)
{
	hca_debugfs_root = debugfs_create_dir("hca", NULL);
}

/**
 * hca_debugfs_exit() - remove the common folder
 *
 * Context: process.
 */
void hca_debugfs_exit(void)
{
	debugfs_remove(hca_debugfs_root);
}
