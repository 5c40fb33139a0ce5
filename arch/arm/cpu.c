// SPDX-License-Identifier: GPL-2.0
/*
 * The layer needs ARMv7: data caches that behave as if they were found by physical
 * address, and maintenance by address that reaches those of all CPUs (ARM DDI 0406C
 * B2.2.6, B3.11.1). CPU_V7 is not enough, because one kernel may be built for ARMv6 and
 * ARMv7; and the kernel's cpu_architecture() takes an ARM1176 for an ARMv7.
 */
#include <asm/cachetype.h>
#include <asm/cputype.h>

#include "arch/arm/cpu.h"
#include "dma/abi/machine.h"

/* Format of the register since ARMv7 (DDI 0406C B4.1.42). */
#define CTR_FORMAT(ctr)		((ctr) >> 29)
#define CTR_FORMAT_V7		4

u32 dmamap_arm_cpu(u32 ctr, bool aliases)
{
	if (aliases)
		return DMAMAP_CPU_ALIASES;
	/* ARM11 MPCore maintains the caches of one CPU only (arch/arm/mm/cache-v6.S). */
	return CTR_FORMAT(ctr) == CTR_FORMAT_V7 ? DMAMAP_CPU_FIT : DMAMAP_CPU_KEEPS_LINES;
}

u32 dmamap_machine_cpu(void)
{
	return dmamap_arm_cpu(read_cpuid_cachetype(), !cache_is_vipt_nonaliasing());
}
