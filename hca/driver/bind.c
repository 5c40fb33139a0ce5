// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: a device comes and goes, the same way for every front end.
 *
 * This file puts a device together from all others and takes it apart again:
 * only the front ends know it. hca_bind() opens the device to processes last,
 * when everything that they can reach is there; hca_unbind() is its mirror.
 */
#include <linux/dev_printk.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>

#include "hca.h"

static DEFINE_IDA(hca_ids);

/*
 * 32 bits first: the chip takes 64, but a low address never needs a bounce
 * buffer.
 */
static int hca_set_mask(struct device *dev)
{
	if (!dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		return 0;
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
}

static struct dmamap_region *hca_adopt(struct hca_device *hca,
				       phys_addr_t window, u32 from, u32 to,
				       enum dmamap_behind behind,
				       unsigned int flags, const char *name)
{
	struct dmamap_region *region;

	region = dmamap_adopt(hca->dev, window + from, to - from, behind, flags);
	if (IS_ERR(region))
		dev_err(hca->dev, "can't adopt window %pa + %#x: %pe\n",
			&window, from, region);
	else
		dmamap_set_name(region, name);
	return region;
}

/*
 * One region for each part whose users differ: processes map the user pages
 * and the PIO buffers, never the rest, and only PIO is write-combining.
 */
static int hca_adopt_window(struct hca_device *hca, phys_addr_t window,
			    enum dmamap_behind behind)
{
	hca->global = hca_adopt(hca, window, HCA_PART_GLOBAL, HCA_PART_USERS,
				behind, 0, "global");
	if (IS_ERR(hca->global))
		return PTR_ERR(hca->global);
	hca->users = hca_adopt(hca, window, HCA_PART_USERS, HCA_PART_CONTROL,
			       behind, 0, "users");
	if (IS_ERR(hca->users))
		return PTR_ERR(hca->users);
	hca->control = hca_adopt(hca, window, HCA_PART_CONTROL, HCA_PART_PIO,
				 behind, 0, "control");
	if (IS_ERR(hca->control))
		return PTR_ERR(hca->control);
	hca->pio = hca_adopt(hca, window, HCA_PART_PIO, HCA_WINDOW_BYTES,
			     behind, DMAMAP_WRITE_COMBINE, "pio");
	return PTR_ERR_OR_ZERO(hca->pio);
}

/*
 * A process may keep its mapping of the window for as long as it likes. Were it
 * not detached, the mapping would keep the region, and the next driver could
 * not adopt the window.
 */
static void hca_take_away(struct dmamap_region *region)
{
	dmamap_revoke(region, DMAMAP_AFTER_ZERO);
	dmamap_detach(region);
}

/* A part that was not adopted is NULL or an error: dmamap_put() ignores both. */
static void hca_put_window(struct hca_device *hca)
{
	dmamap_put(hca->pio);
	dmamap_put(hca->control);
	dmamap_put(hca->users);
	dmamap_put(hca->global);
}

/*
 * A strategy that the board can't keep shows here, not in the first process
 * that opens a context.
 */
static int hca_try_memory(struct hca_device *hca)
{
	struct dmamap_region *region;

	region = dmamap_alloc(hca->dev, HCA_PAGE_BYTES, GFP_KERNEL,
			      DMAMAP_NO_SNOOP);
	if (IS_ERR(region)) {
		dev_err(hca->dev, "no coherent memory for the chip: %pe\n",
			region);
		return PTR_ERR(region);
	}
	dmamap_put(region);
	return 0;
}

static int hca_register(struct hca_device *hca)
{
	hca->misc.minor = MISC_DYNAMIC_MINOR;
	hca->misc.name = hca->name;
	hca->misc.fops = &hca_fops;
	hca->misc.parent = hca->dev;
	hca->misc.groups = hca_groups;
	return misc_register(&hca->misc);
}

/**
 * hca_bind() - bring a device up, for the front ends
 * @dev: device that was probed
 * @window: physical address of the window, HCA_WINDOW_BYTES long
 * @behind: what the window is, see dmamap_adopt()
 * @irq: interrupt of the device, or 0 for none
 *
 * Context: process, sleeps up to 6 s.
 * Return: the device, with the character device open to all; or ERR_PTR():
 *	-ENODEV when the chip doesn't answer or the board can't keep its
 *	strategy, -EIO when no DMA mask will do, and what dmamap says.
 */
struct hca_device *hca_bind(struct device *dev, phys_addr_t window,
			    enum dmamap_behind behind, unsigned int irq)
{
	struct hca_device *hca;
	unsigned int ended;
	int err;

	hca = hca_device_new(dev);
	if (!hca)
		return ERR_PTR(-ENOMEM);

	err = hca_set_mask(dev);
	if (err)
		goto err_put;
	hca->id = ida_alloc(&hca_ids, GFP_KERNEL);
	if (hca->id < 0) {
		err = hca->id;
		goto err_put;
	}
	snprintf(hca->name, sizeof(hca->name), "hca%d", hca->id);

	err = hca_adopt_window(hca, window, behind);
	if (err)
		goto err_window;
	err = hca_try_memory(hca);
	if (err)
		goto err_window;
	err = hca_chip_reset(hca);
	if (err)
		goto err_window;

	/* The reset ended all DMA, also what an earlier driver could not end. */
	ended = dmamap_device_stopped(dev);
	if (ended)
		dev_info(dev, "memory of %u regions is free again\n", ended);

	hca_device_watch(hca);
	err = hca_register(hca);
	if (err)
		goto err_watch;
	/* After registration: the handler notifies files in sysfs. */
	hca_irq_start(hca, irq);
	hca_debugfs_add(hca);
	return hca;

err_watch:
	hca_device_unwatch(hca);
err_window:
	hca_put_window(hca);
	ida_free(&hca_ids, hca->id);
err_put:
	hca_device_put(hca);
	return ERR_PTR(err);
}

/**
 * hca_unbind() - take a device down, for the front ends
 * @hca: device that hca_bind() returned; invalid afterwards
 *
 * When it returns, neither kernel nor processes touch the window any more.
 * Open files stay valid and answer -ENODEV. Mappings stay, too: those of the
 * window take what is written and do nothing, the others keep what they held
 * last, so that no process meets a signal while it sends or receives.
 *
 * Context: process, sleeps up to 2 s for each context that the chip holds.
 */
void hca_unbind(struct hca_device *hca)
{
	/*
	 * The interrupt handler needs all the rest, so it goes first. Then end,
	 * in this order, new files, new contexts, user access, DMA: each of
	 * these can start the ones after it.
	 */
	hca_irq_stop(hca);
	misc_deregister(&hca->misc);
	hca_debugfs_remove(hca);
	hca_device_set_state(hca, HCA_STATE_GONE);
	hca_device_unwatch(hca);
	hca_take_away(hca->users);
	hca_take_away(hca->pio);
	hca_files_remove(hca);

	hca_contexts_reap(hca);
	if (hca->leaked_contexts)
		dev_warn(hca->dev,
			 "memory of %u contexts is kept until the chip is reset\n",
			 hca->leaked_contexts);
	hca_contexts_abandon(hca);

	hca_put_window(hca);
	ida_free(&hca_ids, hca->id);
	hca_device_put(hca);
}
