// SPDX-License-Identifier: GPL-2.0
/*
 * Counts and traces every primitive of the machine, and records their order for tests. The
 * C++ side calls dmamap_note() before each primitive, in any context.
 *
 * Tests have two hooks: a recorder, which writes down the steps of one task, and a failure
 * that is injected into the n-th primitive of one task. Either is used by one test at a
 * time.
 */
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

/*
 * One for each CPU: lending and recalling are done most and cost little, so counters that
 * CPUs share would be a large part of them.
 */
struct totals {
	struct u64_stats_sync sync;
	u64_stats_t calls[DMAMAP_STEPS];
	u64_stats_t pages[DMAMAP_STEPS];
};

static DEFINE_PER_CPU(struct totals, dmamap_step_totals);

/* Shared by all CPUs: beside a flush, an atomic addition costs little. */
static struct {
	atomic64_t calls;
	atomic64_t pages;
} dmamap_flush_totals[DMAMAP_FLUSH_WAYS];

/*
 * The recorder and the task that it records. Only that task records steps; the lock is for
 * a test that ends early, whose recording another task may stop.
 */
static DEFINE_SPINLOCK(dmamap_recorder_lock);
static struct dmamap_recorder *dmamap_recorder;
static struct task_struct *dmamap_recorded_task;

/* Interrupts count steps as well, hence the variant of u64_stats that allows for them. */
static void dmamap_count_step(u32 id, u64 pages)
{
	struct totals *mine = get_cpu_ptr(&dmamap_step_totals);
	unsigned long flags = u64_stats_update_begin_irqsave(&mine->sync);

	u64_stats_inc(&mine->calls[id]);
	u64_stats_add(&mine->pages[id], pages);
	u64_stats_update_end_irqrestore(&mine->sync, flags);
	put_cpu_ptr(&dmamap_step_totals);
}

/* The recording may have been stopped since the task was compared, so look again. */
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

/* Purge and flush have tracepoints of their own; claim and give are the ends of flips. */
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

/* Adds the totals of one CPU. u64_stats keeps reads from tearing on 32-bit machines. */
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
/*
 * A failure to be injected: the primitive at which @in reaches 0 fails, and after it the one
 * at which @again_in does. Only @task counts down, and one test at a time sets it.
 */
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

u32 dmamap_injected_failure(void)
{
	/* In an interrupt, current is the interrupted task: do not count there. */
	if (READ_ONCE(dmamap_injection.task) != current || in_interrupt() || !dmamap_injection.in ||
	    --dmamap_injection.in)
		return DMAMAP_OK;
	dmamap_injection.in = dmamap_injection.again_in;
	dmamap_injection.again_in = 0;
	dmamap_injection.failures++;
	return DMAMAP_NOMEM;
}
#endif
