// SPDX-License-Identifier: GPL-2.0
/* Counts and traces every primitive of the machine, and records their order for tests. */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>

#include "dma/glue/watch/steps.h"
#include "dma/glue/watch/trace.h"

/* For each CPU: what is done most, lending and recalling, costs little else. */
struct totals {
	struct u64_stats_sync sync;
	u64_stats_t calls[DMAMAP_STEPS];
	u64_stats_t pages[DMAMAP_STEPS];
};

static DEFINE_PER_CPU(struct totals, dmamap_step_totals);

static struct {
	atomic64_t calls;
	atomic64_t pages;
} dmamap_flush_totals[DMAMAP_FLUSH_WAYS];

/* The recorder belongs to one task; the lock is for tests that stop early. */
static DEFINE_SPINLOCK(dmamap_recorder_lock);
static struct dmamap_recorder *dmamap_recorder;
static struct task_struct *dmamap_recorded_task;

static void dmamap_count_step(u32 id, u64 pages)
{
	struct totals *mine = get_cpu_ptr(&dmamap_step_totals);
	unsigned long flags = u64_stats_update_begin_irqsave(&mine->sync);

	u64_stats_inc(&mine->calls[id]);
	u64_stats_add(&mine->pages[id], pages);
	u64_stats_update_end_irqrestore(&mine->sync, flags);
	put_cpu_ptr(&dmamap_step_totals);
}

static void dmamap_record_step(const struct dmamap_step *step)
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_recorder_lock, flags);
	if (dmamap_recorder) {
		if (dmamap_recorder->used < dmamap_recorder->room)
			dmamap_recorder->steps[dmamap_recorder->used] = *step;
		dmamap_recorder->used++;
	}
	spin_unlock_irqrestore(&dmamap_recorder_lock, flags);
}

static void dmamap_trace_step(const struct dmamap_step *step)
{
	switch (step->id) {
	case DMAMAP_STEP_PURGE:
		trace_dmamap_purge(step);
		break;
	case DMAMAP_STEP_FLUSH:
		trace_dmamap_flush(step);
		break;
	case DMAMAP_STEP_CLAIM:
		trace_dmamap_step(step);
		dmamap_flip_begins(true, step->pfn);
		break;
	case DMAMAP_STEP_GIVE:
		trace_dmamap_step(step);
		dmamap_flip_ended(false, step->pfn, step->pages);
		break;
	default:
		trace_dmamap_step(step);
	}
}

void dmamap_note(u32 id, u64 pfn, u64 pages, u32 value)
{
	const struct dmamap_step step = {
		.id = id,
		.pfn = pfn,
		.pages = pages,
		.value = value,
	};

	if (WARN_ON_ONCE(id >= DMAMAP_STEPS))
		return;
	dmamap_count_step(id, pages);
	if (READ_ONCE(dmamap_recorded_task) == current)
		dmamap_record_step(&step);
	dmamap_trace_step(&step);
}

static void dmamap_add_counts(struct dmamap_step_count counts[DMAMAP_STEPS], struct totals *of)
{
	u32 id;

	for (id = 0; id < DMAMAP_STEPS; id++) {
		u64 calls, pages;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&of->sync);
			calls = u64_stats_read(&of->calls[id]);
			pages = u64_stats_read(&of->pages[id]);
		} while (u64_stats_fetch_retry(&of->sync, start));
		counts[id].calls += calls;
		counts[id].pages += pages;
	}
}

void dmamap_step_counts(struct dmamap_step_count counts[DMAMAP_STEPS])
{
	int cpu;

	memset(counts, 0, DMAMAP_STEPS * sizeof(*counts));
	for_each_possible_cpu(cpu)
		dmamap_add_counts(counts, per_cpu_ptr(&dmamap_step_totals, cpu));
}

void dmamap_count_flush(u32 way, u64 pages)
{
	if (WARN_ON_ONCE(way >= DMAMAP_FLUSH_WAYS))
		return;
	atomic64_inc(&dmamap_flush_totals[way].calls);
	atomic64_add(pages, &dmamap_flush_totals[way].pages);
}

void dmamap_flush_counts(struct dmamap_step_count counts[DMAMAP_FLUSH_WAYS])
{
	u32 way;

	for (way = 0; way < DMAMAP_FLUSH_WAYS; way++) {
		counts[way].calls = atomic64_read(&dmamap_flush_totals[way].calls);
		counts[way].pages = atomic64_read(&dmamap_flush_totals[way].pages);
	}
}

const char *dmamap_step_name(u32 id)
{
	static const char *const names[] = {
		[DMAMAP_STEP_TAKE] = "take",           [DMAMAP_STEP_CLAIM] = "claim",
		[DMAMAP_STEP_DROP_LAZY] = "drop_lazy", [DMAMAP_STEP_SET_LINEAR] = "set_linear",
		[DMAMAP_STEP_PURGE] = "purge",         [DMAMAP_STEP_MAP] = "map",
		[DMAMAP_STEP_FLUSH] = "flush",         [DMAMAP_STEP_BARRIER] = "barrier",
		[DMAMAP_STEP_ZERO] = "zero",           [DMAMAP_STEP_PUBLISH] = "publish",
		[DMAMAP_STEP_HOLD] = "hold",           [DMAMAP_STEP_LEND] = "lend",
		[DMAMAP_STEP_RECALL] = "recall",       [DMAMAP_STEP_WITHDRAW] = "withdraw",
		[DMAMAP_STEP_UNMAP] = "unmap",         [DMAMAP_STEP_RELEASE] = "release",
		[DMAMAP_STEP_GIVE] = "give",           [DMAMAP_STEP_QUARANTINE] = "quarantine",
	};

	return id < ARRAY_SIZE(names) ? names[id] : "unknown";
}

int dmamap_record_start(struct dmamap_recorder *new)
{
	unsigned long flags;
	int err = -EBUSY;

	spin_lock_irqsave(&dmamap_recorder_lock, flags);
	if (!dmamap_recorder) {
		new->used = 0;
		dmamap_recorder = new;
		WRITE_ONCE(dmamap_recorded_task, current);
		err = 0;
	}
	spin_unlock_irqrestore(&dmamap_recorder_lock, flags);
	return err;
}

void dmamap_record_stop(void)
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_recorder_lock, flags);
	WRITE_ONCE(dmamap_recorded_task, NULL);
	dmamap_recorder = NULL;
	spin_unlock_irqrestore(&dmamap_recorder_lock, flags);
}

#ifdef CONFIG_DMAMAP_KUNIT
static struct {
	struct task_struct *task;
	u32 in;
	u32 again_in;
	u32 failures;
} dmamap_injection;

u32 dmamap_fail_nth(u32 nth, u32 again)
{
	const u32 failures = dmamap_injection.failures;

	dmamap_injection.in = nth;
	dmamap_injection.again_in = again;
	dmamap_injection.failures = 0;
	WRITE_ONCE(dmamap_injection.task, nth ? current : NULL);
	return failures;
}

u32 dmamap_fault(void)
{
	/* Interrupts have the task that they came in. */
	if (READ_ONCE(dmamap_injection.task) != current || in_interrupt() || !dmamap_injection.in ||
	    --dmamap_injection.in)
		return DMAMAP_OK;
	dmamap_injection.in = dmamap_injection.again_in;
	dmamap_injection.again_in = 0;
	dmamap_injection.failures++;
	return DMAMAP_NOMEM;
}
#endif
