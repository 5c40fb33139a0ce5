// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/dmamap/figures: what the layer costs, in instructions, beside
 * the kernel's own coherent memory. Reading it measures, some seconds long.
 *
 * Means something only where the clock counts instructions: under QEMU's
 * -icount shift=0, in all CPUs together. "clock.exact" says whether it does.
 */
#define pr_fmt(fmt) "dmamap: figures: " fmt

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timex.h>

#include "dma/abi/machine.h"
#include "kunit/suites/figures.h"
#include "kunit/suites/plant.h"
#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/steps.h"

#define MOST_PAGES	2048
#define STEPS_OF	512	/* pages, for the steps one by one */
#define TIMES		5	/* the least counts: one without a timer interrupt */
#define ASKED		32	/* dirty pages until the worker is asked (dma/abi/layer.cc) */
#define SECTIONS	32	/* so that all pages of the pool are lent twice */

struct job {
	struct device *dev;
	size_t bytes;
	struct dmamap_region *region;
	int err;
	void (*call)(void *data);	/* for call() */
	void *data;
};

static DEFINE_MUTEX(lock);
static struct platform_device *device;
/* A device that is bound: what only such devices pay is measured, too. */
static struct platform_driver driver = { .driver.name = "dmamap-figures" };
static struct kmem_cache *objects;	/* as store.c has one */
static u32 per_tick;	/* instructions of one tick of get_cycles() */

#define NOPS	64
#define ROUNDS	16384

static noinline unsigned long ticks_of_nops(bool twice)
{
	unsigned long flags, start, i;

	local_irq_save(flags);
	start = get_cycles();
	if (twice)
		for (i = 0; i < ROUNDS; i++)
			asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i" (2 * NOPS));
	else
		for (i = 0; i < ROUNDS; i++)
			asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i" (NOPS));
	start = get_cycles() - start;
	local_irq_restore(flags);
	return start;
}

/* The least: now and then another CPU runs meanwhile, and counts, too. */
static unsigned long least_ticks_of_nops(bool twice)
{
	unsigned long least = ULONG_MAX;
	u32 i;

	for (i = 0; i < TIMES; i++)
		least = min(least, ticks_of_nops(twice));
	return least;
}

/* A known number of instructions more, and the ticks that it takes. */
static bool calibrate(void)
{
	const unsigned long ticks = least_ticks_of_nops(true) - least_ticks_of_nops(false);
	const unsigned long known = NOPS * ROUNDS;

	per_tick = ticks ? DIV_ROUND_CLOSEST(known, ticks) : 0;
	return per_tick && abs_diff(ticks * per_tick, known) <= 4 * per_tick;
}

/*
 * So that as many timer interrupts as ever fall into what is measured. Without
 * cpu_relax(): QEMU may look for another CPU each time, which takes minutes.
 */
static void wait_for_tick(void)
{
	const unsigned long now = jiffies;

	while (READ_ONCE(jiffies) == now)
		;
}

/* Has all pages that are not lent zeroed again. */
static void clean_pool(void)
{
	dmamap_machine_tend_later();
	dmamap_pool_settle();
}

static u64 ticks_of(void (*once)(struct job *job), struct job *job, u32 loops)
{
	unsigned long best = ULONG_MAX;
	u32 time, i;

	for (time = 0; time < TIMES; time++) {
		unsigned long start;

		clean_pool();
		wait_for_tick();
		start = get_cycles();
		for (i = 0; i < loops; i++)
			once(job);
		best = min(best, (unsigned long)get_cycles() - start);
	}
	return best;
}

static void nothing(struct job *job)
{
}

static u64 instructions(void (*once)(struct job *job), struct job *job, u32 loops)
{
	const u64 ticks = ticks_of(once, job, loops) - ticks_of(nothing, job, loops);

	return DIV_ROUND_CLOSEST_ULL(ticks * per_tick, loops);
}

static void call(struct job *job)
{
	job->call(job->data);
}

u64 figures_instructions(void (*once)(void *data), void *data, u32 loops)
{
	struct job job = { .call = once, .data = data };

	return instructions(call, &job, loops);
}

static void layer(struct job *job)
{
	struct dmamap_region *region = dmamap_alloc(job->dev, job->bytes, GFP_KERNEL,
						    DMAMAP_NO_SNOOP);

	if (IS_ERR(region))
		job->err = PTR_ERR(region);
	dmamap_put(region);
}

static void layer_cold(struct job *job)
{
	layer(job);
	dmamap_pool_drain();
}

static void stock(struct job *job)
{
	dma_addr_t bus;
	void *cpu = dma_alloc_coherent(job->dev, job->bytes, &bus, GFP_KERNEL | __GFP_NOWARN);

	if (!cpu) {
		job->err = -ENOMEM;
		return;
	}
	dma_free_coherent(job->dev, job->bytes, cpu, bus);
}

