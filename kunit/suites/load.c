// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/dmamap/load: allocates and frees regions of sizes drawn at
 * random, several at a time, and looks at what is in them. A test program does
 * that while the page cache has most of the memory.
 *
 * Written is a plan (load.h), the write ends when it is done; then the file says
 * what happened. Every run, also one of flips=0, ends with nothing in the pool
 * and nothing in the kernel's lists of pages that wait to be freed, so that
 * memory can be compared with what it was.
 */
#define pr_fmt(fmt) "dmamap: load: " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <trace/events/migrate.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/steps.h"
#include "kunit/suites/load.h"

/* The counts of a run. */
struct result {
	u64 flips;		/* runs of frames made coherent */
	u64 flipped;		/* frames */
	u64 returned;
	u64 allocations;
	u64 bytes;		/* of them */
	u64 refused_nomem;
	u64 refused_io;
	u64 refused_busy;
	u64 refused_other;
	u64 drains;		/* of the pool, which would hide flips */
	u64 not_zero;		/* regions that were not when they came */
	u64 not_kept;		/* regions whose contents were not ours when they went */
	u64 slowest_us;		/* of one allocation */
	u64 us;
};

struct slot {
	struct dmamap_region *region;
	u32 serial;
};

struct run {
	struct dmamap_load_plan plan;
	struct rnd_state random;
	struct result result;
	struct slot slots[DMAMAP_LOAD_LIVE];
};

static DEFINE_MUTEX(lock);
static struct platform_device *device;
static struct run run;
static char error[96];
static atomic64_t migrated;

/* The kernel counts moved pages for vmstat only, which is not on every board. */
static void count_migrated(void *unused, unsigned long succeeded, unsigned long failed,
			   unsigned long thp_succeeded, unsigned long thp_failed,
			   unsigned long thp_split, unsigned long large_folio_split,
			   enum migrate_mode mode, int reason)
{
	atomic64_add(succeeded, &migrated);
}

/* Uniform in the logarithm: as many small regions as large ones, by octaves. */
static size_t draw_size(void)
{
	const u32 octaves = order_base_2(DIV_ROUND_UP(run.plan.max, run.plan.min));
	u32 base;

	if (!octaves)
		return run.plan.min;
	base = run.plan.min << (prandom_u32_state(&run.random) % octaves);
	return min(base + prandom_u32_state(&run.random) % base, run.plan.max);
}

/* Another one for each page that a region ever had. */
static u32 mark(u32 serial, u32 page)
{
	return (serial * 2654435761u) ^ (page * 40503u) ^ 0x5a5a5a5a;
}

/* The first and the last word of each page: memory changes hands by pages. */
static u32 *words(const struct dmamap_region *region, u32 page)
{
	return dmamap_cpu_addr(region) + page * PAGE_SIZE;
}

#define LAST (PAGE_SIZE / sizeof(u32) - 1)

static void write_marks(const struct slot *slot)
{
	const u32 pages = dmamap_size(slot->region) >> PAGE_SHIFT;
	u32 i;

	for (i = 0; i < pages; i++) {
		words(slot->region, i)[0] = mark(slot->serial, i);
		words(slot->region, i)[LAST] = ~mark(slot->serial, i);
	}
}

static bool marks_are_there(const struct slot *slot)
{
	const u32 pages = dmamap_size(slot->region) >> PAGE_SHIFT;
	u32 i;

	for (i = 0; i < pages; i++)
		if (words(slot->region, i)[0] != mark(slot->serial, i) ||
		    words(slot->region, i)[LAST] != ~mark(slot->serial, i))
			return false;
	return true;
}

static void empty(struct slot *slot)
{
	if (!slot->region)
		return;
	run.result.not_kept += !marks_are_there(slot);
	dmamap_put(slot->region);
	slot->region = NULL;
	dmamap_pool_drain();
	run.result.drains++;
}

static void count_refusal(long err)
{
	switch (err) {
	case -ENOMEM:
		run.result.refused_nomem++;
		break;
	case -EIO:
		run.result.refused_io++;
		break;
	case -EBUSY:
		run.result.refused_busy++;
		break;
	default:
		run.result.refused_other++;
	}
}

static void fill(struct slot *slot)
{
	const size_t size = draw_size();
	const ktime_t start = ktime_get();
	struct dmamap_region *region = dmamap_alloc(&device->dev, size, GFP_KERNEL,
						    DMAMAP_NO_SNOOP);

	/* Signed: the clock of B160L under QEMU has been seen to go back. */
	run.result.slowest_us = max_t(s64, run.result.slowest_us,
				      ktime_us_delta(ktime_get(), start));
	run.result.allocations++;
	if (IS_ERR(region)) {
		count_refusal(PTR_ERR(region));
		return;
	}
	slot->region = region;
	slot->serial = (u32)run.result.allocations;
	run.result.bytes += dmamap_size(region);
	run.result.not_zero += memchr_inv(dmamap_cpu_addr(region), 0,
					  dmamap_size(region)) != NULL;
	write_marks(slot);
}

