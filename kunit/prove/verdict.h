/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <optional>

#include "kunit/prove/search.h"

namespace dmamap::prove {

/// All rules that @program breaks, or (Limits::stop_at_first) the first. Nullopt if
/// the search had no room to reach the end, unless it was to stop at a rule and did.
[[nodiscard]] std::optional<Rules> searched(const Program &program,
					    const judge::Profile &profile,
					    judge::Bounds bounds, Search::Limits limits);

/// The rules that the may-oracle says the same events break, played @laps times one
/// after another if the program goes on where it began. One frame.
[[nodiscard]] Rules by_oracle(const Program &program, const judge::Profile &profile,
			      judge::Bounds bounds, unsigned laps = 1);

} // namespace dmamap::prove
