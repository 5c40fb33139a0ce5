/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/strategy/purge.h"

namespace dmamap {

/// PA-RISC (DMAMAP_STRATEGY_PURGE): the TLB is filled by software, on a miss of
/// an access; no walker refills an entry from a PTE that nobody uses.
#ifdef CONFIG_DMAMAP_PURGE_TRAP
using BoardStrategy = Purge<true>;
#else
using BoardStrategy = Purge<false>;
#endif

} // namespace dmamap
