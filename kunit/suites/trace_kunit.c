// SPDX-License-Identifier: GPL-2.0
/* Events that no board test can cause. The others are tested in kunit/board/tests. */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/irqflags.h>
#include <linux/mman.h>
#include <linux/tracepoint.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/trace.h"
#include "kunit/suites/suite.h"

/* The device that an event named, and how often. */
struct seen {
	const struct device *dev;
	int err;
	int count;
};

static void on_refuse(void *data, struct device *dev, size_t bytes, unsigned int flags, int err)
{
	struct seen *seen = data;

	*seen = (struct seen){ .dev = dev, .err = err, .count = seen->count + 1 };
}

static void on_region(void *data, const struct dmamap_region *region)
{
	struct seen *seen = data;

	*seen = (struct seen){ .dev = region->dev, .count = seen->count + 1 };
}

static void a_refusal_is_an_event(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct seen seen = { };

	if (register_trace_dmamap_refuse(on_refuse, &seen))
		kunit_skip(test, "no tracepoints");
	suite_region(test, dev, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, seen.count, 0);
	dmamap_alloc(dev, 0, GFP_KERNEL, 0);
	unregister_trace_dmamap_refuse(on_refuse, &seen);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, seen.count, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.dev, (const struct device *)dev);
	KUNIT_EXPECT_EQ(test, seen.err, -EINVAL);
}

static void a_refused_adoption_is_an_event(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct seen seen = { };

	if (register_trace_dmamap_refuse(on_refuse, &seen))
		kunit_skip(test, "no tracepoints");
	dmamap_adopt(dev, 1, PAGE_SIZE, DMAMAP_BEHIND_RESERVED, 0);
	dmamap_adopt(dev, 0, PAGE_SIZE, DMAMAP_BEHIND_RESERVED, ~0);
	unregister_trace_dmamap_refuse(on_refuse, &seen);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, seen.count, 2);
	KUNIT_EXPECT_PTR_EQ(test, seen.dev, (const struct device *)dev);
	KUNIT_EXPECT_EQ(test, seen.err, -EINVAL);
}

/* A mapping that is refused, and what the event said of it. */
struct refused {
	struct dmamap_segment segment;
	unsigned int access;
	const char *reason;
	int err;
	int count;
};

static void on_map_refuse(void *data, const struct vm_area_struct *vma, unsigned int segments,
			  unsigned int access, const char *reason, int err)
{
	struct refused *refused = data;

	refused->reason = reason;
	refused->err = err;
	refused->count++;
}

static int refuse(struct file *file, struct vm_area_struct *vma)
{
	const struct refused *refused = file->private_data;

	return dmamap_mmap(vma, &refused->segment, 1, refused->access);
}

static const struct file_operations refused_fops = { .mmap = refuse };

/* One call of mmap(), which must say @reason, or "-" if it succeeds. */
static void expect_reason(struct kunit *test, struct dmamap_segment segment, unsigned int access,
			  unsigned long bytes, unsigned long prot, unsigned long flags,
			  const char *reason)
{
	struct refused refused = { .segment = segment, .access = access, .reason = "-" };
	struct file *file = anon_inode_getfile("[dmamap-trace]", &refused_fops, &refused, O_RDWR);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, register_trace_dmamap_map_refuse(on_map_refuse, &refused), 0);
	addr = kunit_vm_mmap(test, file, 0, bytes, prot, flags, 0);
	unregister_trace_dmamap_map_refuse(on_map_refuse, &refused);
	tracepoint_synchronize_unregister();
	fput(file);
	KUNIT_EXPECT_STREQ(test, refused.reason, reason);
	KUNIT_EXPECT_EQ(test, refused.count, IS_ERR_VALUE(addr));
	if (IS_ERR_VALUE(addr))
		KUNIT_EXPECT_EQ(test, (long)addr, refused.err);
}

