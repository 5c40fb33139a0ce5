// SPDX-License-Identifier: GPL-2.0
/* Walks at random through the largest machines, as many steps as are asked for. */
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>

#include "kunit/prove/commands.h"
#include "kunit/prove/walk.h"

namespace dmamap::prove {
namespace {

constexpr std::size_t kLength = 20'000;   ///< moves of one walk

/// A walker, and all that it refers to.
struct Course {
	Course(const Task &task)
		: name(task.name()),
		  program(program_of_layer(*task.strategy, *task.profile, task.bounds, task.pages)),
		  walker(program, judge::Hardware(*task.profile, task.bounds))
	{
	}

	std::string name;
	Program program;
	Walker walker;
};

std::vector<std::unique_ptr<Course>> courses(const Options &options)
{
	std::vector<std::unique_ptr<Course>> all;

	for (Task task : plan(Part::full, options.strategy, options.profile)) {
		task.bounds.eager = false;   // every fill is a move that is drawn
		task.bounds.guarantee = options.guarantee;
		if (task.bounds.frames == judge::kFrames)
			all.push_back(std::make_unique<Course>(task));
	}
	return all;
}

void report(const Course &course, const Walker::Outcome &outcome, std::uint64_t seed)
{
	const Path path = course.walker.shrink(outcome.path, outcome.broken);

	std::printf("%s\n", course.name.c_str());
	outcome.broken.each([](Rule rule) {
		std::printf("  %s: %s\n", name_of(rule).c_str(), describe(rule));
	});
	for (const std::string &line : course.walker.describe(path))
		std::printf("    %s\n", line.c_str());
	std::printf("%zu moves, of %zu that were drawn; again: dmamap-judge soak --seed=%llu "
		    "--walks=1\n", path.size(), outcome.path.size(),
		    static_cast<unsigned long long>(seed));
}

} // namespace

bool soak(const Options &options)
{
	using Clock = std::chrono::steady_clock;
	const auto all = courses(options);
	const auto start = Clock::now();
	auto shown = start;
	std::uint64_t steps = 0;
	std::uint64_t seed = options.seed;

	const auto status = [&](const char *what) {
		const double seconds = std::chrono::duration<double>(Clock::now() - start).count();

		std::printf("%s %s of %s steps, %.0f s, %.1f M a second; go on with --seed=%llu\n",
			    what, millions(steps).c_str(), millions(options.steps).c_str(),
			    seconds, double(steps) / seconds / 1e6,
			    static_cast<unsigned long long>(seed));
		std::fflush(stdout);
	};

	for (; options.walks ? seed < options.seed + options.walks : steps < options.steps;
	     ++seed) {
		std::mt19937_64 random(seed);
		const Course &course = *all[seed % all.size()];
		/* A multiplication, not a modulus: this is most of the work. */
		const auto outcome = course.walker.walk(kLength, [&](unsigned below) {
			return unsigned((random() >> 32) * below >> 32);
		});

		steps += outcome.moves;
		if (!outcome.broken.none()) {
			report(course, outcome, seed);
			return false;
		}
		if (Clock::now() - shown > std::chrono::seconds(10)) {
			shown = Clock::now();
			status("...");
		}
	}
	status("soak: nothing broken;");
	return true;
}

} // namespace dmamap::prove
