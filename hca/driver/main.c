// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: the module, which registers both front ends.
 *
 * Below it, a file calls files further down in this list, never up:
 *
 *   pci.c platform.c                front ends: where a window comes from
 *   bind.c                          a device comes and goes
 *   file.c sysfs.c debugfs.c        what processes and people see of it
 *   device.c                        its state, its heartbeat, its reset
 *   context.c irq.c                 memory that the chip works on; interrupts
 *   chip.c                          registers
 *   decide.cc                       decisions that need no kernel
 *   check.c                         its numbers are those of other headers
 */
#include <linux/module.h>

#include "hca.h"

static int __init hca_init(void)
{
	int err;

	hca_debugfs_init();
	err = hca_pci_register();
	if (err)
		goto err_debugfs;
	err = hca_platform_register();
	if (err)
		goto err_pci;
	return 0;

err_pci:
	hca_pci_unregister();
err_debugfs:
	hca_debugfs_exit();
	return err;
}
module_init(hca_init);

static void __exit hca_exit(void)
{
	hca_platform_unregister();
	hca_pci_unregister();
	hca_debugfs_exit();
}
module_exit(hca_exit);

MODULE_DESCRIPTION("HCA: queues and buffers in user space, through dmamap");
MODULE_LICENSE("GPL");