/* The steps of a warm allocation and release. */
static void part_object(struct job *job)
{
	kmem_cache_free(objects, kmem_cache_alloc(objects, GFP_KERNEL));
}

static void part_device(struct job *job)
{
	put_device(get_device(job->dev));
}

static void part_lock(struct job *job)
{
	dmamap_machine_unlock(dmamap_machine_lock());
}

static void part_lend(struct job *job)
{
	dmamap_machine_lend(job->region->core.pfn, 1, job->region);
}

static void part_zero(struct job *job)
{
	dmamap_machine_zero(job->region->core.cpu, 1);
}

static void part_note(struct job *job)
{
	dmamap_note(DMAMAP_STEP_ZERO, 0, 0, 0);
}

static void part_core(struct job *job)
{
	const struct dmamap_core_request request = {
		.bytes = job->bytes,
		.last_byte = U32_MAX,
		.device = job->dev,
		.node = ~0u,
		.may_sleep = true,
		.may_move = true,
	};
	struct dmamap_core_region core;

	if (dmamap_core_alloc(&request, job->region, &core) == DMAMAP_OK)
		dmamap_core_release(&core);
}

/* The steps of a flip, each with its way back, on frames that are coherent. */
static void step_take(struct job *job)
{
	u64 pfn;
	const bool cma = dmamap_core_board_strategy() == DMAMAP_STRATEGY_HIGHMEM;
	const u64 pages = job->region->core.pages;
	const u32 how = DMAMAP_TAKE_SLEEP | DMAMAP_TAKE_MOVE;

	if (cma && dmamap_machine_take_cma(pages, NULL, how, &pfn) == DMAMAP_OK)
		dmamap_machine_give_cma(pfn, pages);
	if (!cma && dmamap_machine_take_pages(pages, U32_MAX, ~0u, how, &pfn) == DMAMAP_OK)
		dmamap_machine_give_pages(pfn, pages);
}

static void step_drop_lazy(struct job *job)
{
	dmamap_machine_drop_lazy_aliases();
}

static void step_purge(struct job *job)
{
	dmamap_machine_purge_linear(job->region->core.pfn, job->region->core.pages);
}

static void step_map(struct job *job)
{
	u64 addr;

	if (dmamap_machine_map(job->region->core.pfn, job->region->core.pages,
			       DMAMAP_ATTR_COHERENT, &addr) == DMAMAP_OK)
		dmamap_machine_unmap(addr);
}

static void step_flush(struct job *job)
{
	dmamap_machine_flush(job->region->core.pfn, job->region->core.pages,
			     job->region->core.cpu);
}

static void step_zero(struct job *job)
{
	dmamap_machine_zero(job->region->core.cpu, job->region->core.pages);
}

/* Frames far above all memory: no other code enters them. */
static void step_publish(struct job *job)
{
	const u64 pfn = 0xfff0000;

	if (dmamap_machine_publish(pfn, job->region->core.pages, job->region) == DMAMAP_OK)
		dmamap_machine_withdraw(pfn, job->region->core.pages);
}

struct part {
	const char *name;
	void (*once)(struct job *job);
};

static const struct part steps[] = {
	{ "take", step_take },
	{ "drop_lazy", step_drop_lazy },
	{ "purge", step_purge },
	{ "map", step_map },
	{ "flush", step_flush },
	{ "zero", step_zero },
	{ "publish", step_publish },
};

static const struct part parts[] = {
	{ "object", part_object },
	{ "device", part_device },
	{ "lock", part_lock },
	{ "lend", part_lend },
	{ "zero", part_zero },
	{ "note", part_note },
	{ "core", part_core },
};

static void show_parts(struct seq_file *out, struct job *job, const char *of, u32 pages,
		       const struct part *parts, size_t count)
{
	const u32 loops = max(2, ASKED / pages);
	size_t i;

	job->bytes = pages * PAGE_SIZE;
	job->region = dmamap_alloc(job->dev, job->bytes, GFP_KERNEL, DMAMAP_NO_SNOOP);
	if (IS_ERR(job->region)) {
		job->err = PTR_ERR(job->region);
		return;
	}
	for (i = 0; i < count; i++)
		seq_printf(out, "%s.%s %llu\n", of, parts[i].name,
			   instructions(parts[i].once, job, loops));
	dmamap_put(job->region);
}

/* Ticks of allocations and releases, and with what the worker did for them. */
struct warm {
	u64 path;
	u64 all;
};

static struct warm ticks_of_sections(void (*once)(struct job *job), struct job *job, u32 loops)
{
	struct warm ticks = { };
	unsigned long begin, start;
	u32 section, i;

