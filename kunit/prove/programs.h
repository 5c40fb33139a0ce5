/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "kunit/prove/program.h"

namespace dmamap::prove {

/// A strategy of the layer, and what the judge needs to run it.
struct StrategyInfo {
	std::string_view name;
	bool highmem;     ///< frames have no linear address
	bool snooped;     ///< the device has to snoop
	bool pooled;      ///< regions are lent by a pool, a page each
};

[[nodiscard]] std::span<const StrategyInfo> strategies();
[[nodiscard]] const StrategyInfo *find_strategy(std::string_view name);

/// All runs of the layer's own source: allocate a region of @pages frames, use
/// it, release it, with every combination of failures.
[[nodiscard]] Program program_of_layer(const StrategyInfo &strategy,
				       const judge::Profile &profile, judge::Bounds bounds,
				       unsigned pages);

/// A sequence of primitives, right or wrong, each named by a word. The error is the
/// word that is unknown.
[[nodiscard]] std::expected<Program, std::string>
program_of_order(const StrategyInfo &strategy, const judge::Profile &profile,
		 judge::Bounds bounds, unsigned pages, std::string_view words);

} // namespace dmamap::prove
