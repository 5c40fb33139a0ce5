// SPDX-License-Identifier: GPL-2.0
// Order of a process's accesses as another thread sees them: in tests, the chip is a thread.
#pragma once

namespace libhca {

/// Earlier stores before later stores.
inline void order_stores() noexcept { __sync_synchronize(); }

/// Earlier loads before later loads.
inline void order_loads() noexcept { __sync_synchronize(); }

/// Earlier loads and stores before later ones.
inline void order_all() noexcept { __sync_synchronize(); }

} // namespace libhca
