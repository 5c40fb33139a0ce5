/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/strategy.h"

namespace dmamap {

/// The kind of memory behind an address of a region; values are part of the
/// boundary and of enum dmamap_behind.
enum class Behind : std::uint32_t { page, reserved, device };

/// One coherent buffer as the layer knows it. A plain value: the region's owner (a
/// driver's handle, a test) stores it, and in the end passes it to Layer::release().
struct Region {
	FrameRun run;
	CpuAddr cpu;
	BusAddr bus;
	StrategyId strategy = StrategyId::snooped;
	Attribute attribute = Attribute::cached;
	Behind behind = Behind::page;
	std::uint16_t tail_frames = 0;      ///< frames after the run that were flipped with it
	std::uint16_t chunk = 0;      ///< number of the pool's chunk, from 1; 0: not of the pool

	[[nodiscard]] constexpr bool flipped() const noexcept
	{
		return strategy != StrategyId::snooped && strategy != StrategyId::adopted;
	}
};

/// Tagged answer to "what is behind this address?".
struct Resolution {
	Pfn pfn;
	Behind behind;
	Attribute attribute;
};

/// Resolves an address pair inside @region.
///
/// The kernel's and the device's address must name the same byte: a driver that
/// mixes up two buffers gets an error instead of the wrong buffer's frame.
[[nodiscard]] constexpr Result<Resolution> resolve(const Region &region, CpuAddr cpu,
						   BusAddr bus) noexcept
{
	/* An address below the region's start wraps to an offset far beyond its end. */
	const std::uint64_t offset = bus - region.bus;

	if (offset >= region.run.pages.bytes() || cpu - region.cpu != offset)
		return fail(Errno::inval);
	return Resolution{region.run.first + (offset >> kPageShift), region.behind,
			  region.attribute};
}

} // namespace dmamap
