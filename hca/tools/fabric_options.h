// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace fabric {

/// Values of the command line and the environment.
struct Options {
	std::vector<uint32_t> nodes;		///< all of the run, this board or not
	uint32_t messages = 1000;		///< to each other node, and from it
	std::optional<uint32_t> size;		///< of each payload; none: varied
	const char *node = nullptr;		///< nullptr: HCA_DEVICE_NODE
	unsigned int timeout_seconds = 60;
	bool report = false;

	/// Parses environment and command line; ends the program with a message when it is wrong.
	static Options parse(int argc, char **argv);
};

} // namespace fabric
