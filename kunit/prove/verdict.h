/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <optional>

#include "kunit/prove/search.h"

namespace dmamap::prove {

/// All rules that @program breaks, or the first one only. Nothing if the
/// search found none and had no room to reach the end.
[[nodiscard]] std::optional<Rules> searched(const Program &program,
					    const judge::Profile &profile,
					    judge::Bounds bounds, Search::Limits limits);

/// What the may-oracle says of the same events, @laps times one after another
/// if the program goes on where it began. One frame.
[[nodiscard]] Rules by_oracle(const Program &program, const judge::Profile &profile,
			      judge::Bounds bounds, unsigned laps = 1);

} // namespace dmamap::prove
