// SPDX-License-Identifier: GPL-2.0
#include "fabric_options.h"

#include "arguments.h"
#include "hca.h"

#include <algorithm>
#include <cstdlib>
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

std::vector<uint32_t> nodes_of(const std::string &list, argp_state *state)
{
	std::vector<uint32_t> nodes;

	for (std::size_t at = 0; at <= list.size();) {
		const std::size_t end = std::min(list.find(',', at), list.size());
		const std::string node = list.substr(at, end - at);

		nodes.push_back(arguments::number(node.c_str(), 0, HCA_NODES - 1, state));
		at = end + 1;
	}
	return nodes;
}

void read_environment(Options &options, argp_state *state)
{
	if (const char *list = std::getenv("NODES"))
		options.nodes = nodes_of(list, state);
	if (const char *count = std::getenv("MESSAGES"))
		options.messages = arguments::number(count, 1, kMessagesMost, state);
}

void check(const Options &options, argp_state *state)
{
	if (options.nodes.size() < 2)
		argp_error(state, "--nodes names fewer than two boards");
}

constexpr arguments::Option<Options> kOptions[] = {
	{"nodes", 'N', "LIST", "Numbers of the boards, with commas between them",
	 [](Options &options, const char *list, argp_state *state) {
		 options.nodes = nodes_of(list, state);
	 }},
	{"messages", 'm', "N", "How many to each board, and from it (default 1000)",
	 &Options::messages, 1, kMessagesMost},
	{"size", 's', "BYTES", "Payload of each message (default: varied)",
	 &Options::size, 0, HCA_PAYLOAD_MAX},
	{"device", 'd', "FILE", "Device node (default " HCA_DEVICE_NODE ")", &Options::node},
	{"report", 'r', nullptr, "Print lines '@dmamap fabric.FROM.TO RECEIVED CORRUPT RATE'",
	 &Options::report},
	{"timeout", 't', "SECONDS", "Give up after so long (default 60)",
	 &Options::timeout_seconds, 1, 1000000},
};

} // namespace

Options Options::parse(int argc, char **argv)
{
	return arguments::parse<Options>(
		{.options = kOptions, .doc = kDoc, .begin = read_environment, .check = check},
		argc, argv);
}

} // namespace fabric
