// SPDX-License-Identifier: GPL-2.0
#include "stopwatch.h"

#include <cmath>
#include <ctime>

namespace stopwatch {
namespace {

constexpr uint32_t kNops = 64;
constexpr uint32_t kRounds = 4096;
constexpr uint32_t kKnown = kNops * kRounds;
constexpr int kTimes = 20;
constexpr double kExact = 0.001, kMeasured = 0.02;

void nops() noexcept
{
	for (uint32_t i = 0; i < kRounds; ++i)
		asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(kNops));
}

void nops_twice() noexcept
{
	for (uint32_t i = 0; i < kRounds; ++i)
		asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(2 * kNops));
}

// Nanoseconds of `kKnown` instructions.
double ns_of_known() noexcept
{
	LeastTime once, twice;

	for (int i = 0; i < kTimes; ++i) {
		once.take(nops);
		twice.take(nops_twice);
	}
	return static_cast<double>(twice.ns()) - static_cast<double>(once.ns());
}

} // namespace

uint64_t now_ns() noexcept
{
	timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

// A clock that counts instructions shows one instruction a nanosecond, each time. The ratio may be
// a little off, because the kernel may have measured the clock's frequency. With any other clock,
// nops may take no time at all (QEMU drops them), or the ratio may be whole by chance.
double instructions_per_ns() noexcept
{
	const double first = kKnown / ns_of_known();
	const double again = kKnown / ns_of_known();
	const bool exact = std::abs(first - 1) <= kMeasured && std::abs(first - again) <= kExact;

	return exact ? first : 0;
}

} // namespace stopwatch
