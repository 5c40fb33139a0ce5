/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/unmap.h"

namespace dmamap {

/// x86 (DMAMAP_STRATEGY_UNMAP): the linear map is made of pages that CPA can
/// edit at run time, and every CPU can be told to purge its TLB.
using BoardStrategy = Unmap;

} // namespace dmamap
