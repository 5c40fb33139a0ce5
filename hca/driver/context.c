// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: the life of a context.
 *
 * A context is a number in the chip and the coherent memory that the chip works
 * on for one process. The question in each of its steps is whether the chip may
 * write to that memory:
 *
 *   open     number taken, memory allocated, addresses written to the chip. The
 *            chip does nothing with them yet, so all of this can be undone.
 *   active   hca_device.active has it, so it hears of death and reset; then the
 *            chip is told to enable it. From that write on, the chip may write
 *            to the memory.
 *   stopped  hca_context_stop_locked(). The chip was told to disable it, and
 *            either confirmed (quiet) or not.
 *   ended    Quiet: memory and number are given back.
 *   leaked   Not quiet: neither may get another owner. The context waits in
 *            hca_device.leaked until the chip confirms after all, or is reset:
 *            hca_contexts_reap(). When the driver goes first, the layer keeps
 *            the memory (dmamap_abandon()) until a driver has reset the chip.
 *
 * A chip that never answered the enable (not decided) may act on it at any later
 * time, so nothing short of a reset proves it quiet.
 *
 * Closing never fails: what can't be given back is leaked. The lock of the file
 * serializes the steps of its context; a leaked one has no file, and belongs to
 * hca_device.lock.
 */
#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hca.h"

/**
 * hca_source_region() - region of a source
 * @hca: device
 * @context: context that asks
 * @source: enum hca_source
 *
 * Context: any.
 * Return: the region; the reference stays with @context or @hca.
 */
struct dmamap_region *hca_source_region(struct hca_device *hca,
					struct hca_context *context, u32 source)
{
	if (source < HCA_COHERENT_SOURCES)
		return context->coherent[source];
	return source == HCA_SOURCE_USERS ? hca->users : hca->pio;
}

/* All segments of a kind must have the same behind them. */
static int hca_resolve(struct hca_device *hca, struct hca_context *context,
		       u32 kind)
{
	struct hca_plan plan;
	u32 i;
	int err;

	err = hca_plan_of(context->number, kind, &plan);
	if (err)
		return err;

	for (i = 0; i < plan.count; i++) {
		const struct hca_plan_segment *segment = &plan.segment[i];
		struct dmamap_region *region;
		struct dmamap_pfn answer;

		region = hca_source_region(hca, context, segment->source);
		err = dma_map_to_pfn(hca->dev,
				     dmamap_cpu_addr(region) + segment->offset,
				     dmamap_dma_addr(region) + segment->offset,
				     &answer);
		if (err)
			return err;
		if (i && answer.behind != context->behind[kind])
			return -EIO;
		context->behind[kind] = answer.behind;
	}
	return 0;
}

static int hca_number_take(struct hca_device *hca, u32 wanted)
{
	int number;

	guard(mutex)(&hca->lock);
	number = hca_state_errno(hca->state);
	if (!number)
		number = hca_contexts_take(&hca->contexts, wanted);
	return number == HCA_REFUSE_BUSY ? -EADDRINUSE : number;
}

static void hca_number_give(struct hca_device *hca, u32 number)
{
	guard(mutex)(&hca->lock);
	hca_contexts_give(&hca->contexts, number);
}

/* A name for debugfs of the layer, with the number of the context: "rcvhdrq.2". */
static void hca_name_region(struct hca_context *context, int source)
{
	char name[DMAMAP_NAME_BYTES];

	switch (source) {
	case HCA_SOURCE_HEADERS:
		snprintf(name, sizeof(name), "rcvhdrq.%u", context->number);
		break;
	case HCA_SOURCE_AVAIL:
		snprintf(name, sizeof(name), "pioavail.%u", context->number);
		break;
	default:
		snprintf(name, sizeof(name), "eager.%u.%u", context->number,
			 source - HCA_SOURCE_EAGER);
	}
	dmamap_set_name(context->coherent[source], name);
}

static void hca_put_regions(struct hca_context *context)
{
	int source;

	for (source = HCA_COHERENT_SOURCES - 1; source >= 0; source--)
		dmamap_put(context->coherent[source]);
}

/* From here on the context is told when the chip dies or is reset. */
static int hca_activate(struct hca_device *hca, struct hca_context *context)
{
	int err;

	guard(mutex)(&hca->lock);
	err = hca_state_errno(hca->state);
	if (!err)
		hca->active[context->number] = context;
	return err;
}

static void hca_deactivate(struct hca_device *hca, struct hca_context *context)
{
	guard(mutex)(&hca->lock);
	hca->active[context->number] = NULL;
}

/*
 * The chip may still write to the memory of this context, so neither its
 * frames nor its number may get another owner.
 */
static void hca_leak(struct hca_device *hca, struct hca_context *context)
{
	dev_warn_once(hca->dev,
		      "chip didn't let go of context %u: its memory is kept\n",
		      context->number);
	guard(mutex)(&hca->lock);
	list_add_tail(&context->leaked, &hca->leaked);
	hca->leaked_contexts++;
}

static int hca_alloc_regions(struct hca_device *hca,
			     struct hca_context *context)
{
	struct dmamap_region *region;
	int source;

	for (source = 0; source < HCA_COHERENT_SOURCES; source++) {
		region = dmamap_alloc(hca->dev, hca_source_bytes(source),
				      GFP_KERNEL,
				      DMAMAP_NO_SNOOP | DMAMAP_ACCOUNT);
		if (IS_ERR(region))
			return PTR_ERR(region);
		context->coherent[source] = region;
		hca_name_region(context, source);
	}
	return 0;
}

