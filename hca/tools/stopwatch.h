// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

/// Counts instructions of a process on a board whose clock counts them: with QEMU's -icount
/// shift=0, a nanosecond is one instruction of the CPU that runs.
namespace stopwatch {

/// Nanoseconds of a clock that only goes forward.
uint64_t now_ns() noexcept;

/// How many instructions a nanosecond of the clock is, found with a known number of nops; 0 when
/// the clock doesn't count instructions.
double instructions_per_ns() noexcept;

/// Keeps the least of several times: the least has no timer interrupt in it.
class LeastTime {
public:
	template <typename Work>
	void take(Work work) noexcept
	{
		const uint64_t start = now_ns();

		work();
		ns_ = std::min(ns_, now_ns() - start);
	}

	uint64_t ns() const noexcept { return ns_; }

private:
	uint64_t ns_ = std::numeric_limits<uint64_t>::max();
};

} // namespace stopwatch
