// SPDX-License-Identifier: GPL-2.0
// Order of a process's accesses as a device sees them. The memory may be write-combining, which
// keeps neither the order of stores nor that of loads: the fences are needed even on x86.
// Intel SDM volume 3, "Memory Ordering", and volume 1, "SFENCE", "LFENCE", "MFENCE".
#pragma once

namespace libhca {

/// Earlier stores before later stores; write-combining buffers are drained.
inline void order_stores() noexcept { asm volatile("sfence" ::: "memory"); }

/// Earlier loads before later loads.
inline void order_loads() noexcept { asm volatile("lfence" ::: "memory"); }

/// Earlier loads and stores before later ones.
inline void order_all() noexcept { asm volatile("mfence" ::: "memory"); }

} // namespace libhca
