// SPDX-License-Identifier: GPL-2.0
/// @file
/// What test programs have to know of the board that they run on.
#pragma once

namespace board {

/// Debuggers see what has no pages only where the kernel asks the driver for it
/// (HAVE_IOREMAP_PROT, mm/memory.c, __access_remote_vm).
constexpr bool kDebuggersAskDrivers = true;

/// Does the chip ring?
constexpr bool kInterrupt = true;

} // namespace board
