// SPDX-License-Identifier: GPL-2.0
/* Runs all searches of a plan, several at a time. */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "kunit/prove/commands.h"
#include "kunit/prove/search.h"

namespace dmamap::prove {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start)
{
	return std::chrono::duration<double>(Clock::now() - start).count();
}

void print_traces(const Search::Outcome &outcome)
{
	for (const auto &[rule, trace] : outcome.traces) {
		std::printf("  %s: %s\n", name_of(rule).c_str(), describe(rule));
		for (const std::string &line : trace)
			std::printf("    %s\n", line.c_str());
	}
}

/* Three quarters of the memory that is available without swapping, as the kernel
   says. */
double gib_to_use()
{
	std::ifstream info("/proc/meminfo");
	std::string word;
	double kib = 0;

	while (info >> word)
		if (word == "MemAvailable:" && info >> kib)
			break;
	return kib * 0.75 / (1 << 20);
}

/// The searches, and the threads that run them: as many at a time as there are
/// jobs, and as have room for their states.
class Searches {
public:
	Searches(const Options &options, std::vector<Task> tasks)
		: tasks_(std::move(tasks)),
		  jobs_(options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency())),
		  room_(std::size_t((options.memory_gib > 0 ? options.memory_gib : gib_to_use()) *
				    (1ull << 30)) / StateSet::kBytesEach),
		  guarantee_(options.guarantee), counts_(jobs_)
	{
		/* Largest first, so that a search waits for room at the beginning only. */
		std::ranges::sort(tasks_, std::greater(), &Task::room);
	}

	[[nodiscard]] bool run()
	{
		std::vector<std::jthread> workers;

		for (unsigned i = 0; i < jobs_; ++i)
			workers.emplace_back([this, i] { work(counts_[i]); });
		progress();
		workers.clear();
		std::printf("%zu searches, %s distinct states, %.0f s: %s\n", tasks_.size(),
			    millions(states_).c_str(), seconds_since(start_),
			    good_ ? "every state was reached and none breaks a rule" :
				    "NOT PROVED");
		return good_;
	}

private:
	/* The next search. One that finds no room waits until others have ended; alone,
	   it runs in the room that there is. */
	const Task *next()
	{
		std::unique_lock lock(mutex_);

		if (next_ == tasks_.size())
			return nullptr;
		const Task &task = tasks_[next_++];

		ended_.wait(lock, [&] { return used_ == 0 || used_ + task.room <= room_; });
		used_ += task.room;
		return &task;
	}

	void work(std::atomic<std::size_t> &count)
	{
		while (const Task *task = next()) {
			search(*task, count);
			count = 0;
			++done_;
			const std::scoped_lock lock(mutex_);

			used_ -= task->room;
			ended_.notify_all();
		}
	}

	void search(Task task, std::atomic<std::size_t> &count)
	{
		const auto start = Clock::now();

		task.bounds.guarantee = guarantee_;

		const Program program = program_of_layer(*task.strategy, *task.profile,
							 task.bounds, task.pages);
		Search search(program, judge::Hardware(*task.profile, task.bounds),
			      {.states = std::min(task.room, room_)});
		const Search::Outcome outcome = search.run(&count);
		const std::scoped_lock lock(mutex_);

		states_ += outcome.states;
		good_ &= outcome.complete && outcome.broken.none();
		std::printf("%-62s %9s states %6.1f s  %s\n", task.name().c_str(),
			    millions(outcome.states).c_str(), seconds_since(start),
			    !outcome.broken.none() ? names_of(outcome.broken).c_str() :
			    outcome.complete	   ? "kept" :
						     "NO ROOM, see --memory");
		print_traces(outcome);
		std::fflush(stdout);
	}

	/* Prints a sign of life now and then. */
	void progress()
	{
		auto shown = Clock::now();

		while (done_ < tasks_.size()) {
			std::this_thread::sleep_for(std::chrono::milliseconds(20));
			if (seconds_since(shown) < 10)
				continue;
			shown = Clock::now();

			const std::scoped_lock lock(mutex_);
			std::size_t states = states_;

			for (const auto &count : counts_)
				states += count;
			std::printf("... %zu of %zu searches, %s states, %.1f M a second\n",
				    done_.load(), tasks_.size(), millions(states).c_str(),
				    double(states) / seconds_since(start_) / 1e6);
			std::fflush(stdout);
		}
	}

	std::vector<Task> tasks_;
	unsigned jobs_;
	std::size_t room_;            ///< the most states, of all searches together
	bool guarantee_;
	Clock::time_point start_ = Clock::now();
	std::vector<std::atomic<std::size_t>> counts_;
	std::atomic<std::size_t> done_ = 0;
	std::mutex mutex_;            ///< protects what is printed, and all below
	std::condition_variable ended_;
	std::size_t next_ = 0;
	std::size_t used_ = 0;        ///< of room_, by searches that run
	std::size_t states_ = 0;
	bool good_ = true;
};

} // namespace

std::string millions(std::uint64_t count)
{
	char text[32];

	if (count < 100'000)
		std::snprintf(text, sizeof(text), "%llu", static_cast<unsigned long long>(count));
	else
		std::snprintf(text, sizeof(text), "%.1f M", double(count) / 1e6);
	return text;
}

bool prove(const Options &options)
{
	return Searches(options, plan(options.part, options.strategy, options.profile)).run();
}

bool judge_order(const Options &options)
{
	const judge::Bounds bounds{.frames = options.pages,
				   .lines = 2,
				   .highmem = options.strategy->highmem,
				   .eager = options.pages > 1,
				   .guarantee = options.guarantee};
	const auto program = program_of_order(*options.strategy, *options.profile, bounds,
					      options.pages, options.order);

	if (!program) {
		std::fprintf(stderr, "dmamap-judge: no such step: %s\n", program.error().c_str());
		return false;
	}
	Search search(*program, judge::Hardware(*options.profile, bounds),
		      {.states = 50'000'000, .stop_at_first = false});
	const Search::Outcome outcome = search.run();

	std::printf("%s; %s states\n", names_of(outcome.broken).c_str(),
		    millions(outcome.states).c_str());
	print_traces(outcome);
	return outcome.complete && outcome.broken.none();
}

} // namespace dmamap::prove
