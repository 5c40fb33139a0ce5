/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <string_view>

#include "dma/core/machine.h"

namespace dmamap {

/// How a region is kept free of aliases; values are part of the boundary.
enum class StrategyId : std::uint32_t { highmem, unmap, purge, snooped, adopted };

/// The answer of a probe: whether the board can keep the strategy, and the
/// sentence about that for the log.
struct Verdict {
	bool kept;
	std::string_view why;
};

/// Whether a CPU can keep any flip at all; no sentence if it can. What a CPU lacks, no
/// placement of memory mends, so each probe asks this first.
[[nodiscard]] constexpr Verdict cpu_verdict(CpuFit cpu) noexcept
{
	switch (cpu) {
	case CpuFit::fit:
		return {true, {}};
	case CpuFit::ignores_uncached:
		return {false, "this CPU has no uncacheable bit in its page tables, or ignores it"};
	case CpuFit::keeps_lines:
		return {false, "this CPU can't flush a line from all caches by its address"};
	case CpuFit::aliases:
		return {false, "the data cache of this CPU may have a line twice, at two addresses"};
	}
	return {false, "what caches this CPU has is not known"};
}

/// Of contiguous memory that is in no place where a strategy could use it.
[[nodiscard]] constexpr Verdict no_cma_verdict(CmaPlacement cma, Verdict none) noexcept
{
	if (cma == CmaPlacement::unusable)
		return {false, "contiguous memory (CMA) could not be activated, as where it straddles "
			       "lowmem and highmem; place it in one of them with cma=SIZE@BASE"};
	return none;
}

/// Why a flip stopped. Frames in doubt may have translations that the layer
/// could not put back: such frames must never reach an allocator again.
struct FlipError {
	Errno why;
	bool in_doubt;
};

template <class T>
	requires KeepsFlag<T, FlipError>
using FlipResult = std::expected<T, FlipError>;

/// A strategy says where frames come from and how the cacheable translation is
/// closed and opened again. Its probe asks cpu_verdict(), then what it needs of the
/// board. The order in which that happens is in flip.h.
///
/// close() edits translations; the purge follows in the flip. A close() that fails
/// has put back all that it closed, or reports the frames as in doubt. reopen() is
/// not expected to fail; after a failure the frames are in doubt.
template <class S, class M>
concept Strategy = Machine<M> && requires(M &m, FrameRun run, Pages pages, Reach reach,
					  BoardFacts facts) {
	{ S::kId } -> std::convertible_to<StrategyId>;
	{ S::kAttribute } -> std::convertible_to<Attribute>;
	{ S::probe(facts) } noexcept -> std::same_as<Verdict>;
	{ S::take(m, pages, reach) } noexcept -> std::same_as<Result<FrameRun>>;
	{ S::give(m, run) } noexcept -> std::same_as<void>;
	{ S::close(m, run) } noexcept -> std::same_as<FlipResult<void>>;
	{ S::reopen(m, run) } noexcept -> std::same_as<FlipResult<void>>;
};

} // namespace dmamap
