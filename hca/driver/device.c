// SPDX-License-Identifier: GPL-2.0
/* HCA driver: life of a device, the same for every front end. */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "hca.h"

static DEFINE_IDA(hca_ids);

static void hca_device_release(struct kref *ref)
{
	struct hca_device *hca = container_of(ref, struct hca_device, ref);

	mutex_destroy(&hca->lock);
	put_device(hca->dev);
	kfree(hca);
}

/**
 * hca_device_get() - take a reference
 * @hca: device
 *
 * Context: any.
 * Return: @hca.
 */
struct hca_device *hca_device_get(struct hca_device *hca)
{
	kref_get(&hca->ref);
	return hca;
}

/**
 * hca_device_put() - drop a reference
 * @hca: device
 *
 * Context: process.
 */
void hca_device_put(struct hca_device *hca)
{
	kref_put(&hca->ref, hca_device_release);
}

/**
 * hca_device_set_state() - chip died or went away: tell all that depends on it
 * @hca: device
 * @state: HCA_STATE_DEAD or HCA_STATE_GONE
 *
 * Context: process.
 */
void hca_device_set_state(struct hca_device *hca, u32 state)
{
	u32 n;

	guard(mutex)(&hca->lock);
	if (state <= hca->state)
		return;
	WRITE_ONCE(hca->state, state);
	if (state == HCA_STATE_DEAD)
		WRITE_ONCE(hca->silent, true);
	/* The states are the status words, file.c asserts it. */
	for (n = 0; n < HCA_CONTEXTS; n++)
		if (hca->active[n] && (state == HCA_STATE_GONE ||
				       !hca->active[n]->lost))
			hca_context_status(hca->active[n], state);
	hca_files_wake(hca);
}

/* Those who have a context have to open another one. */
static void hca_lose_contexts(struct hca_device *hca)
{
	u32 n;

	guard(mutex)(&hca->lock);
	for (n = 0; n < HCA_CONTEXTS; n++) {
		if (!hca->active[n])
			continue;
		WRITE_ONCE(hca->active[n]->lost, true);
		hca_context_status(hca->active[n], HCA_STATUS_RESET);
	}
	hca_files_wake(hca);
}

static void hca_watch_again(struct hca_device *hca)
{
	schedule_delayed_work(&hca->watch_work,
			      msecs_to_jiffies(HCA_BEAT_PERIOD_MS));
}

static void hca_watch_work(struct work_struct *work)
{
	struct hca_device *hca = container_of(to_delayed_work(work),
					      struct hca_device, watch_work);
	unsigned long now = jiffies;
	u8 silent;

	silent = hca_watch_tick(&hca->watch,
				hca_chip_global(hca, HCA_HEARTBEAT),
				jiffies_to_msecs(now - hca->watch_at));
	hca->watch_at = now;
	if (silent && !hca->silent) {
		dev_err(hca->dev, "chip is dead: no heartbeat for %u ms\n",
			HCA_SILENCE_MS);
		hca_device_set_state(hca, HCA_STATE_DEAD);
	}

	/* An interrupt can get lost with a chip that dies while it rings. */
	hca_irq_serve(hca);

	/* Goes on after death: a late answer still frees leaked memory. */
	hca_contexts_reap(hca);
	hca_watch_again(hca);
}

static void hca_link_work(struct work_struct *work)
{
	struct hca_device *hca = container_of(work, struct hca_device,
					      link_work);

	sysfs_notify(&hca->misc.this_device->kobj, NULL, "link");
	sysfs_notify(&hca->misc.this_device->kobj, NULL, "peers");
}

/**
 * hca_device_reset() - reset the chip, also one that was dead and is back
 * @hca: device that is not gone
 *
 * All contexts in use are lost: their processes are told so, and keep their
 * mappings until they close them.
 *
 * Context: process, sleeps up to 6 s.
 * Return: 0, or -EIO when the chip doesn't answer; then it counts as dead.
 */
