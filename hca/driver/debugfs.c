// SPDX-License-Identifier: GPL-2.0
/* HCA driver: /sys/kernel/debug/hca/<device>/state. */
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "hca.h"

static struct dentry *hca_debugfs_root;

static const char *hca_state_name(u32 state)
{
	static const char * const names[] = {
		[HCA_STATE_ALIVE] = "alive",
		[HCA_STATE_DEAD] = "dead",
		[HCA_STATE_GONE] = "gone",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

/* One "name value" a line, for scripts. */
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

/**
 * hca_debugfs_add() - show a device
 * @hca: device
 *
 * Context: process.
 */
void hca_debugfs_add(struct hca_device *hca)
{
	hca->debugfs = debugfs_create_dir(hca->name, hca_debugfs_root);
	debugfs_create_file("state", 0444, hca->debugfs, hca, &state_fops);
}

/**
 * hca_debugfs_remove() - hide a device; waits for readers
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
