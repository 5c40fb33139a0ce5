/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/strategy.h"

namespace dmamap {

/// The device snoops the CPU caches: ordinary cached memory is coherent, there
/// is no alias and nothing to flip. Decided per device, not per board.
struct Snooped {
	static constexpr StrategyId kId = StrategyId::snooped;
	static constexpr Attribute kAttribute = Attribute::cached;

	template <Machine M>
	[[nodiscard]] static Result<FrameRun> take(M &m, Pages pages, Reach reach) noexcept
	{
		return m.take_pages(pages, reach);
	}

	template <Machine M>
	static void give(M &m, FrameRun run) noexcept
	{
		m.give_pages(run);
	}
};

} // namespace dmamap
