// SPDX-License-Identifier: GPL-2.0
/* dmamap-judge: the command line. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "hca/tools/arguments.h"
#include "kunit/prove/commands.h"

namespace dmamap::prove {
namespace {

constexpr char kDoc[] =
	"Judges the flips of dmamap on machines that do the worst that their architecture "
	"allows.\v"
	"prove  searches all that strategies and machines can do together\n"
	"soak   walks through it at random\n"
	"order  judges a sequence of primitives, right or wrong\n\n"
	"The exit status is 0 when no rule was broken, 1 when one was, 2 for a wrong command "
	"line. docs/judge.md says what the rules are.";

struct Parsed : Options {
	std::string command;
};

std::optional<std::uint64_t> number(const char *text)
{
	char *end = nullptr;
	const unsigned long long value = std::strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end)
		return std::nullopt;
	return value;
}

std::uint64_t read_number(const char *, const char *text, std::uint64_t least, std::uint64_t most,
			  argp_state *state)
{
	const auto value = number(text);

	if (!value || *value < least || *value > most)
		argp_error(state, "%s is not a number from %llu to %llu", text,
			   static_cast<unsigned long long>(least),
			   static_cast<unsigned long long>(most));
	return value.value_or(least);
}

void take_strategy(Parsed &parsed, const char *text, argp_state *state)
{
	parsed.strategy = find_strategy(text);
	if (!parsed.strategy)
		argp_error(state, "there is no strategy %s", text);
}

void take_profile(Parsed &parsed, const char *text, argp_state *state)
{
	std::string names;

	for (const judge::Profile &each : judge::profiles())
		names += ' ' + std::string(each.name);
	parsed.profile = judge::find_profile(text);
	if (!parsed.profile)
		argp_error(state, "there is no profile %s; there are:%s", text, names.c_str());
}

void take_machine_of(Parsed &parsed, const char *text, argp_state *state)
{
	const StrategyInfo *strategy = find_strategy(text);

	if (!strategy)
		argp_error(state, "there is no strategy %s", text);
	parsed.profile = machine_of(*strategy);
}

void take_part(Parsed &parsed, const char *text, argp_state *state)
{
	for (const auto &[name, part] : {std::pair{"quick", Part::quick},
					 {"check", Part::check}, {"full", Part::full}}) {
		if (std::strcmp(text, name) == 0) {
			parsed.part = part;
			return;
		}
	}
	argp_error(state, "there is no part %s; it is quick, check or full", text);
}

void take_command(Parsed &parsed, const char *text, argp_state *state)
{
	if (!parsed.command.empty())
		argp_error(state, "one command at a time: %s or %s", parsed.command.c_str(), text);
	parsed.command = text;
}

void check(const Parsed &parsed, argp_state *state)
{
	if (parsed.command != "prove" && parsed.command != "soak" && parsed.command != "order")
		argp_error(state, "say what to do: prove, soak or order");
	if (parsed.command != "order" && parsed.strategy && parsed.profile &&
	    parsed.strategy->snooped != parsed.profile->device_snoops)
		argp_error(state, "strategy snooped needs a profile NAME-snooped, and the others "
				  "one without");
	if (parsed.command == "order" &&
	    (!parsed.strategy || !parsed.profile || parsed.order.empty()))
		argp_error(state, "order needs --strategy, --profile and --order");
}

using Option = arguments::Option<Parsed>;

constexpr Option kOptions[] = {
	{"strategy", 's', "NAME", "highmem, unmap, purge, purge-trap or snooped; "
				  "highmem-pool, unmap-pool or purge-pool; all without it",
	 take_strategy},
	{"profile", 'p', "NAME", "a machine of arch, or worst; NAME-snooped for snooped; all "
				 "that fit without it", take_profile},
	{"machine-of", 0, "STRATEGY", "instead: the first that is built with this strategy",
	 take_machine_of},
	{"without-guarantee", 0, nullptr, "somebody may use the linear address of a "
					  "frame that is DMA",
	 [](Parsed &parsed, const char *, argp_state *) { parsed.guarantee = false; }},
	Option::heading("prove:"),
	{"part", 0, "PART", "quick, check or full (default)", take_part},
	{"jobs", 'j', "N", "searches at a time, default: one a CPU", &Parsed::jobs, 1, 1024},
	{"memory", 0, "GIB", "for all searches together, default: three quarters of what "
			     "is available; a search needs up to 5", &Parsed::memory_gib, 1, 4096},
	Option::heading("order:"),
	{"order", 0, "WORDS", "the steps, separated by blanks", &Parsed::order},
	{"pages", 0, "N", "of the region: 1 or 2, default 1", &Parsed::pages, 1, judge::kFrames},
	Option::heading("soak:"),
	{"steps", 0, "N", "how many moves to make, default 100000000", &Parsed::steps, 1, ~0ull},
	{"seed", 0, "N", "of the first walk, default 1", &Parsed::seed, 0, ~0ull >> 1},
	{"walks", 0, "N", "how many walks instead, each of a seed of its own",
	 &Parsed::walks, 1, ~0ull >> 1},
};

} // namespace
} // namespace dmamap::prove

int main(int argc, char **argv)
{
	using namespace dmamap::prove;

	argp_err_exit_status = 2;

	const Parsed parsed = arguments::parse<Parsed>({.options = kOptions, .doc = kDoc,
							.args_doc = "prove|soak|order",
							.read = read_number,
							.argument = take_command, .check = check},
						       argc, argv);

	if (parsed.command == "prove")
		return !prove(parsed);
	if (parsed.command == "soak")
		return !soak(parsed);
	return !judge_order(parsed);
}
