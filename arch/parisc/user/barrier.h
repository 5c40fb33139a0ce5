// SPDX-License-Identifier: GPL-2.0
// Order of a process's accesses as a device sees them. PA-RISC 1.1 Architecture and Instruction
// Set Reference Manual, SYNC: later accesses wait until earlier ones are complete.
#pragma once

namespace libhca {

/// Earlier stores before later stores.
inline void order_stores() noexcept { asm volatile("sync" ::: "memory"); }

/// Earlier loads before later loads.
inline void order_loads() noexcept { asm volatile("sync" ::: "memory"); }

/// Earlier loads and stores before later ones.
inline void order_all() noexcept { asm volatile("sync" ::: "memory"); }

} // namespace libhca
