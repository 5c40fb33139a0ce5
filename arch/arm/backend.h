/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/highmem.h"
#include "dma/strategy/unmap.h"

namespace dmamap {

/// ARMv7: lowmem is mapped by sections that each process copies into its own L1
/// table, so it can't be edited at run time; but for the contiguous area, which
/// Linux maps by pages if it lies there.
#ifdef CONFIG_DMAMAP_STRATEGY_UNMAP
using BoardStrategy = UnmapCma;
#else
using BoardStrategy = Highmem;
#endif

} // namespace dmamap