int hca_device_reset(struct hca_device *hca)
{
	int err;

	down_write(&hca->chip);
	cancel_delayed_work_sync(&hca->watch_work);
	hca_lose_contexts(hca);
	err = hca_chip_reset(hca) ? -EIO : 0;
	if (err) {
		hca_device_set_state(hca, HCA_STATE_DEAD);
	} else {
		hca_contexts_stopped(hca);
		hca_irq_enable(hca);
		guard(mutex)(&hca->lock);
		hca->silent = false;
		hca->resets++;
		WRITE_ONCE(hca->state, HCA_STATE_ALIVE);
		hca_watch_start(&hca->watch,
				hca_chip_global(hca, HCA_HEARTBEAT));
		hca->watch_at = jiffies;
		dev_info(hca->dev, "chip was reset\n");
	}
	hca_watch_again(hca);
	up_write(&hca->chip);
	return err;
}

/* The chip takes addresses of 64 bits, but low ones never need a bounce. */
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
 * From processes, who may keep their mappings for as long as they like. They don't
 * keep the window: whoever binds it next adopts it.
 */
static void hca_take_away(struct dmamap_region *region)
{
	dmamap_revoke(region, DMAMAP_AFTER_ZERO);
	dmamap_detach(region);
}

/* Parts that were not adopted are NULL or an error, both ignored. */
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

static struct hca_device *hca_device_new(struct device *dev)
{
	struct hca_device *hca = kzalloc(sizeof(*hca), GFP_KERNEL);

	if (!hca)
		return NULL;
	kref_init(&hca->ref);
	hca->dev = get_device(dev);
	init_rwsem(&hca->chip);
	mutex_init(&hca->lock);
	INIT_LIST_HEAD(&hca->files);
	INIT_LIST_HEAD(&hca->leaked);
	INIT_DELAYED_WORK(&hca->watch_work, hca_watch_work);
	INIT_WORK(&hca->link_work, hca_link_work);
	spin_lock_init(&hca->irq_lock);
	return hca;
}

/**
 * hca_device_create() - bring a device up, for the front ends
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
struct hca_device *hca_device_create(struct device *dev, phys_addr_t window,
				     enum dmamap_behind behind,
				     unsigned int irq)
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

	/* What the driver before us could not stop has stopped now. */
	ended = dmamap_device_stopped(dev);
	if (ended)
		dev_info(dev, "memory of %u regions is free again\n", ended);

	hca_watch_start(&hca->watch, hca_chip_global(hca, HCA_HEARTBEAT));
	hca->watch_at = jiffies;
	hca_watch_again(hca);

	err = hca_register(hca);
	if (err)
		goto err_watch;
	/* Last: the handler tells sysfs of the link. */
	hca_irq_start(hca, irq);
	hca_debugfs_add(hca);
	return hca;

err_watch:
	cancel_delayed_work_sync(&hca->watch_work);
err_window:
	hca_put_window(hca);
	ida_free(&hca_ids, hca->id);
err_put:
	hca_device_put(hca);
	return ERR_PTR(err);
}

/**
 * hca_device_destroy() - take a device down, for the front ends
 * @hca: device that hca_device_create() returned
 *
 * When it returns, neither kernel nor processes touch the window any more.
 * Open files stay valid and answer -ENODEV. Mappings stay, too: those of the
 * window take what is written and do nothing, the others keep what they held
 * last, so that nobody who sends or receives meets a signal.
 *
 * Context: process, sleeps up to 2 s for each context that the chip holds.
 */
void hca_device_destroy(struct hca_device *hca)
{
	/*
	 * No interrupt, which needs all of the rest; no new file, then no new
	 * context, then no user access, then no DMA.
	 */
	hca_irq_stop(hca);
	misc_deregister(&hca->misc);
	hca_debugfs_remove(hca);
	hca_device_set_state(hca, HCA_STATE_GONE);
	cancel_delayed_work_sync(&hca->watch_work);
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
