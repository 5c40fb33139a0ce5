// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include "arguments.h"
#include "hca.h"

namespace hello {
namespace {

constexpr char kDoc[] =
	"Two processes say hello through the HCA: one writes packets with checksums into its PIO "
	"buffers, the other reads them from its eager buffers, neither making a system call."
	"\vExit status 0 says that every message arrived once, in order and intact.";

constexpr arguments::Option<Options> kOptions[] = {
	{"messages", 'm', "N", "How many messages (default 1000)",
	 &Options::messages, 1, 1000000000},
	{"size", 's', "BYTES", "Payload of each message (default: varied)",
	 &Options::size, 0, HCA_PAYLOAD_MAX},
	{"node", 'n', "FILE", "Device node (default " HCA_DEVICE_NODE ")", &Options::node},
	{"report", 'r', nullptr, "Print lines '@dmamap KEY VALUE' as well", &Options::report},
	{"timeout", 't', "SECONDS", "Give up after so long (default 60)",
	 &Options::timeout_seconds, 1, 1000000},
};

} // namespace

Options Options::parse(int argc, char **argv)
{
	return arguments::parse<Options>({.options = kOptions, .doc = kDoc}, argc, argv);
}

} // namespace hello
