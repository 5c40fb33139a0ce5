/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/highmem.h"

namespace dmamap {

/// ARMv7 (DMAMAP_STRATEGY_HIGHMEM): lowmem is mapped by sections that each
/// process copies into its own L1 table, so it can't be edited at run time.
using BoardStrategy = Highmem;

} // namespace dmamap
