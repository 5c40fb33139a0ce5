// SPDX-License-Identifier: GPL-2.0
/// Values and layouts that both sides of the boundary have under a name of their own.
/// check.c has the numbers of the kernel.
#include <cstddef>

#include "dma/abi/layer.h"
#include "dma/abi/status.h"
#include "dma/core/machine.h"
#include "dma/core/region.h"
#include "dma/core/user_map.h"

namespace dmamap {

static_assert(to_c(Errno::inval) == DMAMAP_INVAL);
static_assert(to_c(Errno::busy) == DMAMAP_BUSY);
static_assert(to_c(Errno::nxio) == DMAMAP_NXIO);

static_assert(static_cast<u32>(Linear::cached) == DMAMAP_LINEAR_CACHED);
static_assert(static_cast<u32>(Attribute::write_combine) == DMAMAP_ATTR_WRITE_COMBINE);
static_assert(static_cast<u32>(CmaPlacement::unusable) == DMAMAP_CMA_UNUSABLE);
static_assert(static_cast<u32>(CpuFit::aliases) == DMAMAP_CPU_ALIASES);
static_assert(static_cast<u32>(StrategyId::adopted) == DMAMAP_STRATEGY_ADOPTED);

/* Segments of C and C++ have one layout, so that no fault has to copy the table. */
static_assert(sizeof(UserSegment) == sizeof(dmamap_core_segment));
static_assert(offsetof(UserSegment, region_bytes) == offsetof(dmamap_core_segment, region_bytes));
static_assert(offsetof(UserSegment, offset) == offsetof(dmamap_core_segment, offset));
static_assert(offsetof(UserSegment, bytes) == offsetof(dmamap_core_segment, bytes));

} // namespace dmamap
