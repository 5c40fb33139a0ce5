/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/from_pages.h"

namespace dmamap {

/// For a device that snoops the CPU caches: ordinary cached memory is coherent,
/// there is no alias and nothing to flip. Chosen per device, not per board.
struct Snooped : FromPages {
	static constexpr StrategyId kId = StrategyId::snooped;
	static constexpr Attribute kAttribute = Attribute::cached;
};

} // namespace dmamap
