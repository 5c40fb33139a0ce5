/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/strategy.h"

namespace dmamap {

/// Frames of the page allocator, in reach of the device if there are such.
struct FromPages {
	template <Machine M>
	[[nodiscard]] static Result<FrameRun> take(M &m, Pages pages, Reach reach) noexcept
	{
		return m.take_pages(pages, reach);
	}

	template <Machine M>
	static void give(M &m, FrameRun run) noexcept
	{
		m.give_pages(run);
	}
};

} // namespace dmamap
