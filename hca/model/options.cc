// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <argp.h>

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>

namespace chip_model {
namespace {

enum Key : int {
	kRam = 0x100,
	kRamBase,
	kRamSize,
	kRamOffset,
	kWindow,
	kWindowOffset,
	kInterruptFd,
	kFabric,
	kNode,
	kDrop,
	kCorrupt,
	kDuplicate,
	kSeed,
	kTrace,
	kStats,
	kDieWithParent,
	kWait,
};

constexpr char kDoc[] =
	"Model of the HCA chip: polls a register window and does DMA into a board's RAM, "
	"both being files that it shares with QEMU.\v"
	"Numbers may be written in decimal or as 0x..., and may end with K, M or G. RAM file and "
	"window file may be the same file, as long as the two ranges in it do not overlap.\n\n"
	"Models that share a --fabric folder, each with its own --node, are on one fabric: their boards "
	"exchange packets. SIGUSR1 pulls the cable out, SIGUSR2 puts it back.\n\n"
	"SIGTERM and SIGINT end the model in good order: the chip disables its contexts, clears "
	"MAGIC, and the program exits with 0.";

constexpr argp_option kOptions[] = {
	{nullptr, 0, nullptr, 0, "The board's RAM:", 1},
	{"ram", kRam, "FILE", 0, "File that holds the board's RAM", 1},
	{"ram-base", kRamBase, "PHYS", 0, "Physical address of its first byte", 1},
	{"ram-size", kRamSize, "BYTES", 0, "How much of it the chip may reach", 1},
	{"ram-offset", kRamOffset, "OFF", 0, "Where it starts in the file (default 0)", 1},
	{nullptr, 0, nullptr, 0, "The register window:", 2},
	{"window", kWindow, "FILE", 0, "File that holds the 1 MiB window", 2},
	{"window-offset", kWindowOffset, "OFF", 0, "Where it starts in the file (default 0)", 2},
	{"interrupt-fd", kInterruptFd, "N", 0, "Eventfd that interrupts the board; without it, there are none", 2},
	{nullptr, 0, nullptr, 0, "The fabric:", 3},
	{"fabric", kFabric, "FOLDER", 0, "Folder in which the nodes have their sockets", 3},
	{"node", kNode, "N", 0, "Number of this board, 0 to 15 (default 0)", 3},
	{"drop", kDrop, "N", 0, "Lose N frames of a thousand", 3},
	{"corrupt", kCorrupt, "N", 0, "Change a bit in N frames of a thousand", 3},
	{"duplicate", kDuplicate, "N", 0, "Send N frames of a thousand twice", 3},
	{"seed", kSeed, "N", 0, "Which frames: another number, other frames (default 1)", 3},
	{nullptr, 0, nullptr, 0, "Running:", 4},
	{"trace", kTrace, "FILE", 0, "Write a line for each thing the chip does (- is stderr)", 4},
	{"stats", kStats, nullptr, 0, "Print counters as one line of JSON at exit", 4},
	{"wait", kWait, "SECONDS", 0, "How long to wait for the files to appear (default 10)", 4},
	{"die-with-parent", kDieWithParent, nullptr, 0, "End when the parent process ends", 4},
	{nullptr, 0, nullptr, 0, nullptr, 0},
};

std::optional<uint64_t> parse_number(const char *text)
{
	char *end = nullptr;

	// strtoull takes "-1" for a huge number; nobody means that.
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

uint64_t number(const char *what, const char *text, argp_state *state)
{
	const auto value = parse_number(text);

	if (!value)
		argp_error(state, "--%s: '%s' is not a number", what, text);
	return value.value_or(0);
}

uint32_t below(uint32_t end, const char *what, const char *text, argp_state *state)
{
	const uint64_t value = number(what, text, state);

	if (value >= end)
		argp_error(state, "--%s: '%s' is more than %u", what, text, end - 1);
	return static_cast<uint32_t>(value);
}

// True when the option is one of the fabric's.
bool parse_fabric(int key, const char *arg, argp_state *state, Options &options)
{
	switch (key) {
	case kFabric:
		options.fabric = arg;
		return true;
	case kNode:
		options.node = below(HCA_NODES, "node", arg, state);
		return true;
	case kDrop:
		options.faults.drop = below(1001, "drop", arg, state);
		return true;
	case kCorrupt:
		options.faults.corrupt = below(1001, "corrupt", arg, state);
		return true;
	case kDuplicate:
		options.faults.duplicate = below(1001, "duplicate", arg, state);
		return true;
	case kSeed:
		options.faults.seed = below(0x80000000, "seed", arg, state);
		return true;
	default:
		return false;
	}
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
	if (options.fabric.empty() && options.node != 0)
		argp_error(state, "--node means nothing without --fabric");
	if (options.ram_offset % 4096 != 0 || options.window_offset % 4096 != 0)
		argp_error(state, "--ram-offset and --window-offset must be multiples of 4096");
}

error_t parse_option(int key, char *arg, argp_state *state)
{
	auto &options = *static_cast<Options *>(state->input);

	if (parse_fabric(key, arg, state, options))
		return 0;
	switch (key) {
	case kRam:
		options.ram = arg;
		return 0;
	case kRamBase:
		options.ram_base = number("ram-base", arg, state);
		return 0;
	case kRamSize:
		options.ram_bytes = number("ram-size", arg, state);
		return 0;
	case kRamOffset:
		options.ram_offset = number("ram-offset", arg, state);
		return 0;
	case kWindow:
		options.window = arg;
		return 0;
	case kWindowOffset:
		options.window_offset = number("window-offset", arg, state);
		return 0;
	case kInterruptFd:
		options.interrupt_fd = static_cast<int>(below(0x80000000, "interrupt-fd", arg, state));
		return 0;
	case kTrace:
		options.trace = arg;
		return 0;
	case kStats:
		options.stats = true;
		return 0;
	case kDieWithParent:
		options.die_with_parent = true;
		return 0;
	case kWait:
		options.wait_seconds = static_cast<unsigned int>(number("wait", arg, state));
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		check(options, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

} // namespace

Options Options::parse(int argc, char **argv)
{
	const argp parser = {kOptions, parse_option, nullptr, kDoc, nullptr, nullptr, nullptr};
	Options options;

	argp_parse(&parser, argc, argv, 0, nullptr, &options);
	return options;
}

} // namespace chip_model
