/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/from_cma.h"
#include "dma/strategy/from_pages.h"
#include "dma/strategy/linear_map.h"

namespace dmamap {

/// Removes the frames from the linear map for as long as they are coherent: a
/// stray access of the kernel traps instead of making an alias.
struct Unmap : FromPages, ClosesLinear<Linear::absent> {
	static constexpr StrategyId kId = StrategyId::unmap;
	static constexpr Attribute kAttribute = Attribute::coherent;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts facts) noexcept
	{
		if (const Verdict cpu = cpu_verdict(facts.cpu); !cpu.kept)
			return cpu;
		return {true, "frames leave the linear map while they are coherent"};
	}
};

/// The same for boards on which only the contiguous area, in lowmem, is mapped by
/// pages: the rest of the linear map can't be edited.
struct UnmapCma : FromCma, ClosesLinear<Linear::absent> {
	static constexpr StrategyId kId = StrategyId::unmap;
	static constexpr Attribute kAttribute = Attribute::coherent;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts facts) noexcept
	{
		if (const Verdict cpu = cpu_verdict(facts.cpu); !cpu.kept)
			return cpu;
		switch (facts.cma) {
		case CmaPlacement::lowmem:
			return {true, "contiguous memory leaves the linear map while it is coherent"};
		case CmaPlacement::highmem:
			return {false, "contiguous memory (CMA) lies in highmem; choose the strategy "
				       "highmem, or place it in lowmem with cma=SIZE@BASE"};
		default:
			break;
		}
		return no_cma_verdict(facts.cma, {false, "there is no contiguous memory (CMA); "
							 "give the kernel cma=SIZE@BASE"});
	}
};

} // namespace dmamap
