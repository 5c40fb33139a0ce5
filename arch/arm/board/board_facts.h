// SPDX-License-Identifier: GPL-2.0
/// @file
/// Facts of the board for the test programs that run on it.
#pragma once

namespace board {

/// Debuggers see what has no pages only where the kernel asks the driver for it
/// (HAVE_IOREMAP_PROT, mm/memory.c, __access_remote_vm).
constexpr bool kDebuggersAskDrivers = false;

/// Does the chip ring?
constexpr bool kInterrupt = true;

} // namespace board