static void a_refused_mapping_says_why(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	struct dmamap_region *revoked = suite_region(test, dev, PAGE_SIZE);
	const struct dmamap_segment whole = { region, 0, PAGE_SIZE };
	const unsigned int both = DMAMAP_USER_READ | DMAMAP_USER_WRITE;
	const unsigned long rw = PROT_READ | PROT_WRITE;
	struct refused probe = { };

	if (register_trace_dmamap_map_refuse(on_map_refuse, &probe))
		kunit_skip(test, "no tracepoints");
	unregister_trace_dmamap_map_refuse(on_map_refuse, &probe);
	dmamap_revoke(revoked, DMAMAP_AFTER_SIGBUS);

	expect_reason(test, whole, both, PAGE_SIZE, rw, MAP_SHARED, "-");
	/* The process asked for too much. */
	expect_reason(test, whole, both, PAGE_SIZE, rw, MAP_PRIVATE, "private");
	expect_reason(test, whole, both, 2 * PAGE_SIZE, rw, MAP_SHARED, "length");
	expect_reason(test, whole, both, PAGE_SIZE, PROT_EXEC, MAP_SHARED, "execute");
	expect_reason(test, whole, DMAMAP_USER_READ, PAGE_SIZE, rw, MAP_SHARED, "access");
	/* The region went meanwhile. */
	expect_reason(test, (struct dmamap_segment){ revoked, 0, PAGE_SIZE }, both, PAGE_SIZE, rw,
		      MAP_SHARED, "revoked");
	/* The driver made a mistake. */
	expect_reason(test, whole, both | DMAMAP_USER_CACHED, PAGE_SIZE, rw, MAP_SHARED, "promise");
	expect_reason(test, whole, 0, PAGE_SIZE, rw, MAP_SHARED, "flags");
	expect_reason(test, (struct dmamap_segment){ NULL, 0, PAGE_SIZE }, both, PAGE_SIZE, rw,
		      MAP_SHARED, "region");
	expect_reason(test, (struct dmamap_segment){ region, 1, PAGE_SIZE }, both, PAGE_SIZE, rw,
		      MAP_SHARED, "segment");
	expect_reason(test, (struct dmamap_segment){ region, 0, 2 * PAGE_SIZE }, both, PAGE_SIZE,
		      rw, MAP_SHARED, "segment");
}

static void a_revoke_is_an_event(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	struct seen seen = { };

	if (register_trace_dmamap_revoke(on_region, &seen))
		kunit_skip(test, "no tracepoints");
	dmamap_revoke(region, DMAMAP_AFTER_SIGBUS);
	unregister_trace_dmamap_revoke(on_region, &seen);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, seen.count, 1);
	KUNIT_EXPECT_PTR_EQ(test, seen.dev, (const struct device *)dev);
}

/* Flips that the test itself made; the pool's worker may make others. */
struct flips {
	const struct task_struct *task;
	u64 coherent;
	u64 cached;
	int count;
};

static void on_flip(void *data, bool coherent, u64 pfn, u64 pages, u64 start)
{
	struct flips *flips = data;

	if (current != flips->task)
		return;
	*(coherent ? &flips->coherent : &flips->cached) += pages;
	flips->count++;
}

static void stop_flips(void *flips)
{
	unregister_trace_dmamap_flip(on_flip, flips);
	tracepoint_synchronize_unregister();
}

static void a_flip_is_an_event_and_reuse_is_none(struct kunit *test)
{
	const u64 chunk = dmamap_machine_chunk();
	struct device *dev = suite_device(test);
	static struct flips flips;	/* outlives a test that stops early */
	struct dmamap_region *region;

	dmamap_pool_drain();
	flips = (struct flips){ .task = current };
	if (register_trace_dmamap_flip(on_flip, &flips))
		kunit_skip(test, "no tracepoints");
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_flips, &flips), 0);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_EXPECT_EQ(test, flips.coherent, chunk);
	dmamap_put(region);
	dmamap_put(dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP));
	KUNIT_EXPECT_EQ(test, flips.count, 1);
	dmamap_pool_drain();
	KUNIT_EXPECT_EQ(test, flips.cached, chunk);

	/* Larger than a chunk: flips for itself, in whole units. */
	region = dmamap_alloc(dev, (chunk + 1) * PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_GT(test, flips.coherent, 2 * chunk);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, flips.coherent, flips.cached);
	KUNIT_EXPECT_EQ(test, flips.count, 4);
	kunit_release_action(test, stop_flips, &flips);
}

static void regions_of_interrupts_are_events(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	struct seen allocated = { }, freed = { };
	unsigned long flags;

	dmamap_machine_tend_later();
	dmamap_pool_settle();
	if (register_trace_dmamap_alloc(on_region, &allocated))
		kunit_skip(test, "no tracepoints");
	KUNIT_EXPECT_EQ(test, register_trace_dmamap_free(on_region, &freed), 0);
	local_irq_save(flags);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	dmamap_put(region);
	local_irq_restore(flags);
	unregister_trace_dmamap_alloc(on_region, &allocated);
	unregister_trace_dmamap_free(on_region, &freed);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(test, allocated.count, !IS_ERR(region));
	KUNIT_EXPECT_EQ(test, freed.count, !IS_ERR(region));
	/* Without a reserve there may be nothing. */
	KUNIT_EXPECT_TRUE(test, !IS_ERR(region) || !CONFIG_DMAMAP_POOL_ATOMIC_KIB);
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(a_refusal_is_an_event),
	KUNIT_CASE(a_refused_adoption_is_an_event),
	KUNIT_CASE(a_refused_mapping_says_why),
	KUNIT_CASE(a_revoke_is_an_event),
	KUNIT_CASE(a_flip_is_an_event_and_reuse_is_none),
	KUNIT_CASE(regions_of_interrupts_are_events),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "dmamap-trace",
	.test_cases = trace_cases,
};
kunit_test_suite(trace_suite);
