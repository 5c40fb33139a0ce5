// SPDX-License-Identifier: GPL-2.0
// What the layer says of itself: regions by name, the reason for each strategy, the pool.
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

constexpr const char *kRegions = "/sys/kernel/debug/dmamap/regions";
constexpr const char *kPool = "/sys/kernel/debug/dmamap/pool";
constexpr const char *kStrategy = "/sys/kernel/debug/dmamap/strategy";

struct Line {
	std::string device, name, strategy, reason, aliases, behind;
};

// Every line of the file; one that is not as documented is left out and reported.
std::vector<Line> regions(tap::Report &tap)
{
	static const std::regex form(
		"(\\S+) (\\S+): (\\w+), ([^,;]+), (1 alias|[0-9]+ aliases); "
		"(page|reserved|device) pfn 0x[0-9a-f]+ pages [0-9]+ bus (0x)?[0-9a-f]+"
		"( revoked)?");
	std::vector<Line> found;
	bool good = true;

	for (const std::string &line : lines_of(read_file(kRegions))) {
		std::smatch part;

		if (std::regex_match(line, part, form))
			found.push_back({part[1], part[2], part[3], part[4], part[5], part[6]});
		else
			std::printf("# not as documented: %s\n", line.c_str());
		good &= !part.empty();
	}
	tap.ok(good && !found.empty(), "each of %zu lines has the documented form", found.size());
	return found;
}

std::set<std::string> wanted_names(const RawContext &context)
{
	const std::string number = "." + std::to_string(context.info().context);
	std::set<std::string> names = {"rcvhdrq" + number, "pioavail" + number};

	for (unsigned int i = 0; i < context.info().kind[HCA_KIND_EAGER].segments; ++i)
		names.insert("eager" + number + "." + std::to_string(i));
	return names;
}

void test_regions(tap::Report &tap)
{
	const std::string board = read_file(kStrategy);
	std::set<std::string> missing = {"global", "users", "control", "pio"};
	std::string device, strategy;
	RawContext context;
	bool good = true, alone = true;

	tap.gives(0, context.open_context(), "a context opens");
	missing.merge(wanted_names(context));
	for (const Line &line : regions(tap)) {
		missing.erase(line.name);
		alone &= line.aliases == "0 aliases";
		if (line.name.find('.') == std::string::npos)
			continue;
		device = line.device;
		strategy = line.strategy;
		good &= board.starts_with(line.strategy + ":") && line.behind == "reserved" &&
			line.reason.starts_with("device not snooping (");
	}
	for (const std::string &name : missing)
		std::printf("# not there: %s\n", name.c_str());
	tap.ok(missing.empty(), "all regions of the HCA are there by name");
	tap.ok(alone, "none has an alias");
	tap.ok(good, "the context's have the board's strategy, because the device doesn't snoop");

	const std::regex said(device + ": dmamap: strategy " + strategy +
			      ": device not snooping \\(.+\\)");
	int count = 0;

	for (const std::string &line : lines_of(kernel_log()))
		count += std::regex_search(line, said);
	tap.ok(count == 1, "the log says it once for the device (%d)", count);
}

void test_gone(tap::Report &tap)
{
	unsigned int left = 0;

	for (const Line &line : regions(tap))
		left += line.name.starts_with("rcvhdrq");
	tap.ok(left == 0, "a closed context leaves no region");
}

// A context leaves its memory in the pool; to be given back, it takes one word.
void test_pool(tap::Report &tap)
{
	static const std::regex form("free ([0-9]+)\nresting ([0-9]+)\nfloor [0-9]+\n"
				     "bound [0-9]+\nchunk [0-9]+\n");
	std::smatch part;

	/* The worker moves what the last programs freed from one number to the other. */
	tap.gives(0, write_file(kPool, "settle"), "the pool's worker is waited for on demand");

	std::string text = read_file(kPool);

	tap.ok(std::regex_match(text, part, form) && part[1] != "0" && part[2] != "0",
	       "the pool has pages that nobody uses, and buffers that rest");
	for (const char *wrong : {"drain it", "drained", "Drain", "drain\n\n", " drain", "\n", "0",
				  "settled", "settle it"})
		tap.gives(-EINVAL, write_file(kPool, wrong), "another word is refused");
	tap.gives(-EINVAL, write_file(kPool, std::string_view("drain\0", 6)), "and a byte more");
	settle_layer();
	tap.ok(read_file(kPool) == text, "which change nothing");
	for (const char *right : {"drain", "drain\n"})
		tap.gives(0, write_file(kPool, right), "the pool is drained on demand");
	text = read_file(kPool);
	tap.ok(std::regex_match(text, part, form) && part[1] == "0" && part[2] == "0",
	       "then it has none");
}

} // namespace

int main()
{
	tap::Report tap;

	if (read_file(kRegions).empty())
		tap.bail_out("can't read %s", kRegions);
	test_regions(tap);
	test_gone(tap);
	test_pool(tap);
	return tap.finish();
}
