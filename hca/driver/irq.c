// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: the chip's interrupt, which wakes processes that sleep in poll().
 *
 * A context must be armed for each packet that shall interrupt. poll() arms it
 * and then looks at the header queue; the woken process calls poll() again before
 * it sleeps again, which arms the next packet.
 *
 * Where the chip has no interrupt line, or the board no vector for it, a timer
 * looks into the queues instead: hca_poll_work().
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/poll.h>
#include <linux/sysfs.h>

#include "hca.h"

static void hca_irq_wake_locked(struct hca_device *hca, u32 context)
	__must_hold(&hca->irq_lock)
{
	struct hca_file *f = hca->listener[context];

	lockdep_assert_held(&hca->irq_lock);
	if (f)
		wake_up_poll(&f->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * hca_irq_serve() - take an interrupt of the chip, if there is one
 * @hca: device that is not gone
 *
 * Context: any.
 * Return: true when there was one.
 */
bool hca_irq_serve(struct hca_device *hca)
{
	u32 serial, causes, n;

	guard(spinlock_irqsave)(&hca->irq_lock);
	if (!hca->interrupts)
		return false;
	serial = hca_chip_global(hca, HCA_INT_SERIAL);
	if (serial == hca->irq_serial)
		return false;
	causes = hca_chip_global(hca, HCA_INT_CAUSE);

	/* From the acknowledge on, the chip may write the next cause. */
	hca->irq_serial = serial;
	hca_chip_interrupt_taken_locked(hca, serial);
	hca->irq_count++;

	for (n = 0; n < HCA_CONTEXTS; n++)
		if (causes & HCA_CAUSE_PACKET(n))
			hca_irq_wake_locked(hca, n);
	if (causes & HCA_CAUSE_LINK)
		schedule_work(&hca->link_work);
	return true;
}

static void hca_link_work(struct work_struct *work)
{
	struct hca_device *hca = container_of(work, struct hca_device,
					      link_work);

	sysfs_notify(&hca->misc.this_device->kobj, NULL, "link");
	sysfs_notify(&hca->misc.this_device->kobj, NULL, "peers");
}

static irqreturn_t hca_irq_handler(int irq, void *data)
{
	return IRQ_RETVAL(hca_irq_serve(data));
}

/**
 * hca_irq_init() - make a device ready for the functions below
 * @hca: device that is being made
 *
 * Context: any.
 */
void hca_irq_init(struct hca_device *hca)
{
	spin_lock_init(&hca->irq_lock);
	INIT_WORK(&hca->link_work, hca_link_work);
}

/**
 * hca_irq_enable() - let the chip interrupt, after each reset of it
 * @hca: device whose chip was just reset
 *
 * Context: process.
 */
void hca_irq_enable(struct hca_device *hca)
{
	u32 features = hca_chip_global(hca, HCA_FEATURES);

	guard(spinlock_irqsave)(&hca->irq_lock);
	hca->irq_serial = hca_chip_global(hca, HCA_INT_SERIAL);
	hca->interrupts = hca->irq && (features & HCA_FEATURE_INTERRUPT);
	hca_chip_interrupts_locked(hca, hca->interrupts);
}

/**
 * hca_irq_start() - get the interrupt of a device
 * @hca: device whose chip was just reset
 * @irq: number, or 0 when the board has none for it
 *
 * Can't fail: without an interrupt the timer is used.
 *
 * Context: process, sleeps.
 */
void hca_irq_start(struct hca_device *hca, unsigned int irq)
{
	int err = irq ? request_irq(irq, hca_irq_handler, 0, hca->name, hca) : 0;

	if (err)
		dev_warn(hca->dev, "can't have interrupt %u: %pe\n", irq,
			 ERR_PTR(err));
	else
		hca->irq = irq;
	hca_irq_enable(hca);
	dev_info(hca->dev, "waiting processes are woken by %s\n",
		 hca->interrupts ? "interrupt" : "timer");
}

/**
 * hca_irq_stop() - end interrupts of a device
 * @hca: device, also one that got no interrupt
 *
 * When it returns, no handler runs or will run, and no pending interrupt
 * touches the window.
 *
 * Context: process, sleeps.
 */
void hca_irq_stop(struct hca_device *hca)
{
	scoped_guard(spinlock_irqsave, &hca->irq_lock) {
		if (hca->interrupts)
			hca_chip_interrupts_locked(hca, false);
		hca->interrupts = false;
	}
	if (hca->irq)
		free_irq(hca->irq, hca);
	hca->irq = 0;
	cancel_work_sync(&hca->link_work);
}

/**
 * hca_irq_arm() - let the next packet of a context interrupt
 * @hca: device that is not gone
 * @context: number of the context
 *
 * A process that finds nothing in its header queue after this call may sleep.
 *
 * Context: any.
 * Return: false when the device has no interrupt, so that only the timer looks.
 */
bool hca_irq_arm(struct hca_device *hca, u32 context)
{
	guard(spinlock_irqsave)(&hca->irq_lock);
	if (hca->interrupts)
		hca_chip_arm_locked(hca, context);
	return hca->interrupts;
}

/**
 * hca_irq_listen() - choose the file whose pollers a context wakes
 * @hca: device
 * @context: number of the context
 * @f: its file, or NULL for none
 *
 * When it returns, the interrupt handler doesn't use the file before @f any more.
 *
 * Context: any.
 */
void hca_irq_listen(struct hca_device *hca, u32 context, struct hca_file *f)
{
	guard(spinlock_irqsave)(&hca->irq_lock);
	hca->listener[context] = f;
}
