/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/from_pages.h"
#include "dma/strategy/linear_map.h"

namespace dmamap {

/// Purges TLBs and flushes at the moment of the flip. For software TLBs, whose
/// entries appear only when an address is used: the strategy relies on the usage
/// guarantee that a frame is DMA *or* page cache, so no code uses the linear
/// address of a coherent frame.
///
/// The linear PTE stays present but loses its cacheable attribute, so that even
/// a refill by a stray access is not a cacheable translation. @kTrap makes the PTE
/// absent instead: a stray access then stops the machine where it happens.
template <bool kTrap = false>
struct Purge : FromPages, ClosesLinear<kTrap ? Linear::absent : Linear::uncached> {
	static constexpr StrategyId kId = StrategyId::purge;
	static constexpr Attribute kAttribute = Attribute::coherent;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts facts) noexcept
	{
		if (const Verdict cpu = cpu_verdict(facts.cpu); !cpu.kept)
			return cpu;
		return {true, kTrap ? "TLB purge and flush at the flip; stray accesses trap"
				    : "TLB purge and flush at the flip"};
	}
};

} // namespace dmamap
