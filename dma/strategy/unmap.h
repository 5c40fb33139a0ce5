/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/linear_map.h"

namespace dmamap {

/// Removes the frames from the linear map for as long as they are coherent: a
/// stray access of the kernel traps instead of making an alias.
struct Unmap {
	static constexpr StrategyId kId = StrategyId::unmap;
	static constexpr Attribute kAttribute = Attribute::coherent;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts) noexcept
	{
		return {true, "frames leave the linear map while they are coherent"};
	}

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

	template <Machine M>
	[[nodiscard]] static FlipResult<void> close(M &m, FrameRun run) noexcept
	{
		return set_linear_run(m, run, Linear::absent, Linear::cached);
	}

	template <Machine M>
	[[nodiscard]] static FlipResult<void> reopen(M &m, FrameRun run) noexcept
	{
		return set_linear_run(m, run, Linear::cached, Linear::absent);
	}
};

} // namespace dmamap
