// SPDX-License-Identifier: GPL-2.0
/* Which CPUs are refused. QEMU has one kind, so a table stands for the others. */
#include <asm/processor.h>
#include <kunit/test.h>

#include "arch/parisc/cpu.h"
#include "dma/abi/machine.h"

static void only_pcxl_has_uncached_memory(struct kunit *test)
{
	int type;

	for (type = pcx; type <= mako2; type++)
		KUNIT_EXPECT_EQ_MSG(test, dmamap_parisc_cpu(type),
				    type == pcxl || type == pcxl2 ? DMAMAP_CPU_FIT :
								    DMAMAP_CPU_IGNORES_UNCACHED,
				    "%s", cpu_name_version[type][0]);
}

static void this_cpu_is_asked(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dmamap_machine_cpu(), DMAMAP_CPU_FIT);
	KUNIT_EXPECT_EQ(test, dmamap_parisc_cpu(boot_cpu_data.cpu_type), DMAMAP_CPU_FIT);
}

static struct kunit_case cpu_cases[] = {
	KUNIT_CASE(only_pcxl_has_uncached_memory),
	KUNIT_CASE(this_cpu_is_asked),
	{}
};

static struct kunit_suite cpu_suite = {
	.name = "dmamap-cpu",
	.test_cases = cpu_cases,
};
kunit_test_suite(cpu_suite);
