/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <compare>
#include <cstdint>

#include "dma/core/address.h"

namespace dmamap::sim {

/// A page has only a few lines here: enough to tell the first from the last.
inline constexpr std::uint64_t kLines = 4;

/// What is stored in a line.
using Value = std::uint64_t;

/// One cache line of memory: a frame, and the number of the line in it.
struct Line {
	Pfn pfn;
	std::uint64_t index = 0;

	auto operator<=>(const Line &) const noexcept = default;
};

/// The line that holds byte @byte of an address, in frame @pfn.
[[nodiscard]] inline Line line_at(Pfn pfn, std::uint64_t byte) noexcept
{
	return {pfn, (byte & (kPageBytes - 1)) / (kPageBytes / kLines)};
}

} // namespace dmamap::sim