static u64 flips_since_boot(void)
{
	struct dmamap_step_count steps[DMAMAP_STEPS];

	dmamap_step_counts(steps);
	return steps[DMAMAP_STEP_HOLD].calls;
}

/* Regions until the plan says stop. Others that flip meanwhile count, too. */
static int work(void)
{
	const unsigned long end = jiffies + run.plan.seconds * HZ;
	const u64 before = flips_since_boot();
	int err = 0;
	u32 i;

	while (run.result.flips < run.plan.flips && run.result.allocations < run.plan.tries &&
	       time_before(jiffies, end)) {
		struct slot *slot = &run.slots[prandom_u32_state(&run.random) % run.plan.live];

		if (signal_pending(current)) {
			err = -EINTR;
			break;
		}
		empty(slot);
		fill(slot);
		run.result.flips = flips_since_boot() - before;
		cond_resched();
	}
	for (i = 0; i < run.plan.live; i++)
		empty(&run.slots[i]);
	return err;
}

/* Frees what is freed: nothing waits in a pool, a list, or for a grace period. */
static void settle(void)
{
	dmamap_pool_drain();
	vm_unmap_aliases();
	kvfree_rcu_barrier();
	rcu_barrier();
	lru_add_drain_all();
	drain_all_pages(NULL);
}

static int work_and_count(void)
{
	const ktime_t start = ktime_get();
	u64 flipped, returned;
	int err;

	memset(&run.result, 0, sizeof(run.result));
	atomic64_set(&migrated, 0);
	prandom_seed_state(&run.random, run.plan.seed);
	dmamap_pool_drain();
	dmamap_directory_counts(&flipped, &returned);
	err = work();
	run.result.us = ktime_us_delta(ktime_get(), start);
	settle();
	dmamap_directory_counts(&run.result.flipped, &run.result.returned);
	run.result.flipped -= flipped;
	run.result.returned -= returned;
	return err;
}

static ssize_t load_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	char text[160];
	int err;

	if (*at || bytes >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, bytes))
		return -EFAULT;
	text[bytes] = '\0';
	if (strlen(text) != bytes)
		return -EINVAL;
	if (mutex_lock_interruptible(&lock))
		return -EINTR;
	error[0] = '\0';
	err = dmamap_load_parse(text, &run.plan, error, sizeof(error));
	if (!err) {
		register_trace_mm_migrate_pages(count_migrated, NULL);
		err = work_and_count();
		unregister_trace_mm_migrate_pages(count_migrated, NULL);
		tracepoint_synchronize_unregister();
	}
	mutex_unlock(&lock);
	return err ? err : bytes;
}

static int load_show(struct seq_file *out, void *unused)
{
	const struct result *result = &run.result;

	mutex_lock(&lock);
	if (error[0])
		seq_printf(out, "error %s\n", error);
#define SHOW(name) seq_printf(out, #name " %llu\n", result->name)
	SHOW(flips);
	SHOW(flipped);
	SHOW(returned);
	SHOW(allocations);
	SHOW(bytes);
	SHOW(refused_nomem);
	SHOW(refused_io);
	SHOW(refused_busy);
	SHOW(refused_other);
	SHOW(drains);
	SHOW(not_zero);
	SHOW(not_kept);
	SHOW(slowest_us);
	SHOW(us);
#undef SHOW
	seq_printf(out, "migrated %lld\n", atomic64_read(&migrated));
	mutex_unlock(&lock);
	return 0;
}

static int load_open(struct inode *inode, struct file *file)
{
	return single_open(file, load_show, NULL);
}

static const struct file_operations load_fops = {
	.open = load_open,
	.read = seq_read,
	.write = load_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* After dma/glue/watch/debugfs.c, which makes the folder: by the order in Kbuild. */
static int __init load_init(void)
{
	struct dentry *dir = debugfs_lookup("dmamap", NULL);

	/* A platform device has a mask of 32 bits. */
	device = platform_device_register_simple("dmamap-load", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		pr_err("no device: %ld\n", PTR_ERR(device));
	else
		debugfs_create_file("load", 0600, dir, NULL, &load_fops);
	dput(dir);
	return 0;
}
late_initcall(load_init);
