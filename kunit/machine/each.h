/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "kunit/machine/line.h"

namespace dmamap::sim {

[[nodiscard]] constexpr bool contains(FrameRun run, Pfn pfn) noexcept
{
	return pfn >= run.first && pfn < run.end();
}

template <class Fn>
void each_frame(FrameRun run, Fn fn)
{
	for (Pfn pfn = run.first; pfn < run.end(); pfn = pfn + 1)
		fn(pfn);
}

template <class Fn>
void each_line(Pfn pfn, Fn fn)
{
	for (std::uint64_t i = 0; i < kLines; ++i)
		fn(Line{pfn, i});
}

} // namespace dmamap::sim
