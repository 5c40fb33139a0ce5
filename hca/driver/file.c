// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: the character device.
 *
 * A process opens the device, opens one context on the file, maps its memory,
 * and sleeps in poll(). An open file goes through:
 *
 *   empty      no context yet
 *   opened     hca_file.context is set, but the process doesn't know of it
 *   published  the process has the description; it may map and poll
 *   gone       the device was unbound; every operation fails
 *
 * Opened and published differ because copy_to_user() can't run while hca_file.lock
 * is held: mmap() takes that lock inside mmap_lock. If the copy fails, nothing can
 * have been mapped, and the context is closed again.
 *
 * A mapping holds the file, so hca_release() runs after the last munmap(). Removal
 * of the device is the other end: hca_files_remove() takes files off
 * hca_device.files one by one and closes their contexts while processes use them.
 * hca_release() leaves its file on that list until the context is closed. Removal
 * that meets such a file waits for hca_file.lock, so hca_unbind() never puts the
 * window while a file is using it.
 *
 * Without an interrupt, hca_poll_work() looks at the header queue for as long as a
 * process sleeps in poll().
 */
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hca.h"

/* Time between two looks at a header queue, without an interrupt. */
#define HCA_POLL_MS		2

static void hca_file_release(struct kref *ref)
{
	struct hca_file *f = container_of(ref, struct hca_file, ref);

	hca_device_put(f->hca);
	mutex_destroy(&f->lock);
	kfree(f);
}

static void hca_file_put(struct hca_file *f)
{
	kref_put(&f->ref, hca_file_release);
}

