/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/abi/layer.h"
#include "dma/core/region.h"

namespace dmamap {

/* A region as it crosses the boundary. */

inline void store(const Region &from, dmamap_core_region &to) noexcept
{
	to.pfn = from.run.first.raw();
	to.pages = from.run.pages.count();
	to.cpu = from.cpu.raw();
	to.bus = from.bus.raw();
	to.strategy = static_cast<u32>(from.strategy);
	to.attribute = static_cast<u32>(from.attribute);
	to.behind = static_cast<u32>(from.behind);
	to.tail_frames = from.tail_frames;
	to.chunk = from.chunk;
}

[[nodiscard]] inline Region load(const dmamap_core_region &from) noexcept
{
	return {
		.run = {Pfn(from.pfn), Pages(from.pages)},
		.cpu = CpuAddr(from.cpu),
		.bus = BusAddr(from.bus),
		.strategy = static_cast<StrategyId>(from.strategy),
		.attribute = static_cast<Attribute>(from.attribute),
		.behind = static_cast<Behind>(from.behind),
		.tail_frames = from.tail_frames,
		.chunk = from.chunk,
	};
}

} // namespace dmamap
