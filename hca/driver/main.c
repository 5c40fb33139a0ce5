// SPDX-License-Identifier: GPL-2.0
/* HCA driver: the module, which registers both front ends. */
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