static __poll_t hca_file_events_locked(struct hca_file *f)
	__must_hold(&f->lock)
{
	struct hca_context *context = f->context;
	struct dmamap_region *headers;
	u32 head;

	lockdep_assert_held(&f->lock);
	if (f->gone || READ_ONCE(f->hca->state) != HCA_STATE_ALIVE)
		return EPOLLERR | EPOLLHUP;
	if (!f->published)
		return 0;
	if (READ_ONCE(context->lost))
		return EPOLLERR | EPOLLHUP;

	headers = context->coherent[HCA_SOURCE_HEADERS];
	head = hca_chip_head(f->hca, context->number);
	if (hca_queue_ready(dmamap_cpu_addr(headers), head))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

static void hca_poll_again(struct hca_file *f)
{
	schedule_delayed_work(&f->poll_work, msecs_to_jiffies(HCA_POLL_MS));
}

/*
 * Goes on for as long as a process waits, also while there is an entry: an
 * edge-triggered poller takes all entries and doesn't call poll() again.
 */
static void hca_poll_work(struct work_struct *work)
{
	struct hca_file *f = container_of(to_delayed_work(work),
					  struct hca_file, poll_work);
	__poll_t events;

	if (!wq_has_sleeper(&f->wait))
		return;

	atomic_inc(&f->hca->looks);
	mutex_lock(&f->lock);
	events = hca_file_events_locked(f);
	mutex_unlock(&f->lock);

	if (events)
		wake_up_poll(&f->wait, events);
	if (!(events & EPOLLERR))
		hca_poll_again(f);
}

/*
 * Makes the next packet wake the sleeper, also when there is one already: an
 * edge-triggered poller takes that one and doesn't call poll() again.
 */
static __poll_t hca_file_arm_locked(struct hca_file *f)
	__must_hold(&f->lock)
{
	lockdep_assert_held(&f->lock);
	if (!f->published)
		return 0;	/* hca_file_publish() wakes it to poll again */
	if (!hca_irq_arm(f->hca, f->context->number)) {
		hca_poll_again(f);
		return 0;
	}
	/* No interrupt comes for a packet that was there before arming. */
	return hca_file_events_locked(f);
}

static __poll_t hca_poll(struct file *file, poll_table *table)
{
	struct hca_file *f = file->private_data;
	__poll_t events;

	poll_wait(file, &f->wait, table);

	mutex_lock(&f->lock);
	events = hca_file_events_locked(f);
	if (!(events & EPOLLERR) && wq_has_sleeper(&f->wait))
		events |= hca_file_arm_locked(f);
	mutex_unlock(&f->lock);
	return events;
}

static int hca_open(struct inode *inode, struct file *file)
{
	struct hca_device *hca = container_of(file->private_data,
					      struct hca_device, misc);
	struct hca_file *f;

	/* Mappings need both; mmap() could only say so later, less clearly. */
	if ((file->f_mode & (FMODE_READ | FMODE_WRITE)) !=
	    (FMODE_READ | FMODE_WRITE))
		return -EACCES;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;

	kref_init(&f->ref);
	mutex_init(&f->lock);
	init_waitqueue_head(&f->wait);
	INIT_DELAYED_WORK(&f->poll_work, hca_poll_work);
	f->hca = hca_device_get(hca);

	mutex_lock(&hca->lock);
	list_add_tail(&f->node, &hca->files);
	mutex_unlock(&hca->lock);

	file->private_data = f;
	return nonseekable_open(inode, file);
}

static void hca_file_close_context_locked(struct hca_file *f)
	__must_hold(&f->lock)
{
	lockdep_assert_held(&f->lock);
	if (!f->context)
		return;
	hca_irq_listen(f->hca, f->context->number, NULL);
	down_read(&f->hca->chip);
	hca_context_close_locked(f->hca, f->context);
	up_read(&f->hca->chip);
	f->context = NULL;
	f->published = false;
}

/* No mapping is left and no poll() runs: both hold the file. */
static int hca_release(struct inode *inode, struct file *file)
{
	struct hca_file *f = file->private_data;
	struct hca_device *hca = f->hca;

	cancel_delayed_work_sync(&f->poll_work);

	mutex_lock(&f->lock);
	hca_file_close_context_locked(f);
	mutex_unlock(&f->lock);

	/*
	 * Only now: as long as the file is listed, the removal of the device
	 * visits it and waits for its lock, so the window was there until now.
	 */
	mutex_lock(&hca->lock);
	list_del_init(&f->node);
	mutex_unlock(&hca->lock);

	hca_file_put(f);
	return 0;
}

static void hca_describe(struct hca_device *hca,
			 const struct hca_context *context,
			 struct hca_context_info *info)
{
	struct hca_plan plan;
	u32 kind;

	memset(info, 0, sizeof(*info));
	info->abi = HCA_ABI_VERSION;
	info->context = context->number;
	info->partition = context->partition;
	info->node = hca_chip_global(hca, HCA_NODE);
	info->pio_buffers = HCA_PIO_BUFFERS;
	info->eager_buffers = HCA_EAGER_BUFFERS;
	info->header_entries = HCA_HEADER_ENTRIES;
	for (kind = 0; kind < HCA_KINDS; kind++) {
		hca_plan_of(context->number, kind, &plan);
		info->kind[kind].offset = HCA_MAP_OFFSET(kind);
		info->kind[kind].bytes = plan.bytes;
		info->kind[kind].behind = context->behind[kind];
		info->kind[kind].segments = plan.count;
	}
}

/* The key that the calling process gets. */
static int hca_partition(struct hca_device *hca, u32 wanted, u32 *key)
{
	u32 uid = from_kuid(&init_user_ns, current_fsuid());

	guard(mutex)(&hca->lock);
	return hca_partition_key(&hca->partitions, wanted, uid, key);
}

static int hca_file_open_context(struct hca_file *f, u32 wanted, u32 partition,
				 struct hca_context_info *info)
{
	struct hca_context *context;
	int err = 0;

	mutex_lock(&f->lock);
	if (f->gone) {
		err = -ENODEV;
	} else if (f->context) {
		err = -EBUSY;
	} else {
		down_read(&f->hca->chip);
		context = hca_context_open_locked(f->hca, wanted, partition);
		up_read(&f->hca->chip);
		if (IS_ERR(context)) {
			err = PTR_ERR(context);
		} else {
			f->context = context;
			hca_irq_listen(f->hca, context->number, f);
			hca_describe(f->hca, context, info);
		}
	}
	mutex_unlock(&f->lock);
	return err;
}

/* With a bad pointer (not @told), the context is closed: it was never mapped. */
static int hca_file_publish(struct hca_file *f, bool told)
{
	int err = 0;

	mutex_lock(&f->lock);
	if (f->gone) {
		err = -ENODEV;
	} else if (!told) {
		err = -EFAULT;
		hca_file_close_context_locked(f);
	} else {
		f->published = true;
		wake_up_all(&f->wait);
	}
	mutex_unlock(&f->lock);
	return err;
}

static long hca_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct hca_file *f = file->private_data;
	void __user *user = (void __user *)arg;
	struct hca_context_info info;
	struct hca_request request;
	u32 wanted, partition;
	int err;

	if (cmd != HCA_IOC_OPEN_CONTEXT)
		return -ENOTTY;
	if (copy_from_user(&info, user, sizeof(info)))
		return -EFAULT;
	request = (struct hca_request) {
		.abi = info.abi,
		.flags = info.flags,
		.context = info.context,
		.partition = info.partition,
		.reserved = info.reserved,
		.reserved_count = ARRAY_SIZE(info.reserved),
	};
	err = hca_request_check(&request, HCA_ABI_VERSION, &wanted);
	if (err)
		return err;
	err = hca_partition(f->hca, info.partition, &partition);
	if (err)
		return err;

	err = hca_file_open_context(f, wanted, partition, &info);
	if (err)
		return err;
	return hca_file_publish(f, !copy_to_user(user, &info, sizeof(info)));
}

