/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/linear_map.h"

namespace dmamap {

/// Purges TLBs and flushes at the moment of the flip. For software TLBs, whose
/// entries appear only when somebody uses an address: it rests on the usage
/// guarantee that a frame is DMA *or* page cache, so nobody uses the linear
/// address of a coherent frame.
///
/// The linear PTE stays present but loses its cacheable attribute, so that even
/// a refill by a stray access is no cacheable translation. @kTrap makes it
/// absent instead: a stray access then stops the machine where it happens.
template <bool kTrap = false>
struct Purge {
	static constexpr StrategyId kId = StrategyId::purge;
	static constexpr Attribute kAttribute = Attribute::coherent;
	static constexpr Linear kWhileCoherent = kTrap ? Linear::absent : Linear::uncached;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts) noexcept
	{
		return {true, kTrap ? "TLB purge and flush at the flip; stray accesses trap"
				    : "TLB purge and flush at the flip"};
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
		return set_linear_run(m, run, kWhileCoherent, Linear::cached);
	}

	template <Machine M>
	[[nodiscard]] static FlipResult<void> reopen(M &m, FrameRun run) noexcept
	{
		return set_linear_run(m, run, Linear::cached, kWhileCoherent);
	}
};

} // namespace dmamap
