// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the X-ray with the CPU's own translation. ATS1CPR translates an address by the
 * page tables and writes the result into PAR; with long descriptors, PAR has the memory
 * attributes, too (ARM DDI 0406C B4.1.112, 64-bit format).
 */
#include <linux/bitfield.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "arch/arch.h"
#include "kunit/suites/suite.h"

#define PAR_FAULT	BIT_ULL(0)
#define PAR_PFN		GENMASK_ULL(39, PAGE_SHIFT)
#define PAR_OUTER	GENMASK_ULL(63, 60)

/* Outer attributes as in MAIR: 0 is device memory, 4 is not cacheable. */
#define OUTER_DEVICE		0
#define OUTER_NOT_CACHEABLE	4

#define SHOWN	10

struct comparison {
	struct kunit *test;
	u64 pages;
	u64 cached;
	u64 wrong;
};

/* Translates as a read by the kernel would, stage 1. */
static u64 cpu_translates(unsigned long addr)
{
	unsigned long flags;
	u64 par;

	local_irq_save(flags);
	asm volatile("mcr	p15, 0, %1, c7, c8, 0\n\t"
		     "isb\n\t"
		     "mrrc	p15, 0, %Q0, %R0, c7"
		     : "=r" (par) : "r" (addr) : "memory");
	local_irq_restore(flags);
	return par;
}

static bool agree(const struct dmamap_sighting *seen, u64 pfn, u64 par)
{
	const u64 outer = FIELD_GET(PAR_OUTER, par);

	if (!seen->present || par & PAR_FAULT)
		return !seen->present && par & PAR_FAULT;
	return FIELD_GET(PAR_PFN, par) == pfn &&
	       seen->cacheable == (outer != OUTER_DEVICE && outer != OUTER_NOT_CACHEABLE);
}

static void compare(const struct dmamap_sighting *seen, void *data)
{
	struct comparison *all = data;
	u64 i;

	for (i = 0; i < seen->pages; i++) {
		const unsigned long addr = seen->addr + (unsigned long)(i << PAGE_SHIFT);
		const u64 par = cpu_translates(addr);

		all->pages++;
		all->cached += seen->cacheable;
		if (agree(seen, seen->pfn + i, par) || all->wrong++ >= SHOWN)
			continue;
		kunit_err(all->test, "%#lx %s: pfn %#llx present %d cacheable %d, PAR %#llx",
			  addr, dmamap_place_name(seen->place), seen->pfn + i, seen->present,
			  seen->cacheable, par);
	}
}

static void the_cpu_translates_as_the_xray_says(struct kunit *test)
{
	const struct dmamap_target everything = { .pages = 1ULL << (40 - PAGE_SHIFT) };
	struct comparison all = { .test = test };
	struct dmamap_xray xray = {
		.targets = &everything, .count = 1, .saw = compare, .data = &all,
	};

	suite_region(test, suite_device(test), SZ_64K);	/* normal memory, not cached */
	dmamap_xray_kernel(&xray);
	kunit_info(test, "%llu pages, %llu of them cached", all.pages, all.cached);
	KUNIT_EXPECT_EQ(test, all.wrong, 0);
	/* Both cached and uncached pages were compared. */
	KUNIT_EXPECT_GT(test, all.cached, 1000);
	KUNIT_EXPECT_GT(test, all.pages, all.cached);
}

static struct kunit_case translation_cases[] = {
	KUNIT_CASE(the_cpu_translates_as_the_xray_says),
	{}
};

static struct kunit_suite translation_suite = {
	.name = "dmamap-translation",
	.test_cases = translation_cases,
};
kunit_test_suite(translation_suite);
