// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: a device while it is bound. Its state, its heartbeat, its reset.
 *
 * States (enum hca_state):
 *
 *   ALIVE   hca_bind() has made the device: the chip has answered a reset.
 *   DEAD    The chip has shown no heartbeat for HCA_SILENCE_MS, or has not
 *           answered a reset. No context can be opened. Contexts in use keep
 *           their memory and their mappings.
 *   GONE    hca_unbind() has begun. This is the last state.
 *
 * hca_device_set_state() only goes down this list. The one way up, from DEAD
 * to ALIVE, is a reset that the chip answers. Processes learn of a change in
 * two ways: from a status word in memory that each of them has mapped, and
 * from EPOLLERR in poll().
 *
 * A reset switches all contexts off in the chip, so they are lost: each process
 * has to close its context and open another one. Lost and dead are two things:
 * a context that was lost stays so in a chip that is alive.
 *
 * Side by side run: file operations of many processes, the watch on the
 * heartbeat, the interrupt handler, the timer that replaces it, sysfs and
 * debugfs. hca_file.lock serializes the operations of one file.
 * hca_device.chip keeps a reset from running while a context is half open.
 * hca_device.lock protects what files share. hca.h has all locks in order.
 *
 * The watch stops while a reset runs: a chip that is busy with a reset may be
 * silent without being dead. Memory of leaked contexts is given back by the
 * watch, by a reset and by hca_unbind(). No two of them run at once, since a
 * reset and hca_unbind() stop the watch first, and hca_unbind() removes the
 * sysfs file that starts a reset before that.
 *
 * hca_bind() holds one reference, each open file another. A device without a
 * driver lives on in memory until its last file is closed, but its window is
 * not touched any more: a file that was visited by hca_files_remove() has
 * hca_file.gone set, and asks for nothing.
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/jiffies.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "hca.h"

/**
 * hca_state_name() - word for a state
 * @state: enum hca_state
 *
 * Context: any.
 * Return: the word.
 */
const char *hca_state_name(u32 state)
{
	static const char * const names[] = {
		[HCA_STATE_ALIVE] = "alive",
		[HCA_STATE_DEAD] = "dead",
		[HCA_STATE_GONE] = "gone",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static void hca_device_release(struct kref *ref)
{
	struct hca_device *hca = container_of(ref, struct hca_device, ref);

	mutex_destroy(&hca->lock);
	put_device(hca->dev);
	kfree(hca);
}

/**
 * hca_device_get() - add a reference
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
 * hca_device_put() - drop a reference; the last one frees the structure
 * @hca: device
 *
 * Context: process.
 */
void hca_device_put(struct hca_device *hca)
{
	kref_put(&hca->ref, hca_device_release);
}

/* Pollers look again, and see the new state. */
static void hca_wake_files_locked(struct hca_device *hca)
	__must_hold(&hca->lock)
{
	struct hca_file *f;

	lockdep_assert_held(&hca->lock);
	list_for_each_entry(f, &hca->files, node)
		wake_up_poll(&f->wait, EPOLLERR | EPOLLHUP);
}

/**
 * hca_device_set_state() - the chip died or went away: tell all processes
 * @hca: device
 * @state: HCA_STATE_DEAD or HCA_STATE_GONE; no effect if @hca is there already
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
	/* States and status words have the same values: see check.c. */
	for (n = 0; n < HCA_CONTEXTS; n++)
		if (hca->active[n] && (state == HCA_STATE_GONE ||
				       !hca->active[n]->lost))
			hca_context_status_locked(hca, hca->active[n], state);
	hca_wake_files_locked(hca);
}

/* Tells each process that has a context to close it and to open another one. */
static void hca_lose_contexts_locked(struct hca_device *hca)
	__must_hold(&hca->chip)
{
	u32 n;

	lockdep_assert_held_write(&hca->chip);
	guard(mutex)(&hca->lock);
	for (n = 0; n < HCA_CONTEXTS; n++) {
		if (!hca->active[n])
			continue;
		WRITE_ONCE(hca->active[n]->lost, true);
		hca_context_status_locked(hca, hca->active[n],
					  HCA_STATUS_RESET);
	}
	hca_wake_files_locked(hca);
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

	/* A chip that dies while it interrupts may lose the interrupt. */
	hca_irq_serve(hca);

	/* After death, too: a late answer of the chip frees leaked memory. */
	hca_contexts_reap(hca);
	hca_watch_again(hca);
}

/**
 * hca_device_watch() - begin to look at the heartbeat
 * @hca: device whose chip was just reset, and which is not being watched
 *
 * Context: process.
 */
void hca_device_watch(struct hca_device *hca)
{
	hca_watch_start(&hca->watch, hca_chip_global(hca, HCA_HEARTBEAT));
	hca->watch_at = jiffies;
	hca_watch_again(hca);
}

/**
 * hca_device_unwatch() - look no more; waits for a look that is under way
 * @hca: device
 *
 * Context: process, sleeps. Caller doesn't hold hca_device.lock.
 */
void hca_device_unwatch(struct hca_device *hca)
{
	cancel_delayed_work_sync(&hca->watch_work);
}

/* The only way up: see above. */
static void hca_device_revive(struct hca_device *hca)
{
	guard(mutex)(&hca->lock);
	hca->silent = false;
	hca->resets++;
	WRITE_ONCE(hca->state, HCA_STATE_ALIVE);
}

/**
 * hca_device_reset() - reset the chip, also one that was dead and is back
 * @hca: device that is not gone
 *
 * All contexts in use are lost. Their processes are told so, and keep their
 * mappings until they close them.
 *
 * Context: process, sleeps up to 6 s.
 * Return: 0, or -EIO when the chip doesn't answer; then it counts as dead.
 */
int hca_device_reset(struct hca_device *hca)
{
	int err;

	down_write(&hca->chip);
	hca_device_unwatch(hca);
	hca_lose_contexts_locked(hca);
	err = hca_chip_reset(hca) ? -EIO : 0;
	if (err) {
		hca_device_set_state(hca, HCA_STATE_DEAD);
		hca_watch_again(hca);
	} else {
		hca_contexts_stopped_locked(hca);
		hca_irq_enable(hca);
		hca_device_revive(hca);
		hca_device_watch(hca);
		dev_info(hca->dev, "chip was reset\n");
	}
	up_write(&hca->chip);
	return err;
}

/**
 * hca_device_new() - make a device without a window, for hca_bind()
 * @dev: device that was probed
 *
 * Context: process.
 * Return: the device with one reference, or NULL without memory.
 */
struct hca_device *hca_device_new(struct device *dev)
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
	hca_irq_init(hca);
	return hca;
}
