// SPDX-License-Identifier: GPL-2.0
// Shows an HCA: its state, the nodes on the fabric, the chip's counters. Changes nothing.
#include "arguments.h"
#include "hca.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace {

struct Options {
	std::string name = "hca0";
	bool json = false;
};

struct Row {
	const char *key;	///< file below the device's folder
	const char *says;
	bool is_number;
};

constexpr Row kRows[] = {
	{"state", "state of the chip", false},
	{"abi", "version of the interface", true},
	{"link", "link", false},
	{"counters/node", "number on the fabric", true},
	{"peers", "other nodes", false},
	{"contexts", "contexts in use", true},
	{"contexts_max", "contexts there are", true},
	{"partitions", "partitions that are open", false},
	{"resets", "resets", true},
	{"wait", "who sleeps is woken by", false},
	{"counters/interrupts", "interrupts", true},
	{"counters/looks", "looks of the timer", true},
	{"counters/packets", "packets delivered here", true},
	{"counters/sent", "packets sent to other nodes", true},
	{"counters/retries", "frames sent again", true},
	{"counters/errors", "errors", true},
	{"counters/bad_length", "... packets too long", true},
	{"counters/bad_dest", "... to nobody", true},
	{"counters/bad_partition", "... into another partition", true},
	{"counters/link_down", "... without a link", true},
	{"counters/timeout", "... to nodes that gave no answer", true},
	{"counters/bad_address", "... memory that isn't there", true},
	{"counters/bad_setup", "... contexts set up wrong", true},
	{"counters/crc", "... frames damaged", true},
	{"counters/sequence", "... frames that came twice", true},
	{"counters/bad_frame", "... frames that are none", true},
};

constexpr char kDoc[] =
	"Shows an HCA: state, fabric, counters."
	"\vExit status 0 says that the chip is alive, 1 that it isn't, 2 that there is none.";

constexpr arguments::Option<Options> kOptions[] = {
	{"json", 'j', nullptr, "One JSON object instead of a table", &Options::json},
};

void take_device(Options &options, const char *name, argp_state *state)
{
	if (state->arg_num != 0)
		argp_error(state, "one device only");
	if (std::string_view(name).find('/') != std::string_view::npos)
		argp_error(state, "'%s' is no name like hca0", name);
	options.name = name;
}

std::optional<std::string> read_value(const Options &options, const char *key)
{
	std::ifstream file("/sys/class/misc/" + options.name + "/" + key);
	std::string value;

	if (!file)
		return std::nullopt;
	std::getline(file, value);
	return value;
}

// Values need no escapes: the driver writes neither quotes nor backslashes.
void print(const Options &options, const Row &row, const std::string &value, bool first)
{
	if (!options.json)
		std::printf("%-32s %s\n", row.says, value.empty() ? "none" : value.c_str());
	else if (row.is_number)
		std::printf("%s\"%s\": %s", first ? "" : ", ", row.key, value.c_str());
	else
		std::printf("%s\"%s\": \"%s\"", first ? "" : ", ", row.key, value.c_str());
}

} // namespace

int main(int argc, char **argv)
{
	const Options options = arguments::parse<Options>(
		{.options = kOptions, .doc = kDoc, .args_doc = "[DEVICE]", .argument = take_device},
		argc, argv);

	const auto state = read_value(options, "state");

	if (!state) {
		std::fprintf(stderr, "hca-info: there is no device %s: %s\n", options.name.c_str(),
			     std::strerror(errno));
		return 2;
	}
	if (options.json)
		std::printf("{");
	for (const Row &row : kRows) {
		const auto value = read_value(options, row.key);

		if (value)
			print(options, row, *value, &row == kRows);
	}
	if (options.json)
		std::printf("}\n");
	return *state == "alive" ? EXIT_SUCCESS : EXIT_FAILURE;
}
