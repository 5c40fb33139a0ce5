// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "faulty_wire.h"

#include <cstdint>
#include <optional>
#include <string>

namespace chip_model {

/// The options of the command line.
struct Options {
	std::string ram;
	uint64_t ram_base = 0;
	uint64_t ram_bytes = 0;
	uint64_t ram_offset = 0;
	uint64_t hole_first = 0;
	uint64_t hole_bytes = 0;	///< 0: none
	std::string window;
	uint64_t window_offset = 0;
	std::string fabric;		///< folder of the sockets; empty: no fabric
	uint32_t node = 0;
	Faults faults;
	std::optional<uint32_t> interrupt_fd;	///< none: the chip has no interrupt line
	std::string trace;		///< empty: no trace
	unsigned int wait_seconds = 10;
	bool stats = false;
	bool die_with_parent = false;

	/// Parses the command line; ends the program with a message when it is wrong.
	static Options parse(int argc, char **argv);
};

} // namespace chip_model
