// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include "hca.h"
#include "number.h"

#include <argp.h>

namespace hello {
namespace {

enum Key : int {
	kMessages = 'm',
	kSize = 's',
	kNode = 'n',
	kReport = 'r',
	kTimeout = 't',
};

constexpr char kDoc[] =
	"Two processes say hello through the HCA: one writes packets with checksums into its PIO "
	"buffers, the other reads them from its eager buffers, neither making a system call."
	"\vExit status 0 says that every message arrived once, in order and intact.";

constexpr argp_option kOptions[] = {
	{"messages", kMessages, "N", 0, "How many messages (default 1000)", 0},
	{"size", kSize, "BYTES", 0, "Payload of each message (default: varied)", 0},
	{"node", kNode, "FILE", 0, "Device node (default " HCA_DEVICE_NODE ")", 0},
	{"report", kReport, nullptr, 0, "Print lines '@dmamap KEY VALUE' as well", 0},
	{"timeout", kTimeout, "SECONDS", 0, "Give up after so long (default 60)", 0},
	{nullptr, 0, nullptr, 0, nullptr, 0},
};

error_t parse_option(int key, char *arg, argp_state *state)
{
	auto &options = *static_cast<Options *>(state->input);

	switch (key) {
	case kMessages:
		options.messages = number(arg, 1, 1000000000, state);
		return 0;
	case kSize:
		options.size = number(arg, 0, HCA_PAYLOAD_MAX, state);
		return 0;
	case kNode:
		options.node = arg;
		return 0;
	case kReport:
		options.report = true;
		return 0;
	case kTimeout:
		options.timeout_seconds = number(arg, 1, 1000000, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
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

} // namespace hello
