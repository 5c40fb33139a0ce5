/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/from_pages.h"

namespace dmamap {

/// For a device that snoops the CPU caches: ordinary cached memory is coherent,
/// there is no alias and nothing to flip. Chosen per device, not per board.
struct Snooped : FromPages {
	static constexpr StrategyId kId = StrategyId::snooped;
	static constexpr Attribute kAttribute = Attribute::cached;

	/// Nothing is flushed and no mapping is uncached. But processes have the memory at
	/// other addresses than the kernel, so these must lead to the same lines.
	[[nodiscard]] static constexpr Verdict probe(BoardFacts facts) noexcept
	{
		switch (facts.cpu) {
		case CpuFit::ignores_uncached:
		case CpuFit::keeps_lines:
			return {true, {}};
		default:
			return cpu_verdict(facts.cpu);
		}
	}
};

} // namespace dmamap