	clean_pool();
	wait_for_tick();
	begin = get_cycles();
	for (section = 0; section < SECTIONS; section++) {
		start = get_cycles();
		for (i = 0; i < loops; i++)
			once(job);
		ticks.path += (unsigned long)get_cycles() - start;
		dmamap_pool_settle();
	}
	ticks.all = (unsigned long)get_cycles() - begin;
	return ticks;
}

static struct warm least_of_sections(void (*once)(struct job *job), struct job *job, u32 loops)
{
	struct warm best = { U64_MAX, U64_MAX };
	u32 time;

	for (time = 0; time < TIMES; time++) {
		const struct warm ticks = ticks_of_sections(once, job, loops);

		best.path = min(best.path, ticks.path);
		best.all = min(best.all, ticks.all);
	}
	return best;
}

static void show_warm(struct seq_file *out, struct job *job)
{
	u32 pages;

	for (pages = 1; pages <= 16; pages *= 4) {
		const u32 loops = ASKED / pages;
		struct warm warm, idle;

		job->bytes = pages * PAGE_SIZE;
		layer(job);	/* what it takes is in the pool then */
		warm = least_of_sections(layer, job, loops);
		idle = least_of_sections(nothing, job, loops);
		seq_printf(out, "warm.%u.layer %llu\n", pages,
			   DIV_ROUND_CLOSEST_ULL((warm.path - idle.path) * per_tick,
						 loops * SECTIONS));
		seq_printf(out, "warm.%u.with_worker %llu\n", pages,
			   DIV_ROUND_CLOSEST_ULL((warm.all - idle.path) * per_tick,
						 loops * SECTIONS));
		seq_printf(out, "warm.%u.stock %llu\n", pages, instructions(stock, job, 64));
	}
}

static void show_flip(struct seq_file *out, struct job *job, u32 pages)
{
	struct dmamap_step_count before[DMAMAP_STEPS], after[DMAMAP_STEPS];
	const u32 loops = 2;

	dmamap_pool_drain();
	dmamap_step_counts(before);
	layer_cold(job);
	dmamap_step_counts(after);
	seq_printf(out, "cold.%u.frames %llu\n", pages,
		   after[DMAMAP_STEP_HOLD].pages - before[DMAMAP_STEP_HOLD].pages);
	seq_printf(out, "cold.%u.flips %llu\n", pages,
		   after[DMAMAP_STEP_HOLD].calls - before[DMAMAP_STEP_HOLD].calls);
	seq_printf(out, "cold.%u.purges %llu\n", pages,
		   after[DMAMAP_STEP_PURGE].calls - before[DMAMAP_STEP_PURGE].calls);
	seq_printf(out, "cold.%u.layer %llu\n", pages, instructions(layer_cold, job, loops));
	if (pages <= dmamap_stock_pages())
		seq_printf(out, "cold.%u.stock %llu\n", pages, instructions(stock, job, loops));
}

static void measure(struct seq_file *out, struct job *job)
{
	u32 pages;

	seq_printf(out, "clock.instructions_per_tick %u\n", per_tick);
	show_warm(out, job);
	show_parts(out, job, "part", 1, parts, ARRAY_SIZE(parts));
	show_parts(out, job, "step", STEPS_OF, steps, ARRAY_SIZE(steps));
	for (pages = 1; pages <= MOST_PAGES && !job->err; pages *= 2) {
		job->bytes = pages * PAGE_SIZE;
		show_flip(out, job, pages);
	}
	if (!job->err)
		job->err = figures_show_maps(out, job->dev);
	seq_printf(out, "error %d\n", job->err);
}

static int figures_show(struct seq_file *out, void *unused)
{
	struct job job = { .dev = &device->dev };
	bool exact;

	mutex_lock(&lock);
	exact = calibrate();
	seq_printf(out, "clock.exact %d\n", exact);
	if (exact)
		measure(out, &job);
	mutex_unlock(&lock);
	return 0;
}

/* Room for all of it: what does not fit would be measured a second time. */
static int figures_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, figures_show, NULL, SZ_8K);
}

static const struct file_operations figures_fops = {
	.open = figures_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init figures_init(void)
{
	struct dentry *dir = debugfs_lookup("dmamap", NULL);

	objects = kmem_cache_create("dmamap_figures", sizeof(struct dmamap_region), 0,
				    SLAB_TYPESAFE_BY_RCU | SLAB_PANIC, NULL);

	device = platform_device_register_simple("dmamap-figures", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		pr_err("no device: %ld\n", PTR_ERR(device));
	else if (platform_driver_register(&driver))
		pr_err("no driver\n");
	else
		debugfs_create_file("figures", 0400, dir, NULL, &figures_fops);
	dput(dir);
	return 0;
}
late_initcall(figures_init);
