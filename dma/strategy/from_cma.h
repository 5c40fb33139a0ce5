/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/strategy.h"

namespace dmamap {

/// Frames of the contiguous area, which the page cache may use until they are taken.
struct FromCma {
	template <Machine M>
	[[nodiscard]] static Result<FrameRun> take(M &m, Pages pages, Reach reach) noexcept
	{
		return m.take_cma(pages, reach);
	}

	template <Machine M>
	static void give(M &m, FrameRun run) noexcept
	{
		m.give_cma(run);
	}
};

} // namespace dmamap
