/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ARMv7: answers to arch/facts.h, one rule of the architecture a line.
 *   ARM   ARM Architecture Reference Manual ARMv7-A and ARMv7-R, DDI 0406C
 *   files of Linux 6.12
 */
#pragma once

#include "arch/facts.h"

namespace dmamap::arch::arm {

/* A context switch ends with a barrier: arch/arm/kernel/entry-armv.S, __switch_to(). */
inline constexpr Cpu kCpu{
	.name = "arm",
	.walker = true,          // ARM B3.1, A3.5.7: a walk may be speculative, at any time
	.pte_held = true,        // ARM B3.10.1: a DSB makes a PTE edit visible to walks
	.purge_drains = false,   // ARM B3.10.1: TLBI is not ordered behind the edit
	.purge_held = true,      // ARM B3.10.1: complete after a DSB only
	.online_purges = true,   // arch/arm/kernel/smp.c, secondary_start_kernel()
	.speculates = true,      // ARM A3.5.7, B2.2.2: lines may be allocated at any time
	.coloured = false,       // ARM B3.11: data caches behave as PIPT
	.cpus_snoop = true,      // ARM A3.5.2: inner shareable memory is coherent
	.outer = true,           // ARM B2.2.6; arch/arm/mm/cache-l2x0.c
	.flush_held = true,      // ARM B2.2.8: maintenance completes at a DSB
	.store_held = true,      // ARM A3.8.3: normal memory is not ordered
	.device_snoops = false,
	.purging = Purging::broadcast,      // arch/arm/mm/tlb-v7.S: TLBIMVAAIS
	.flushing = Flushing::by_region,    // arch/arm/machine.c
	.flush_after_lazy = false,
	.ends_locally = true,    // arch/arm/include/asm/highmem.h: kunmap_local()
};

/* Lowmem is mapped by sections, which can't be edited at run time (arch/arm/mm/mmu.c,
   map_lowmem()); CMA by pages, if it lies there (arch/arm/mm/dma-mapping.c,
   dma_contiguous_remap()). */
inline constexpr Board kBoards[] = {
	{
		.name = "arm",
		.strategy = Strategy::highmem,
		.linear_editable = false,
		.lowmem = 8,
		.highmem = 12,
		.cma = Cma::highmem,
		.cma_first = 10,
		.cma_pages = 8,
	},
	{
		.name = "arm_unmap",       // no frames but those of CMA are taken
		.strategy = Strategy::unmap_cma,
		.lowmem = 20,
		.cma = Cma::lowmem,
		.cma_first = 12,
		.cma_pages = 8,
	},
};

/* CMA prefers highmem, and falls back to lowmem without a word: mm/cma.c,
   cma_declare_contiguous_nid(). */
inline constexpr Board kRefused[] = {
	{
		.name = "arm_cma_in_lowmem",
		.strategy = Strategy::highmem,
		.linear_editable = false,
		.lowmem = 12,
		.highmem = 8,
		.cma = Cma::lowmem,
		.cma_first = 2,
		.cma_pages = 8,
	},
	{
		.name = "arm_cma_across",  // reaches into lowmem, the kernel calls it highmem
		.strategy = Strategy::highmem,
		.linear_editable = false,
		.lowmem = 12,
		.highmem = 8,
		.cma = Cma::highmem,
		.cma_first = 10,
		.cma_pages = 6,
	},
	{
		.name = "arm_without_cma",
		.strategy = Strategy::highmem,
		.linear_editable = false,
		.lowmem = 8,
		.highmem = 12,
	},
	{
		.name = "arm_926",         // VIVT: arch/arm/mm/proc-arm926.S
		.strategy = Strategy::unmap_cma,
		.cma = Cma::lowmem,
		.cma_first = 2,
		.cma_pages = 8,
		.lack = Lack::one_address,
	},
	{
		.name = "arm_11mpcore",    // arch/arm/mm/cache-v6.S: this CPU's cache only
		.strategy = Strategy::highmem,
		.linear_editable = false,
		.lowmem = 8,
		.highmem = 12,
		.cma = Cma::highmem,
		.cma_first = 10,
		.cma_pages = 8,
		.lack = Lack::flush,
	},
};

inline constexpr Facts kFacts{kCpu, kBoards, kRefused};

} // namespace dmamap::arch::arm
