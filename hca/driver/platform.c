// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: front end for boards where the window is RAM that the kernel was
 * told not to use (mem=). No firmware table lists it, so its address comes from
 * the command line.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "hca.h"

static unsigned long long window;
module_param(window, ullong, 0444);
MODULE_PARM_DESC(window, "physical address of the register window in RAM above mem=; 0: none");

static struct platform_device *hca_platform_device;

static int hca_platform_probe(struct platform_device *pdev)
{
	struct resource *memory;
	struct hca_device *hca;

	memory = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!memory || resource_size(memory) < HCA_WINDOW_BYTES)
		return dev_err_probe(&pdev->dev, -ENODEV, "no window\n");

	hca = hca_bind(&pdev->dev, memory->start, DMAMAP_BEHIND_RESERVED, 0);
	if (IS_ERR(hca))
		return PTR_ERR(hca);
	platform_set_drvdata(pdev, hca);
	return 0;
}

static void hca_platform_remove(struct platform_device *pdev)
{
	hca_unbind(platform_get_drvdata(pdev));
}

static struct platform_driver hca_platform_driver = {
	.driver = { .name = "hca" },
	.probe = hca_platform_probe,
	.remove = hca_platform_remove,
};

static int hca_platform_add(void)
{
	struct resource memory = DEFINE_RES_MEM(window, HCA_WINDOW_BYTES);
	struct platform_device_info info = {
		.name = "hca",
		.id = PLATFORM_DEVID_NONE,
		.res = &memory,
		.num_res = 1,
		.dma_mask = DMA_BIT_MASK(32),
	};

	if (!PAGE_ALIGNED(window) || memory.start != window) {
		pr_err("hca: window=%#llx is not the address of a page\n",
		       window);
		return -EINVAL;
	}
	hca_platform_device = platform_device_register_full(&info);
	if (IS_ERR(hca_platform_device)) {
		pr_err("hca: window=%#llx is taken: %pe\n", window,
		       hca_platform_device);
		return PTR_ERR(hca_platform_device);
	}
	return 0;
}

/**
 * hca_platform_register() - register the platform front end and its device
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int hca_platform_register(void)
{
	int err;

	err = platform_driver_register(&hca_platform_driver);
	if (err || !window)
		return err;
	err = hca_platform_add();
	if (err)
		platform_driver_unregister(&hca_platform_driver);
	return err;
}

/**
 * hca_platform_unregister() - remove the device, if there is one
 *
 * Context: process.
 */
void hca_platform_unregister(void)
{
	if (window)
		platform_device_unregister(hca_platform_device);
	platform_driver_unregister(&hca_platform_driver);
}
