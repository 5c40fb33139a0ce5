// SPDX-License-Identifier: GPL-2.0
/* Which CPUs are refused. QEMU's board has one kind, so a table stands for the others. */
#include <asm/cputype.h>
#include <kunit/test.h>

#include "arch/arm/cpu.h"
#include "dma/abi/machine.h"

/* Cache type registers as the technical reference manual of each CPU has them. */
static const struct cpu {
	const char *name;
	u32 ctr;
	bool aliases;
	u32 fit;
} cpus[] = {
	{ "Cortex-A7", 0x84448003, false, DMAMAP_CPU_FIT },
	{ "Cortex-A9", 0x83338003, false, DMAMAP_CPU_FIT },
	{ "Cortex-A15", 0x8444c004, false, DMAMAP_CPU_FIT },
	{ "Cortex-A53", 0x84448004, false, DMAMAP_CPU_FIT },
	{ "ARM926EJ-S", 0x1d152152, true, DMAMAP_CPU_ALIASES },
	{ "PXA250", 0xb1aa1aa, true, DMAMAP_CPU_ALIASES },
	{ "ARM1136JF-S, 32 KiB", 0x1d998998, true, DMAMAP_CPU_ALIASES },
	{ "ARM1176JZF-S, 16 KiB", 0x1d152152, false, DMAMAP_CPU_KEEPS_LINES },
};

KUNIT_ARRAY_PARAM_DESC(cpu, cpus, name);

static void only_armv7_is_served(struct kunit *test)
{
	const struct cpu *cpu = test->param_value;

	KUNIT_EXPECT_EQ(test, dmamap_arm_cpu(cpu->ctr, cpu->aliases), cpu->fit);
}

static void this_cpu_is_asked(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dmamap_machine_cpu(), DMAMAP_CPU_FIT);
	KUNIT_EXPECT_EQ(test, dmamap_arm_cpu(read_cpuid_cachetype(), true), DMAMAP_CPU_ALIASES);
}

static struct kunit_case cpu_cases[] = {
	KUNIT_CASE_PARAM(only_armv7_is_served, cpu_gen_params),
	KUNIT_CASE(this_cpu_is_asked),
	{}
};

static struct kunit_suite cpu_suite = {
	.name = "dmamap-cpu",
	.test_cases = cpu_cases,
};
kunit_test_suite(cpu_suite);
