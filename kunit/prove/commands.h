/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kunit/prove/plan.h"

namespace dmamap::prove {

/// The options of the command line.
struct Options {
	const StrategyInfo *strategy = nullptr;     ///< null: all
	const judge::Profile *profile = nullptr;    ///< null: all that fit
	Part part = Part::full;
	unsigned jobs = 0;                          ///< 0: one for each CPU
	std::uint64_t memory_gib = 0;               ///< for all searches; 0: most of what is free
	bool guarantee = true;
	unsigned pages = 1;
	std::string order;
	std::uint64_t steps = 100'000'000;
	std::uint64_t seed = 1;
	std::uint64_t walks = 0;                    ///< 0: as many as the steps take
};

/// Each returns whether nothing was broken and nothing was left out.
[[nodiscard]] bool prove(const Options &options);
[[nodiscard]] bool judge_order(const Options &options);
[[nodiscard]] bool soak(const Options &options);

/// "12.3 M", for progress and tables.
[[nodiscard]] std::string millions(std::uint64_t count);

} // namespace dmamap::prove
