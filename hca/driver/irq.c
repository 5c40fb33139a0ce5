// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: the chip's interrupt, which wakes who sleeps in poll().
 *
 * A chip without an interrupt line, or a board that gives it no vector, is served
 * by a timer instead: see file.c.
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/poll.h>
#include <linux/sysfs.h>

#include "hca.h"

/* Whoever is woken asks again before it sleeps again, which arms: see file.c. */
static void hca_irq_wake_locked(struct hca_device *hca, u32 context)
	__must_hold(&hca->irq_lock)
{
	struct hca_file *f = hca->listener[context];

	lockdep_assert_held(&hca->irq_lock);
	if (f)
		wake_up_poll(&f->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * hca_irq_serve() - take what the chip has to tell, if it has something
 * @hca: device that is not gone
 *
 * Context: any.
 * Return: true when there was something.
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

	/* From here on the chip may tell more. */
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
 * Never fails: without an interrupt there is the timer.
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
 * hca_irq_stop() - the last interrupt of a device
 * @hca: device; whose interrupt was never started is fine
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
 * Whoever looks at the header queue afterwards and finds nothing may sleep.
 *
 * Context: any.
 * Return: false when there is no interrupt and only the timer will tell.
 */
bool hca_irq_arm(struct hca_device *hca, u32 context)
{
	guard(spinlock_irqsave)(&hca->irq_lock);
	if (hca->interrupts)
		hca_chip_arm_locked(hca, context);
	return hca->interrupts;
}

/**
 * hca_irq_listen() - who is woken for a context
 * @hca: device
 * @context: number of the context
 * @f: its file, or NULL for nobody
 *
 * When it returns, nobody touches the one who listened before.
 *
 * Context: any.
 */
void hca_irq_listen(struct hca_device *hca, u32 context, struct hca_file *f)
{
	guard(spinlock_irqsave)(&hca->irq_lock);
	hca->listener[context] = f;
}