static int hca_map_locked(struct hca_file *f, u32 kind,
			  struct vm_area_struct *vma)
	__must_hold(&f->lock)
{
	struct dmamap_segment segments[HCA_EAGER_SEGMENTS];
	struct hca_context *context = f->context;
	struct hca_plan plan;
	u32 i;
	int err;

	lockdep_assert_held(&f->lock);
	if (f->gone)
		return -ENODEV;
	if (!f->published)
		return -ENXIO;

	err = hca_plan_of(context->number, kind, &plan);
	if (err)
		return err;
	for (i = 0; i < plan.count; i++) {
		segments[i].region = hca_source_region(f->hca, context,
						       plan.segment[i].source);
		segments[i].offset = plan.segment[i].offset;
		segments[i].bytes = plan.segment[i].bytes;
	}
	return dmamap_mmap(vma, segments, plan.count, plan.access);
}

static int hca_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct hca_file *f = file->private_data;
	int kind, err;

	kind = hca_plan_offset((u64)vma->vm_pgoff << PAGE_SHIFT);
	if (kind < 0)
		return kind;

	mutex_lock(&f->lock);
	err = hca_map_locked(f, kind, vma);
	mutex_unlock(&f->lock);
	return err;
}

const struct file_operations hca_fops = {
	.owner = THIS_MODULE,
	.open = hca_open,
	.release = hca_release,
	.unlocked_ioctl = hca_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = hca_mmap,
	.poll = hca_poll,
};

static struct hca_file *hca_files_next(struct hca_device *hca)
{
	struct hca_file *f;

	guard(mutex)(&hca->lock);
	f = list_first_entry_or_null(&hca->files, struct hca_file, node);
	if (f) {
		list_del_init(&f->node);
		kref_get(&f->ref);
	}
	return f;
}

static void hca_file_remove(struct hca_file *f)
{
	struct dmamap_region *regions[HCA_COHERENT_SOURCES] = { };
	int i;

	mutex_lock(&f->lock);
	f->gone = true;
	/* The chip stops before the snapshot, or the snapshot would be torn. */
	if (f->context && !hca_context_stop_locked(f->hca, f->context))
		WRITE_ONCE(f->hca->silent, true);
	for (i = 0; f->context && i < HCA_COHERENT_SOURCES; i++)
		regions[i] = dmamap_get(f->context->coherent[i]);
	mutex_unlock(&f->lock);

	/*
	 * Without hca_file.lock: revoking may take mmap_lock, and mmap() waits
	 * for hca_file.lock while it holds that.
	 */
	for (i = 0; i < HCA_COHERENT_SOURCES && regions[i]; i++) {
		dmamap_revoke(regions[i], DMAMAP_AFTER_SNAPSHOT);
		dmamap_put(regions[i]);
	}

	mutex_lock(&f->lock);
	hca_file_close_context_locked(f);
	mutex_unlock(&f->lock);
}

/**
 * hca_files_remove() - take the device away from all open files
 * @hca: device in state gone; no new file can come
 *
 * When it returns, no file touches the chip any more.
 *
 * Context: process, sleeps.
 */
void hca_files_remove(struct hca_device *hca)
{
	struct hca_file *f;

	while ((f = hca_files_next(hca))) {
		hca_file_remove(f);
		hca_file_put(f);
	}
}
