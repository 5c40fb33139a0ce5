/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/from_pages.h"
#include "dma/strategy/linear_map.h"

namespace dmamap {

/// Removes the frames from the linear map for as long as they are coherent: a
/// stray access of the kernel traps instead of making an alias.
struct Unmap : FromPages, ClosesLinear<Linear::absent> {
	static constexpr StrategyId kId = StrategyId::unmap;
	static constexpr Attribute kAttribute = Attribute::coherent;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts) noexcept
	{
		return {true, "frames leave the linear map while they are coherent"};
	}
};

} // namespace dmamap
