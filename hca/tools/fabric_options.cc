// SPDX-License-Identifier: GPL-2.0
#include "fabric_options.h"

#include "hca.h"
#include "number.h"

#include <argp.h>

#include <algorithm>
#include <string>

namespace fabric {
namespace {

// A tag has 24 bits for the number of a message, and each of them is used once.
constexpr uint32_t kMessagesMost = 1u << 24;

constexpr char kDoc[] =
	"One board's part of a fabric run: exchanges checksummed messages with the same program on "
	"every other board, in both directions at once."
	"\vNODES and MESSAGES may come from the environment, too: a kernel command line is one. "
	"Exit status 0 says that every message came once, in order and intact, and that all that was "
	"sent was taken.";

constexpr argp_option kOptions[] = {
	{"nodes", 'N', "LIST", 0, "Numbers of the boards, with commas between them", 0},
	{"messages", 'm', "N", 0, "How many to each board, and from it (default 1000)", 0},
	{"size", 's', "BYTES", 0, "Payload of each message (default: varied)", 0},
	{"device", 'd', "FILE", 0, "Device node (default " HCA_DEVICE_NODE ")", 0},
	{"report", 'r', nullptr, 0, "Print lines '@dmamap fabric.FROM.TO RECEIVED CORRUPT RATE'", 0},
	{"timeout", 't', "SECONDS", 0, "Give up after so long (default 60)", 0},
	{nullptr, 0, nullptr, 0, nullptr, 0},
};

std::vector<uint32_t> nodes_of(const std::string &list, argp_state *state)
{
	std::vector<uint32_t> nodes;

	for (std::size_t at = 0; at <= list.size();) {
		const std::size_t end = std::min(list.find(',', at), list.size());

		nodes.push_back(number(list.substr(at, end - at).c_str(), 0, HCA_NODES - 1, state));
		at = end + 1;
	}
	return nodes;
}

error_t parse_option(int key, char *arg, argp_state *state)
{
	auto &options = *static_cast<Options *>(state->input);

	switch (key) {
	case ARGP_KEY_INIT:
		if (const char *list = std::getenv("NODES"))
			options.nodes = nodes_of(list, state);
		if (const char *count = std::getenv("MESSAGES"))
			options.messages = number(count, 1, kMessagesMost, state);
		return 0;
	case 'N':
		options.nodes = nodes_of(arg, state);
		return 0;
	case 'm':
		options.messages = number(arg, 1, kMessagesMost, state);
		return 0;
	case 's':
		options.size = number(arg, 0, HCA_PAYLOAD_MAX, state);
		return 0;
	case 'd':
		options.node = arg;
		return 0;
	case 'r':
		options.report = true;
		return 0;
	case 't':
		options.timeout_seconds = number(arg, 1, 1000000, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		if (options.nodes.size() < 2)
			argp_error(state, "--nodes names fewer than two boards");
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

} // namespace fabric
