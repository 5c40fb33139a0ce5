/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kunit/prove/programs.h"

/// The entry of a target, which libFuzzer, or fuzz_driver.cc in its place, calls
/// with each input. The target aborts when it has found something.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace dmamap::prove {

/// The bytes of an input, one after another, and zeroes after its end.
class Bytes {
public:
	Bytes(const std::uint8_t *data, std::size_t size) : at_(data), end_(data + size) {}

	[[nodiscard]] bool empty() const noexcept { return at_ == end_; }
	std::uint8_t next() noexcept { return empty() ? 0 : *at_++; }
	/// A number below @n, which is not more than 256.
	std::size_t below(std::size_t n) noexcept { return next() % n; }

private:
	const std::uint8_t *at_;
	const std::uint8_t *end_;
};

/// A strategy, and a machine with a device that the strategy is for.
struct Fit {
	const StrategyInfo *strategy;
	const judge::Profile *profile;
};

/// All fits.
[[nodiscard]] inline const std::vector<Fit> &fits()
{
	static const std::vector<Fit> all = [] {
		std::vector<Fit> made;

		for (const StrategyInfo &s : strategies())
			for (const judge::Profile &p : judge::profiles())
				if (s.snooped == p.device_snoops)
					made.push_back({&s, &p});
		return made;
	}();

	return all;
}

} // namespace dmamap::prove
