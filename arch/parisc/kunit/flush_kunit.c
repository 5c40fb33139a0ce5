// SPDX-License-Identifier: GPL-2.0
/* Tests of the choice on PA-RISC between a whole flush and a batch line by line. */
#include <linux/sizes.h>
#include <asm/cache.h>
#include <asm/pdc.h>

#include "arch/parisc/flush.h"
#include "dma/abi/machine.h"
#include "dma/glue/watch/steps.h"
#include "kunit/suites/suite.h"

struct geometry {
	const char *what;
	unsigned long size;
	unsigned long stride;
	unsigned long count;
	unsigned long loop;
	unsigned long line;
	u64 most;		/* pages that go by lines; ALL: any number */
};

#define ALL U64_MAX

static const struct geometry geometries[] = {
	{ "64 KiB in two ways", SZ_64K, 32, 1024, 2, 32, 16 },
	{ "64 KiB in one way", SZ_64K, 32, 2048, 1, 32, 16 },
	{ "one KiB, but a loop over 64 (QEMU)", SZ_1K, 32, 1024, 2, 32, 16 },
	{ "a loop that is longer than needed", SZ_64K, 32, 4096, 1, 32, 32 },
	{ "entries that are no multiple of a page", SZ_64K, 32, 2049, 1, 32, 16 },
	{ "strides of a page, and others' lines", SZ_1M, SZ_4K, 256, 1, 32, 256 },
	{ "no cache", 0, 32, 1024, 2, 32, ALL },
	{ "no loop", SZ_64K, 32, 1024, 0, 32, ALL },
	{ "a negative loop", SZ_64K, 32, 1024, -1UL, 32, ALL },
	{ "no count", SZ_64K, 32, 0, 2, 32, ALL },
	{ "a negative count", SZ_64K, 32, -1024UL, 2, 32, ALL },
	{ "no stride", SZ_64K, 0, 1024, 2, 32, ALL },
	{ "no line", SZ_64K, 32, 1024, 2, 0, ALL },
	{ "a loop over half of it", SZ_64K, 32, 1024, 1, 32, ALL },
	{ "a loop without end", SZ_64K, 0x10000, 0x10000, 0x10000, 32, ALL },
};

KUNIT_ARRAY_PARAM_DESC(geometry, geometries, what);

static void the_shorter_loop_is_taken(struct kunit *test)
{
	const struct geometry *given = test->param_value;
	const struct pdc_cache_info cache = {
		.dc_size = given->size, .dc_stride = given->stride,
		.dc_count = given->count, .dc_loop = given->loop,
	};
	const u64 most = given->most == ALL ? SZ_1M : given->most;

	KUNIT_EXPECT_FALSE(test, dmamap_parisc_flush_whole(&cache, given->line, 1));
	KUNIT_EXPECT_FALSE(test, dmamap_parisc_flush_whole(&cache, given->line, most));
	if (given->most != ALL)
		KUNIT_EXPECT_TRUE(test, dmamap_parisc_flush_whole(&cache, given->line,
								  most + 1));
}

struct flushed {
	u64 by_lines;	/* pages */
	u64 whole;	/* times */
};

static struct flushed flushed(void)
{
	struct dmamap_step_count counts[DMAMAP_FLUSH_WAYS];

	dmamap_flush_counts(counts);
	return (struct flushed){
		counts[DMAMAP_FLUSH_LINES].pages, counts[DMAMAP_FLUSH_WHOLE].calls,
	};
}

static void expect_since(struct kunit *test, struct flushed before, u64 by_lines, u64 whole)
{
	const struct flushed now = flushed();

	KUNIT_EXPECT_EQ(test, now.by_lines - before.by_lines, by_lines);
	KUNIT_EXPECT_EQ(test, now.whole - before.whole, whole);
}

/* The most pages that this board flushes by lines; 0: any number. */
static u64 most_by_lines(void)
{
	u64 pages = 1;

	while (pages < SZ_64K && !dmamap_parisc_flush_whole(&cache_info, dcache_stride, pages))
		pages++;
	return IS_ENABLED(CONFIG_SMP) || pages == SZ_64K ? 0 : pages - 1;
}

static void a_small_batch_is_flushed_by_lines(struct kunit *test)
{
	const u64 pages = most_by_lines() ?: 16;
	struct dmamap_region *region = suite_region(test, suite_device(test),
						    pages * PAGE_SIZE);
	struct flushed before = flushed();

	dmamap_machine_flush(region->core.pfn, pages, region->core.cpu);
	expect_since(test, before, pages, 0);
	dmamap_machine_flush(region->core.pfn, 1, region->core.cpu);
	expect_since(test, before, pages + 1, 0);
}

static void a_large_batch_is_flushed_at_once(struct kunit *test)
{
	const u64 pages = max(most_by_lines() + 1, dmamap_machine_chunk() + 1ULL);
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	struct flushed before;

	if (!most_by_lines())
		kunit_skip(test, "this board never flushes its whole cache");
	before = flushed();
	region = suite_region(test, dev, pages * PAGE_SIZE);
	expect_since(test, before, 0, 1);
	/* One page more than this board flushes by lines, whatever its chunks are. */
	dmamap_machine_flush(region->core.pfn, most_by_lines() + 1, region->core.cpu);
	expect_since(test, before, 0, 2);
}

static void this_board_knows_its_cache(struct kunit *test)
{
	kunit_info(test, "D-cache: %lu bytes, %lu x %lu entries, stride %lu, line %d\n",
		   cache_info.dc_size, cache_info.dc_count, cache_info.dc_loop,
		   cache_info.dc_stride, dcache_stride);
	/* PA-7300LC, as QEMU's firmware describes it: 64 KiB, of which 16 pages fit. */
	if (!IS_ENABLED(CONFIG_SMP) && cache_info.dc_size == SZ_1K)
		KUNIT_EXPECT_EQ(test, most_by_lines(), 16);
}

static struct kunit_case flush_cases[] = {
	KUNIT_CASE_PARAM(the_shorter_loop_is_taken, geometry_gen_params),
	KUNIT_CASE(this_board_knows_its_cache),
	KUNIT_CASE(a_small_batch_is_flushed_by_lines),
	KUNIT_CASE(a_large_batch_is_flushed_at_once),
	{}
};

static struct kunit_suite flush_suite = {
	.name = "dmamap-flush",
	.test_cases = flush_cases,
};
kunit_test_suite(flush_suite);
