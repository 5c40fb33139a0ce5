// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_abi.h"
#include "options.h"
#include "pipe.h"

#include <cstdint>

namespace hello {

enum class Role { sender, receiver };

/// First message of a peer to its parent: its context, or the reason why it has none.
struct Introduction {
	int32_t error;		///< negative errno of hca_open()
	hca_context_info info;
};

/// Answer of the parent when both peers are there: the data path may start.
struct Orders {
	uint32_t address;	///< of the other peer
};

/// Last message of a peer: its result.
struct Outcome {
	int32_t error;		///< negative errno of sending or receiving
	uint32_t messages;
	uint32_t corrupt;	///< receiver only
	uint32_t refused;	///< sender only: packets that the chip refused
	uint32_t strict;	///< 1: a system call would have killed the peer
};

/// Progress of a peer that can't make a system call to tell it; in shared memory.
struct Progress {
	volatile uint32_t sent;
	volatile uint32_t received;
};

/// The child's whole life. Never returns.
[[noreturn]] void run_peer(Role role, const Options &options, const Pipe &in, const Pipe &out,
			   Progress &progress) noexcept;

} // namespace hello
