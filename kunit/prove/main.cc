// SPDX-License-Identifier: GPL-2.0
/* dmamap-judge: the command line. */
#include <argp.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "kunit/prove/commands.h"

namespace dmamap::prove {
namespace {

enum Key { kOrder = 256, kPart, kPages, kSteps, kSeed, kWalks, kMemory, kStray };

constexpr argp_option kOptions[] = {
	{"strategy", 's', "NAME", 0, "highmem, unmap, purge, purge-trap or snooped; "
				     "highmem-pool, unmap-pool or purge-pool; all without it", 1},
	{"profile", 'p', "NAME", 0, "x86, arm, parisc or worst; NAME-snooped for snooped; all "
				    "that fit without it", 1},
	{"without-guarantee", kStray, nullptr, 0, "somebody may use the linear address of a "
						  "frame that is DMA", 1},
	{nullptr, 0, nullptr, 0, "prove:", 2},
	{"part", kPart, "PART", 0, "quick, check or full (default)", 2},
	{"jobs", 'j', "N", 0, "searches at a time, default: one a CPU", 2},
	{"memory", kMemory, "GIB", 0, "for all searches together, default: three quarters of what "
					    "is available; a search needs up to 5", 2},
	{nullptr, 0, nullptr, 0, "order:", 3},
	{"order", kOrder, "WORDS", 0, "the steps, separated by blanks", 3},
	{"pages", kPages, "N", 0, "of the region: 1 or 2, default 1", 3},
	{nullptr, 0, nullptr, 0, "soak:", 4},
	{"steps", kSteps, "N", 0, "how many moves to make, default 100000000", 4},
	{"seed", kSeed, "N", 0, "of the first walk, default 1", 4},
	{"walks", kWalks, "N", 0, "how many walks instead, each of a seed of its own", 4},
	{},
};

constexpr char kDoc[] =
	"Judges the flips of dmamap on machines that do the worst that their architecture "
	"allows.\v"
	"prove  searches all that strategies and machines can do together\n"
	"soak   walks through it at random\n"
	"order  judges a sequence of primitives, right or wrong\n\n"
	"The exit status is 0 when no rule was broken, 1 when one was, 2 for a wrong command "
	"line. docs/judge.md says what the rules are.";

struct Parsed {
	std::string command;
	Options options;
};

std::optional<std::uint64_t> number(const char *text)
{
	char *end = nullptr;
	const unsigned long long value = std::strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end)
		return std::nullopt;
	return value;
}

std::uint64_t number_or_stop(const char *text, std::uint64_t least, std::uint64_t most,
			     argp_state *state)
{
	const auto value = number(text);

	if (!value || *value < least || *value > most)
		argp_error(state, "%s is not a number from %llu to %llu", text,
			   static_cast<unsigned long long>(least),
			   static_cast<unsigned long long>(most));
	return value.value_or(least);
}

Part part_or_stop(const char *text, argp_state *state)
{
	for (const auto &[name, part] : {std::pair{"quick", Part::quick},
					 {"check", Part::check}, {"full", Part::full}})
		if (std::strcmp(text, name) == 0)
			return part;
	argp_error(state, "there is no part %s; it is quick, check or full", text);
	return Part::full;
}

void finish(const Parsed &parsed, argp_state *state)
{
	const Options &options = parsed.options;

	if (parsed.command != "prove" && parsed.command != "soak" && parsed.command != "order")
		argp_error(state, "say what to do: prove, soak or order");
	if (parsed.command != "order" && options.strategy && options.profile &&
	    options.strategy->snooped != options.profile->device_snoops)
		argp_error(state, "strategy snooped needs a profile NAME-snooped, and the others "
				  "one without");
	if (parsed.command == "order" &&
	    (!options.strategy || !options.profile || options.order.empty()))
		argp_error(state, "order needs --strategy, --profile and --order");
}

error_t parse(int key, char *text, argp_state *state)
{
	auto &parsed = *static_cast<Parsed *>(state->input);
	Options &options = parsed.options;

	switch (key) {
	case 's':
		options.strategy = find_strategy(text);
		if (!options.strategy)
			argp_error(state, "there is no strategy %s", text);
		break;
	case 'p':
		options.profile = judge::find_profile(text);
		if (!options.profile)
			argp_error(state, "there is no profile %s", text);
		break;
	case kStray:
		options.guarantee = false;
		break;
	case kPart:
		options.part = part_or_stop(text, state);
		break;
	case 'j':
		options.jobs = unsigned(number_or_stop(text, 1, 1024, state));
		break;
	case kMemory:
		options.memory_gib = double(number_or_stop(text, 1, 4096, state));
		break;
	case kOrder:
		options.order = text;
		break;
	case kPages:
		options.pages = unsigned(number_or_stop(text, 1, judge::kFrames, state));
		break;
	case kSteps:
		options.steps = number_or_stop(text, 1, ~0ull, state);
		break;
	case kSeed:
		options.seed = number_or_stop(text, 0, ~0ull >> 1, state);
		break;
	case kWalks:
		options.walks = number_or_stop(text, 1, ~0ull >> 1, state);
		break;
	case ARGP_KEY_ARG:
		if (!parsed.command.empty())
			argp_error(state, "one command at a time: %s or %s",
				   parsed.command.c_str(), text);
		parsed.command = text;
		break;
	case ARGP_KEY_END:
		finish(parsed, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

} // namespace
} // namespace dmamap::prove

int main(int argc, char **argv)
{
	using namespace dmamap::prove;
	constexpr argp parser{kOptions, parse, "prove|soak|order", kDoc, nullptr, nullptr, nullptr};
	Parsed parsed;

	argp_err_exit_status = 2;
	if (argp_parse(&parser, argc, argv, 0, nullptr, &parsed))
		return 2;
	if (parsed.command == "prove")
		return !prove(parsed.options);
	if (parsed.command == "soak")
		return !soak(parsed.options);
	return !judge_order(parsed.options);
}
