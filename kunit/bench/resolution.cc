// SPDX-License-Identifier: GPL-2.0
// The cost of finding the region of an address, with few regions and with a million;
// beside std::map, which is what one would take without thinking.
#include "kunit/bench/regions.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace {

constexpr u64 kFirstPfn = 1 << 20;	// 4 GiB
constexpr unsigned kPageShift = 12;
constexpr std::size_t kQueries = 1 << 20;	// an order that no cache knows
constexpr std::size_t kFew = 64;		// regions that one driver asks for
constexpr unsigned kRounds = 3;
constexpr double kGoalNanoseconds = 25, kGoalRatio = 0.3, kGoalFlat = 1.25;

struct Query {
	u64 cpu, bus;
};

[[noreturn]] void stop(const char *why)
{
	std::fprintf(stderr, "dmamap-bench: %s\n", why);
	std::exit(2);
}

/// Regions side by side, each of some pages, that came in any order; known to the layer
/// and to a map.
class Regions {
public:
	Regions(u64 count, u64 most_pages) : count_(count), regions_(bench_make_regions(count))
	{
		std::mt19937_64 random(count);
		std::vector<std::pair<u64, u64>> runs(count);	// first frame, pages

		for (auto &[pfn, pages] : runs) {
			pfn = end_;
			pages = 1 + random() % most_pages;
			end_ += pages;
		}
		std::ranges::shuffle(runs, random);
		for (u64 at = 0; at < count; ++at) {
			const auto [pfn, pages] = runs[at];

			if (!regions_ || !bench_publish(regions_, at, pfn, pages))
				stop("no memory");
			map_.emplace(pfn, bench_core(regions_, at));
		}
	}
	~Regions()
	{
		for (u64 at = 0; at < count_; ++at)
			bench_withdraw(regions_, at);
		if (bench_knows(kFirstPfn, end_))
			stop("the directory still knows a frame");
		bench_free_regions(regions_);
	}

	/// Any byte of any region, or of some that lie anywhere.
	[[nodiscard]] std::vector<Query> queries(u64 of) const
	{
		std::mt19937_64 random(1);
		std::vector<Query> drawn(kQueries);
		std::vector<u64> some(of);

		for (u64 &region : some)
			region = of == count_ ? static_cast<u64>(&region - some.data()) : random() % count_;
		for (Query &query : drawn) {
			const dmamap_core_region *core = bench_core(regions_, some[random() % of]);
			const u64 offset = random() % (core->pages << kPageShift);

			query = {core->cpu + offset, core->bus + offset};
		}
		return drawn;
	}

	/// As dma_map_to_pfn(), with a map for a directory.
	[[gnu::noinline]] int resolve(u64 cpu, u64 bus, u64 *pfn) const
	{
		auto found = map_.upper_bound(bus >> kPageShift);
		dmamap_core_resolution resolution;

		if (found == map_.begin())
			return -ENOENT;
		--found;
		if (const u32 status = dmamap_core_resolve(found->second, cpu, bus, &resolution))
			return -static_cast<int>(status);
		*pfn = resolution.pfn;
		return 0;
	}

private:
	const u64 count_;
	bench_region *const regions_;
	u64 end_ = kFirstPfn;
	std::map<u64, const dmamap_core_region *> map_;
};

/// Time that this program had, whatever else the machine does.
double nanoseconds()
{
	timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Nanoseconds each. Every answer must be the right one.
template <class Resolve>
double once(const std::vector<Query> &queries, Resolve resolve)
{
	const double start = nanoseconds();
	u64 wrong = 0, pfn = 0;

	for (const Query &query : queries)
		wrong += resolve(query.cpu, query.bus, &pfn) || pfn != query.bus >> kPageShift;

	const double took = nanoseconds() - start;

	if (wrong)
		stop("a wrong answer");
	return took / static_cast<double>(queries.size());
}

struct Cost {
	double layer, map;

	[[nodiscard]] double ratio() const { return layer / map; }
};

/// The best of some rounds, in turn: what else the machine does disturbs both.
Cost cost(const Regions &regions, const std::vector<Query> &queries)
{
	Cost best = {1e9, 1e9};

	for (unsigned round = 0; round < kRounds; ++round) {
		best.layer = std::min(best.layer, once(queries, [](auto... args) {
			return bench_resolve(args...);
		}));
		best.map = std::min(best.map, once(queries, [&](auto... args) {
			return regions.resolve(args...);
		}));
	}
	return best;
}

/// Lookups of addresses in any region, and in a few regions that stay in the caches.
struct Row {
	Cost any, few;
};

Row row(u64 count, u64 most_pages)
{
	const Regions regions(count, most_pages);
	const Row found = {cost(regions, regions.queries(count)),
			   cost(regions, regions.queries(std::min<u64>(count, kFew)))};

	std::printf("%9llu %5llu %9.1f %8.1f %6.2f %9.1f %8.1f %6.2f\n", count, most_pages,
		    found.any.layer, found.any.map, found.any.ratio(), found.few.layer,
		    found.few.map, found.few.ratio());
	std::fflush(stdout);
	return found;
}

bool judge(const char *what, double value, double goal)
{
	const bool good = value <= goal;

	std::printf("%s: %.2f, goal %.2f: %s\n", what, value, goal, good ? "reached" : "missed");
	return good;
}

/// Rows for one region up to a million, @step times as many in each; the first and the last.
std::pair<Row, Row> table(u64 most_pages, u64 step)
{
	const Row first = row(1, most_pages);
	Row last = first;

	for (u64 count = step; count <= 1'000'000; count *= step)
		last = row(count, most_pages);
	return {first, last};
}

} // namespace

/// Fails if a ratio is too bad. Nanoseconds depend on the machine and its load.
int main()
{
	std::puts("                 any region                 one of 64\n"
		  "  regions pages     layer std::map  ratio     layer std::map  ratio");

	const auto [one, million] = table(1, 10);
	const Row large = table(16, 100).second;

	judge("with a million beside with one, of 64", million.few.layer / one.few.layer, kGoalFlat);
	judge("ns with a million, of 64", million.few.layer, kGoalNanoseconds);
	judge("ns with a million, any", million.any.layer, kGoalNanoseconds);
	judge("of std::map with a million of 1 to 16 pages, any", large.any.ratio(), kGoalRatio);
	return judge("of std::map with a million, any", million.any.ratio(), kGoalRatio) ?
		       EXIT_SUCCESS : EXIT_FAILURE;
}
