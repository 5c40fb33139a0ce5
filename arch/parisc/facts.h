/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PA-RISC 1.1: answers to arch/facts.h, one rule of the architecture a line.
 *   PA    PA-RISC 1.1 Architecture and Instruction Set Reference Manual
 *   files of Linux 6.12
 */
#pragma once

#include "arch/facts.h"

namespace dmamap::arch::parisc {

/* PA-7300LC. Real ones are alone; two of them, so that nothing is missed. A context
   switch ends with a barrier: the scheduler's lock is one. */
inline constexpr Cpu kCpu{
	.name = "parisc",
	.walker = false,         // PA 3: misses trap; arch/parisc/kernel/entry.S fills
	.pte_held = false,       // the filler is code and PA orders accesses: PA 6, G
	.purge_drains = true,
	.purge_held = false,     // PA 5, PDTLB: broadcast, one at a time (pa_tlb_lock)
	.online_purges = true,   // arch/parisc/kernel/smp.c, smp_cpu_init()
	.speculates = true,      // arch/parisc/kernel/cache.c: where a translation lives
	.coloured = true,        // PA 3: virtual index
	.colours = 1024,         // 4 MiB: arch/parisc/include/asm/shmparam.h, SHM_COLOUR
	.cpus_snoop = true,      // PA 5: FDC is broadcast to the coherent CPUs
	.outer = false,
	.flush_held = true,      // PA 5, FDC: SYNC waits for the write-back
	.store_held = true,      // asm_syncdma() of Linux: SYNC, SYNCDMA
	.device_snoops = false,  // B160L has no I/O that is coherent
	.purging = Purging::broadcast,
	.flushing = Flushing::by_alias,     // arch/parisc/kernel/pacache.S, tmpalias
	.flush_after_lazy = true,           // dma/glue/machine/kernel_map.c
};

/* The linear map has a PTE for each frame outside of the kernel's image
   (arch/parisc/mm/init.c). */
inline constexpr Board kBoards[] = {
	{.name = "parisc", .strategy = Strategy::purge, .cpus = 1},
	{.name = "parisc_trap", .strategy = Strategy::purge_trap, .cpus = 1},
	/* It speculates as no real one does: what is right on it does not rest on the
	   TLB that software fills. */
	{.name = "parisc_walker", .strategy = Strategy::purge, .walker = true},
};

/* Only PCX-L and PCX-L2 have the uncacheable bit: arch/parisc/kernel/pci-dma.c,
   arch_dma_alloc(). */
inline constexpr Board kRefused[] = {
	{.name = "parisc_7100", .strategy = Strategy::purge, .cpus = 1, .lack = Lack::uncached},
	{.name = "parisc_7200_trap", .strategy = Strategy::purge_trap, .lack = Lack::uncached},
};

inline constexpr Facts kFacts{kCpu, kBoards, kRefused};

} // namespace dmamap::arch::parisc