/**
 * hca_context_open_locked() - allocate a context and switch it on
 * @hca: device that is not gone
 * @wanted: number of the context, or HCA_ANY_CONTEXT
 * @partition: key of its packets
 *
 * Context: process, sleeps up to 4 s. Caller holds hca_file.lock and
 *	hca_device.chip.
 * Return: the context, or ERR_PTR(): -ENOSPC, -EADDRINUSE, -EIO, -ENODEV,
 *	-ENOMEM and what dmamap_alloc() says.
 */
struct hca_context *hca_context_open_locked(struct hca_device *hca, u32 wanted,
					    u32 partition)
	__must_hold(&hca->chip)
{
	struct hca_context *context;
	int kind, err;

	lockdep_assert_held(&hca->chip);
	context = kzalloc(sizeof(*context), GFP_KERNEL);
	if (!context)
		return ERR_PTR(-ENOMEM);
	context->partition = partition;
	context->pid = task_tgid_nr(current);
	get_task_comm(context->comm, current);

	err = hca_number_take(hca, wanted);
	if (err < 0)
		goto err_free;
	context->number = err;

	err = hca_alloc_regions(hca, context);
	if (err)
		goto err_regions;
	for (kind = 0; kind < HCA_KINDS; kind++) {
		err = hca_resolve(hca, context, kind);
		if (err)
			goto err_regions;
	}

	hca_chip_program(hca, context);
	err = hca_activate(hca, context);
	if (err)
		goto err_regions;

	err = hca_chip_enable(hca, context);
	if (err) {
		hca_context_close_locked(hca, context);
		return ERR_PTR(err);
	}
	return context;

err_regions:
	hca_put_regions(context);
	hca_number_give(hca, context->number);
err_free:
	kfree(context);
	return ERR_PTR(err);
}

/**
 * hca_context_stop_locked() - switch a context off
 * @hca: device that is not gone
 * @context: context; stopped already is fine
 *
 * Context: process, sleeps up to 2 s. Caller holds hca_file.lock.
 * Return: true when the chip confirms that no DMA comes any more.
 */
bool hca_context_stop_locked(struct hca_device *hca,
			     struct hca_context *context)
{
	if (!context->stopped) {
		hca_deactivate(hca, context);
		context->quiet = hca_chip_disable(hca, context);
		context->stopped = true;
	}
	return context->quiet;
}

/**
 * hca_context_close_locked() - switch a context off and give its memory back
 * @hca: device that is not gone
 * @context: context; invalid afterwards
 *
 * When the chip doesn't confirm that it stopped, the memory is kept.
 *
 * Context: process, sleeps up to 2 s. Caller holds hca_file.lock and
 *	hca_device.chip.
 */
void hca_context_close_locked(struct hca_device *hca,
			      struct hca_context *context)
	__must_hold(&hca->chip)
{
	lockdep_assert_held(&hca->chip);
	if (!hca_context_stop_locked(hca, context)) {
		hca_leak(hca, context);
		return;
	}
	hca_put_regions(context);
	hca_number_give(hca, context->number);
	kfree(context);
}

/**
 * hca_contexts_reap() - give back leaked contexts that the chip let go of late
 * @hca: device that is not gone
 *
 * Context: process, sleeps.
 */
void hca_contexts_reap(struct hca_device *hca)
{
	struct hca_context *context, *next;
	LIST_HEAD(quiet);

	scoped_guard(mutex, &hca->lock) {
		list_for_each_entry_safe(context, next, &hca->leaked, leaked) {
			if (!hca_chip_quiet(hca, context))
				continue;
			list_move(&context->leaked, &quiet);
			hca->leaked_contexts--;
		}
	}
	list_for_each_entry_safe(context, next, &quiet, leaked) {
		hca_put_regions(context);
		hca_number_give(hca, context->number);
		kfree(context);
	}
}

/**
 * hca_contexts_stopped_locked() - after a reset, all leaked contexts are quiet
 * @hca: device that is not gone
 *
 * Context: process. Caller holds hca_device.chip for writing.
 */
void hca_contexts_stopped_locked(struct hca_device *hca)
	__must_hold(&hca->chip)
{
	struct hca_context *context;

	lockdep_assert_held_write(&hca->chip);
	scoped_guard(mutex, &hca->lock) {
		list_for_each_entry(context, &hca->leaked, leaked)
			context->decided = true;
	}
	hca_contexts_reap(hca);
}

/**
 * hca_contexts_abandon() - give up memory that the chip may still write to
 * @hca: device that goes away
 *
 * The layer keeps it until hca_bind() has reset the chip, this time or later.
 *
 * Context: process, sleeps.
 */
void hca_contexts_abandon(struct hca_device *hca)
{
	struct hca_context *context, *next;
	int source;

	guard(mutex)(&hca->lock);
	list_for_each_entry_safe(context, next, &hca->leaked, leaked) {
		for (source = 0; source < HCA_COHERENT_SOURCES; source++)
			dmamap_abandon(context->coherent[source]);
		list_del(&context->leaked);
		kfree(context);
	}
	hca->leaked_contexts = 0;
}

/**
 * hca_context_status_locked() - tell a process that looks how its chip is
 * @hca: device
 * @context: active context
 * @status: enum hca_status
 *
 * The word is in memory that the process has mapped: no system call is needed
 * to see it.
 *
 * Context: process. Caller holds hca_device.lock.
 */
void hca_context_status_locked(struct hca_device *hca,
			       struct hca_context *context, u32 status)
	__must_hold(&hca->lock)
{
	__le32 *word = dmamap_cpu_addr(context->coherent[HCA_SOURCE_AVAIL]) +
		       HCA_AVAIL_STATUS;

	lockdep_assert_held(&hca->lock);
	WRITE_ONCE(*word, cpu_to_le32(status));
}
