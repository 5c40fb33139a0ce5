/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kunit/prove/programs.h"

namespace dmamap::prove {

/// One search: the layer with a strategy on a machine, and the size of both.
struct Task {
	const StrategyInfo *strategy;
	const judge::Profile *profile;
	judge::Bounds bounds;
	unsigned pages;              ///< of the region; other frames are neighbours
	std::size_t room;            ///< the most states that the search may have

	[[nodiscard]] std::string name() const;
};

/// No search needs more states than this.
inline constexpr std::size_t kMostStates = 80'000'000;

/// How much is searched.
enum class Part : std::uint8_t { quick, check, full };

/// The profile of the first machine that is built with @strategy; for snooped, of the
/// first whose device does. Null if there is none.
[[nodiscard]] const judge::Profile *machine_of(const StrategyInfo &strategy);

/// The searches of @part, and only those of @strategy or @profile if one is given.
/// Each strategy runs on every profile with a device that it is for.
[[nodiscard]] std::vector<Task> plan(Part part, const StrategyInfo *strategy,
				     const judge::Profile *profile);

} // namespace dmamap::prove
