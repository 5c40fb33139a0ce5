// SPDX-License-Identifier: GPL-2.0
// Order of a process's accesses as a device sees them. Devices are in the outer shareable domain,
// so the compiler's barriers (inner shareable) are too weak. DSB is for stores that must not
// linger in a write buffer. ARM DDI 0406C, A3.8.3 "Memory barriers".
#pragma once

namespace libhca {

/// Earlier stores before later stores; write buffers are drained.
inline void order_stores() noexcept { asm volatile("dsb st" ::: "memory"); }

/// Earlier loads before later loads.
inline void order_loads() noexcept { asm volatile("dmb osh" ::: "memory"); }

/// Earlier loads and stores before later ones.
inline void order_all() noexcept { asm volatile("dmb osh" ::: "memory"); }

} // namespace libhca
