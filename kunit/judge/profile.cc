// SPDX-License-Identifier: GPL-2.0
/*
 * The machines, one rule of an architecture a line, each with its source:
 *   SDM   Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 3A,
 *         chapters as numbered since 2023
 *   ARM   ARM Architecture Reference Manual ARMv7-A and ARMv7-R, DDI 0406C
 *   PA    PA-RISC 1.1 Architecture and Instruction Set Reference Manual
 *   files of Linux 6.12
 */
#include "kunit/judge/profile.h"

#include <array>

namespace dmamap::judge {
namespace {

constexpr Profile kX86{
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

constexpr Profile kArm{
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
};

/* PA-7300LC. Real ones are alone; two of them, so that nothing is missed. */
constexpr Profile kParisc{
	.name = "parisc",
	.walker = false,         // PA 3: misses trap; arch/parisc/kernel/entry.S fills
	.pte_held = false,       // the filler is code and PA orders accesses: PA 6, G
	.purge_drains = true,
	.purge_held = false,     // PA 5, PDTLB: broadcast, one at a time (pa_tlb_lock)
	.online_purges = true,   // arch/parisc/kernel/smp.c, smp_cpu_init()
	.speculates = true,      // arch/parisc/kernel/cache.c: where a translation lives
	.coloured = true,        // PA 3: virtual index; congruent at 4 MiB (SHM_COLOUR)
	.cpus_snoop = true,      // PA 5: FDC is broadcast to the coherent CPUs
	.outer = false,
	.flush_held = true,      // PA 5, FDC: SYNC waits for the write-back
	.store_held = true,      // asm_syncdma() of Linux: SYNC, SYNCDMA
	.device_snoops = false,  // B160L has no I/O that is coherent
	.purging = Purging::broadcast,
	.flushing = Flushing::by_alias,     // arch/parisc/kernel/pacache.S, tmpalias
	.flush_after_lazy = true,           // dma/glue/machine/kernel_map.c: flush_cache_vunmap()
};

/* All that any CPU was ever allowed to do. No kernel runs on it. */
constexpr Profile kWorst{
	.name = "worst",
	.walker = true,
	.pte_held = true,
	.purge_drains = false,
	.purge_held = true,
	.online_purges = true,
	.speculates = true,
	.coloured = true,
	.cpus_snoop = false,
	.outer = false,
	.flush_held = true,
	.store_held = true,
	.device_snoops = false,
	.purging = Purging::by_ipi,
	.flushing = Flushing::whole,
	.flush_after_lazy = false,          // whole flushes find every colour
};

/* A device can't snoop caches that do not know of each other. */
constexpr Profile snooped(Profile profile, std::string_view name)
{
	profile.name = name;
	profile.device_snoops = true;
	profile.cpus_snoop = true;
	return profile;
}

constexpr std::array kProfiles{
	kX86,
	kArm,
	kParisc,
	kWorst,
	snooped(kX86, "x86-snooped"),
	snooped(kArm, "arm-snooped"),
	snooped(kParisc, "parisc-snooped"),
	snooped(kWorst, "worst-snooped"),
};

} // namespace

std::span<const Profile> profiles()
{
	return kProfiles;
}

const Profile *find_profile(std::string_view name)
{
	for (const Profile &profile : kProfiles)
		if (profile.name == name)
			return &profile;
	return nullptr;
}

} // namespace dmamap::judge
