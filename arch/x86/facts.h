/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64: answers to arch/facts.h, one rule of the architecture a line.
 *   SDM   Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 3A,
 *         chapters as numbered since 2023
 *   files of Linux 6.12
 */
#pragma once

#include "arch/facts.h"

namespace dmamap::arch::x86 {

/* A context switch ends with a barrier: the scheduler's lock is one. */
inline constexpr Cpu kCpu{
	.name = "x86",
	.walker = true,          // SDM 4.10.2.3: entries are cached for speculative accesses
	.pte_held = true,        // SDM 9.2: stores wait in a buffer, other CPUs see them late
	.purge_drains = true,    // SDM 9.3: INVLPG and interrupts serialise
	.purge_held = false,     // SDM 4.10.4.1: INVLPG is done when it has executed
	.online_purges = true,   // arch/x86/kernel/cpu/common.c, cr4_init() of a new CPU
	.speculates = true,      // SDM 12.3: WB memory may be read speculatively
	.coloured = false,       // SDM 12.1: caches are found by physical address
	.cpus_snoop = true,      // SDM 12.4: cache control protocol (MESI)
	.outer = false,          // CLFLUSH reaches every level: SDM 12.5, vol. 2A CLFLUSH
	.flush_held = true,      // vol. 2A CLFLUSHOPT: ordered by fences only
	.store_held = true,      // SDM 12.3.1: write-combining buffers; UC does less
	.device_snoops = false,  // no-snoop transactions of PCIe: a choice of this model
	.purging = Purging::by_ipi,         // arch/x86/mm/tlb.c
	.flushing = Flushing::by_region,    // arch/x86/machine.c
	.flush_after_lazy = false,
};

/* CPA edits each entry of the linear map (arch/x86/mm/pat/set_memory.c), which is made
   of large pages where it can be; PAT has write-combining beside uncached. */
inline constexpr Board kBoards[] = {
	{.name = "x86", .strategy = Strategy::unmap, .combines = true},
	{
		.name = "x86_large",       // whole large pages are flipped
		.strategy = Strategy::unmap,
		.combines = true,
		.unit = 4,
		.lowmem = 24,
	},
};

/* The kernel may have been told to do without: clearcpuid=clflush. */
inline constexpr Board kRefused[] = {
	{.name = "x86_without_clflush", .strategy = Strategy::unmap, .lack = Lack::flush},
};

inline constexpr Facts kFacts{kCpu, kBoards, kRefused};

} // namespace dmamap::arch::x86
