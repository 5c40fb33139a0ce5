// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include "tools/arguments.h"

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>

namespace chip_model {
namespace {

constexpr char kDoc[] =
	"Model of the HCA chip: polls a register window and does DMA into a board's RAM, "
	"both being files that it shares with QEMU.\v"
	"Numbers may be written in decimal or as 0x..., and may end with K, M or G. RAM file and "
	"window file may be the same file, as long as the two ranges in it do not overlap.\n\n"
	"Models that share a --fabric folder, each with its own --node, are on one fabric: their boards "
	"exchange packets. SIGUSR1 pulls the cable out, SIGUSR2 puts it back.\n\n"
	"SIGTERM and SIGINT end the model in good order: the chip disables its contexts, clears "
	"MAGIC, and the program exits with 0.";

std::optional<uint64_t> parse_number(const char *text)
{
	char *end = nullptr;

	// strtoull() takes "-1" for a huge number, which is never meant.
	if (*text < '0' || *text > '9')
		return std::nullopt;

	errno = 0;
	const unsigned long long value = std::strtoull(text, &end, 0);

	if (errno != 0)
		return std::nullopt;

	unsigned int shift = 0;

	switch (*end) {
	case 'G': case 'g':
		shift += 10;
		[[fallthrough]];
	case 'M': case 'm':
		shift += 10;
		[[fallthrough]];
	case 'K': case 'k':
		shift += 10;
		++end;
		break;
	default:
		break;
	}

	if (*end != '\0' || value > std::numeric_limits<uint64_t>::max() >> shift)
		return std::nullopt;
	return value << shift;
}

uint64_t read_number(const char *option, const char *text, uint64_t, uint64_t most,
		     argp_state *state)
{
	const auto value = parse_number(text);

	if (!value)
		argp_error(state, "--%s: '%s' is not a number", option, text);
	else if (*value > most)
		argp_error(state, "--%s: '%s' is more than %llu", option, text,
			   static_cast<unsigned long long>(most));
	return value.value_or(0);
}

void check_hole(const Options &options, argp_state *state)
{
	const uint64_t first = options.hole_first, bytes = options.hole_bytes;

	if (bytes == 0) {
		if (first != 0)
			argp_error(state, "--ram-hole means nothing without --ram-hole-size");
		return;
	}
	if (first <= options.ram_base || first - options.ram_base >= options.ram_bytes)
		argp_error(state, "--ram-hole must be inside of the RAM: above --ram-base, and less "
				  "than --ram-size above it");
	if (bytes > std::numeric_limits<uint64_t>::max() - options.ram_base - options.ram_bytes)
		argp_error(state, "--ram-hole-size lifts the RAM beyond 64 bits");
}

void check(const Options &options, argp_state *state)
{
	if (options.ram.empty())
		argp_error(state, "--ram is missing: name the file that holds the board's RAM");
	if (options.window.empty())
		argp_error(state, "--window is missing: name the file that holds the window");
	if (options.ram_bytes == 0)
		argp_error(state, "--ram-size is missing or 0: say how much RAM the board has");
	if (options.ram_base > std::numeric_limits<uint64_t>::max() - options.ram_bytes)
		argp_error(state, "--ram-base and --ram-size go beyond 64 bits");
	check_hole(options, state);
	if (options.fabric.empty() && options.node != 0)
		argp_error(state, "--node means nothing without --fabric");
	if (options.ram_offset % 4096 != 0 || options.window_offset % 4096 != 0)
		argp_error(state, "--ram-offset and --window-offset must be multiples of 4096");
}

constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kOfThousand = 1000;
constexpr uint64_t kPositive = 0x7fffffff;

using Option = arguments::Option<Options>;

constexpr Option kOptions[] = {
	Option::heading("The board's RAM:"),
	{"ram", 0, "FILE", "File that holds the board's RAM", &Options::ram},
	{"ram-base", 0, "PHYS", "Physical address of its first byte", &Options::ram_base, 0, kAny},
	{"ram-size", 0, "BYTES", "How much of it the chip may reach", &Options::ram_bytes, 0, kAny},
	{"ram-offset", 0, "OFF", "Where it starts in the file (default 0)",
	 &Options::ram_offset, 0, kAny},
	{"ram-hole", 0, "PHYS", "Physical address from which on there is none for a while, though the "
	 "file goes on",
	 &Options::hole_first, 0, kAny},
	{"ram-hole-size", 0, "BYTES", "How large that hole is (default 0: there is none)",
	 &Options::hole_bytes, 0, kAny},
	Option::heading("The register window:"),
	{"window", 0, "FILE", "File that holds the 1 MiB window", &Options::window},
	{"window-offset", 0, "OFF", "Where it starts in the file (default 0)",
	 &Options::window_offset, 0, kAny},
	{"interrupt-fd", 0, "N", "Eventfd that interrupts the board; without it, there are none",
	 &Options::interrupt_fd, 0, kPositive},
	Option::heading("The fabric:"),
	{"fabric", 0, "FOLDER", "Folder in which the nodes have their sockets", &Options::fabric},
	{"node", 0, "N", "Number of this board, 0 to 15 (default 0)",
	 &Options::node, 0, HCA_NODES - 1},
	{"drop", 0, "N", "Lose N frames of a thousand",
	 [](Options &options) -> uint32_t & { return options.faults.drop; }, 0, kOfThousand},
	{"corrupt", 0, "N", "Change a bit in N frames of a thousand",
	 [](Options &options) -> uint32_t & { return options.faults.corrupt; }, 0, kOfThousand},
	{"duplicate", 0, "N", "Send N frames of a thousand twice",
	 [](Options &options) -> uint32_t & { return options.faults.duplicate; }, 0, kOfThousand},
	{"seed", 0, "N", "Which frames: another number, other frames (default 1)",
	 [](Options &options) -> uint32_t & { return options.faults.seed; }, 0, kPositive},
	Option::heading("Running:"),
	{"trace", 0, "FILE", "Write a line for each thing the chip does (- is stderr)",
	 &Options::trace},
	{"stats", 0, nullptr, "Print counters as one line of JSON at exit", &Options::stats},
	{"wait", 0, "SECONDS", "How long to wait for the files to appear (default 10)",
	 &Options::wait_seconds, 0, kAny},
	{"die-with-parent", 0, nullptr, "End when the parent process ends",
	 &Options::die_with_parent},
};

} // namespace

Options Options::parse(int argc, char **argv)
{
	return arguments::parse<Options>(
		{.options = kOptions, .doc = kDoc, .read = read_number, .check = check}, argc,
		argv);
}

} // namespace chip_model
