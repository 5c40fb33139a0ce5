// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace hello {

/// Values of the command line.
struct Options {
	uint32_t messages = 1000;
	std::optional<uint32_t> size;		///< of each payload; none: varied
	const char *node = nullptr;		///< nullptr: HCA_DEVICE_NODE
	unsigned int timeout_seconds = 60;
	bool report = false;

	/// Parses the command line; ends the program with a message when it is wrong.
	static Options parse(int argc, char **argv);
};

} // namespace hello
