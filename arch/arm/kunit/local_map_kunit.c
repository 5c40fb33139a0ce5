// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of kmap_local_page() in the TLB of a CPU that did not map them. QEMU has a TLB
 * for each CPU, and purges of one CPU leave the others alone.
 */
#include <kunit/test.h>
#include <linux/highmem.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "dma/abi/machine.h"

/* A TLB may lose any entry, at any time: one try may show nothing. */
#define TRIES 50

struct look {
	const u32 *at;
	bool seen;
};

static void look_at(void *data)
{
	struct look *look = data;
	u32 unused;

	look->seen = !get_kernel_nofault(unused, look->at);
}

static bool seen_by(int cpu, const u32 *at)
{
	struct look look = { .at = at };

	smp_call_function_single(cpu, look_at, &look, 1);
	return look.seen;
}

static void a_flip_ends_slots_on_all_cpus(struct kunit *test)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	unsigned int kept = 0;
	int cpu, i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_TRUE(test, PageHighMem(page));
	migrate_disable();
	cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
	for (i = 0; i < TRIES; i++) {
		const u32 *slot = kmap_local_page(page);

		KUNIT_EXPECT_TRUE(test, seen_by(cpu, slot));
		kunmap_local(slot);
		kept += seen_by(cpu, slot);
		dmamap_machine_drop_lazy_aliases();
		KUNIT_EXPECT_FALSE(test, seen_by(cpu, slot));
	}
	migrate_enable();
	__free_page(page);
	KUNIT_EXPECT_GT_MSG(test, kept, 0, "no TLB kept a slot, so this shows nothing");
}

static struct kunit_case local_map_cases[] = {
	KUNIT_CASE(a_flip_ends_slots_on_all_cpus),
	{}
};

static struct kunit_suite local_map_suite = {
	.name = "dmamap-local-maps",
	.test_cases = local_map_cases,
};
kunit_test_suite(local_map_suite);
