/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/from_cma.h"

namespace dmamap {

/// Takes frames only from contiguous memory in highmem, where the kernel has no
/// linear mapping: there is nothing to close, only lazy aliases to drop.
///
/// Linux prefers highmem for CMA and falls back to lowmem without a word
/// (mm/cma.c, cma_declare_contiguous_nid). So the probe checks the area, close()
/// checks every single frame, and the strategy fails closed.
struct Highmem : FromCma {
	static constexpr StrategyId kId = StrategyId::highmem;
	static constexpr Attribute kAttribute = Attribute::coherent;

	[[nodiscard]] static constexpr Verdict probe(BoardFacts facts) noexcept
	{
		if (const Verdict cpu = cpu_verdict(facts.cpu); !cpu.kept)
			return cpu;
		switch (facts.cma) {
		case CmaPlacement::highmem:
			return {true, "contiguous memory lies in highmem, which has no linear mapping"};
		case CmaPlacement::lowmem:
			return {false, "contiguous memory (CMA) lies in lowmem, where cacheable aliases "
				       "stay; place it in highmem with cma=SIZE@BASE"};
		default:
			break;
		}
		return no_cma_verdict(facts.cma, {false, "there is no contiguous memory (CMA); "
							 "give the kernel highmem and cma=SIZE"});
	}

	template <Machine M>
	[[nodiscard]] static FlipResult<void> close(M &m, FrameRun run) noexcept
	{
		for (std::uint64_t i = 0; i < run.pages.count(); ++i)
			if (m.linear(run.first + i) != Linear::none)
				return std::unexpected(FlipError{Errno::nodev, false});
		return {};
	}

	template <Machine M>
	[[nodiscard]] static FlipResult<void> reopen(M &, FrameRun) noexcept
	{
		return {};
	}
};

} // namespace dmamap
