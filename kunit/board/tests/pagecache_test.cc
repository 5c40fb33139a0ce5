// SPDX-License-Identifier: GPL-2.0
// Thousands of flips while the page cache has most of the memory, and is written:
// no file changes, and afterwards all memory is what it was.
#include "file_store.h"
#include "kernel_files.h"
#include "tap.h"

#include <atomic>
#include <cstring>
#include <thread>

namespace {

constexpr char kLoad[] = "/sys/kernel/debug/dmamap/load";
constexpr char kStats[] = "/sys/kernel/debug/dmamap/stats";
constexpr unsigned int kGuardSeconds = 290;	// of one slice of a load
constexpr unsigned long kKiB = 1024, kMiB = 1024 * kKiB;

/// What is allowed to be away in the end: slabs and page tables of what ran for the
/// first time, and this program's own pages, which lie in CMA or elsewhere. What waits
/// to be freed has been freed before.
constexpr long kSlackKiB = 1024;
constexpr long kCmaSlackKiB = 128;  // less than the fewest frames that are flipped, 256 KiB

/// Everything that must be the same before and after.
struct Snapshot {
	Values memory = values_of("/proc/meminfo");
	Values layer = values_of(kStats);
	long long vmalloc = layer_vmalloc();
};

/// Nothing in the pool, nothing that waits to be freed.
Snapshot settled()
{
	write_file(kLoad, "flips=0");
	return {};
}

constexpr long long kFlips = 10000;

/// Kernels that check all they do make as many as the same time allows.
long long flips_wanted()
{
	return kFlips / slower();
}

/// How a board does that many in about a minute: some of up to 8 MiB, most of them as small as
/// they get. Where several small regions live, one comes out of the chunk of another and
/// flips nothing, so those of the last phase live alone.
struct Phase {
	const char *name;
	unsigned int tries;  ///< allocations, at most
	unsigned long max;   ///< bytes, from 4 KiB
	unsigned int live;
};

constexpr Phase kPhases[] = {
	{"4 of 4 KiB to 8 MiB", 1000, 8 * kMiB, 4},
	{"16 of 4 KiB to 256 KiB", 5000, 256 * kKiB, 16},
	{"1 of 4 KiB to 64 KiB", 2 * kFlips, 64 * kKiB, 1},
};

Values run_load(tap::Report &tap, const char *name, const std::string &plan)
{
	const int error = write_file(kLoad, plan);
	const Values got = values_of(kLoad);

	tap.gives(0, error, "%s: the load runs", name);
	std::printf("# %s: %lld flips of %lld frames in %lld allocations of %lld MiB, "
		    "%lld drains of the pool\n", name, value_of(got, "flips"),
		    value_of(got, "flipped"), value_of(got, "allocations"),
		    value_of(got, "bytes") >> 20, value_of(got, "drains"));
	std::printf("# %s: %lld ms, slowest allocation %lld us, %lld pages moved, refused: "
		    "nomem %lld io %lld busy %lld other %lld\n", name,
		    value_of(got, "us") / 1000, value_of(got, "slowest_us"),
		    value_of(got, "migrated"), value_of(got, "refused_nomem"),
		    value_of(got, "refused_io"), value_of(got, "refused_busy"),
		    value_of(got, "refused_other"));
	return got;
}

/// So many allocations are one write, which the guard takes for a sign of life.
constexpr unsigned int kSlice = 1000;
constexpr const char kNoLimit[] = "seconds=600";	// the most that there is

/// From half a page, so that regions of one page are as many as those of two.
std::string plan_of(const Phase &phase, unsigned int slice, long long flips)
{
	char plan[160];

	std::snprintf(plan, sizeof(plan), "flips=%lld tries=%u min=2048 max=%lu live=%u seed=%u %s",
		      flips, kSlice, phase.max, phase.live, slice + 1, kNoLimit);
	return plan;
}

/// Files are compared and written anew for as long as it lives.
class Churn {
public:
	explicit Churn(FileStore &store) : store_(store), thread_([this] { work(); }) {}
	~Churn() { stop(); }

	void stop()
	{
		stop_ = true;
		if (thread_.joinable())
			thread_.join();
	}

	[[nodiscard]] unsigned int replaced() const { return replaced_; }
	[[nodiscard]] unsigned int damaged() const { return damaged_; }

private:
	void work()
	{
		while (!stop_) {
			damaged_ += !store_.replace(store_.any());
			++replaced_;
			usleep(5000);
		}
	}

	FileStore &store_;
	std::atomic<bool> stop_ = false;
	std::atomic<unsigned int> replaced_ = 0, damaged_ = 0;
	std::thread thread_;
};

/// Takes nearly all that is free, then gives half of it back, piece by piece.
bool fill(tap::Report &tap, FileStore &store, const Snapshot &start)
{
	const auto total = static_cast<std::uint64_t>(value_of(start.memory, "MemTotal")) * kKiB;
	const auto spare = total / 10;  // less, and the kernel kills us
	const auto free = static_cast<std::uint64_t>(value_of(start.memory, "MemFree")) * kKiB;

	while (store.bytes() + spare < free)
		if (!store.add())
			return tap.ok(false, "files fill the memory");

	const long long cma_full = value_of(Snapshot{}.memory, "CmaFree");

	store.thin_out();
	while (store.bytes() < total * 11 / 20)
		if (!store.replace(store.any()))
			return tap.ok(false, "files fill the memory");
	tap.ok(true, "files fill %llu of %llu MiB", (unsigned long long)store.bytes() >> 20,
	       (unsigned long long)total >> 20);
	if (start.memory.contains("CmaFree") && value_of(start.memory, "CmaTotal") > 0)
		tap.ok(cma_full < value_of(start.memory, "CmaFree") / 2,
		       "the page cache uses CMA: %lld KiB free, %lld when it was full, %lld before",
		       value_of(Snapshot{}.memory, "CmaFree"), cma_full,
		       value_of(start.memory, "CmaFree"));
	return true;
}

void test_flips(tap::Report &tap, FileStore &store)
{
	const long long before = value_of(values_of("/proc/vmstat"), "pgmigrate_success");
	long long flips = 0, migrated = 0, wrong = 0, lost = 0;
	Churn churn(store);

	for (const Phase &phase : kPhases) {
		long long refused = 0;

		for (unsigned int i = 0; i < phase.tries / kSlice && flips < flips_wanted(); ++i) {
			const Values got = run_load(tap, phase.name,
						    plan_of(phase, i, flips_wanted() - flips));

			flips += value_of(got, "flips");
			migrated += value_of(got, "migrated");
			wrong += value_of(got, "not_zero") + value_of(got, "not_kept");
			lost += value_of(got, "flipped") - value_of(got, "returned");
			refused += value_of(got, "refused_io") + value_of(got, "refused_busy") +
				   value_of(got, "refused_other");
		}
		tap.ok(refused == 0, "%s: nothing is refused but for want of memory", phase.name);
	}
	churn.stop();
	tap.ok(flips >= flips_wanted(), "%lld flips", flips);
	tap.ok(wrong == 0, "every region was zero when it came and kept its contents (%lld not)",
	       wrong);
	tap.ok(lost == 0, "every frame came back (%lld did not)", lost);
	tap.ok(migrated > 0, "%lld pages were moved for that", migrated);

	const long long counted = value_of(values_of("/proc/vmstat"), "pgmigrate_success");

	if (counted > 0)
		tap.ok(counted > before, "vmstat has seen %lld", counted - before);
	tap.ok(churn.replaced() > 0 && churn.damaged() == 0,
	       "%u files were read and replaced meanwhile (%u damaged)", churn.replaced(),
	       churn.damaged());

	const std::size_t damaged = store.damaged();

	tap.ok(damaged == 0, "%zu files are what was written (%zu are not)",
	       store.count() - damaged, damaged);
}

/// Large regions come or are refused, but the answer comes in time: what takes time is to move pages
/// out of the way, and none is moved to and fro.
void test_large(tap::Report &tap, FileStore &store, const Snapshot &start)
{
	const auto half = static_cast<unsigned long>(value_of(start.memory, "MemTotal")) / 2048;

	for (const unsigned long mib : {16ul, 32ul, 64ul, 128ul, half}) {
		const std::string name = std::to_string(mib) + " MiB";
		char plan[96];

		std::snprintf(plan, sizeof(plan), "flips=1 tries=1 live=1 min=%lu max=%lu",
			      mib * kMiB, mib * kMiB);

		const Values got = run_load(tap, name.c_str(), plan);

		tap.ok(value_of(got, "flips") == 1 || value_of(got, "refused_nomem") == 1,
		       "%s: %s after %lld ms", name.c_str(),
		       value_of(got, "flips") ? "came" : "refused",
		       value_of(got, "slowest_us") / 1000);
		tap.ok(value_of(got, "migrated") * 4 <= value_of(start.memory, "MemTotal"),
		       "%s: %lld pages were moved, fewer than there are", name.c_str(),
		       value_of(got, "migrated"));
	}
	tap.ok(store.damaged() == 0, "and no file is damaged");
}

/// A large region must leave what others need: it is refused before it takes the last
/// frames, and before pages are moved in vain. Otherwise the next small allocation, of
/// its own page tables perhaps, calls the OOM killer.
void test_short_memory(tap::Report &tap, FileStore &store)
{
	const Values mixed = run_load(tap, "short of memory", "flips=400 tries=400 live=64 "
				      "min=1048576 max=8388608 seed=1 " + std::string(kNoLimit));

	tap.ok(value_of(mixed, "refused_nomem") > 0, "short of memory: %lld regions were refused",
	       value_of(mixed, "refused_nomem"));

	while (value_of(values_of("/proc/meminfo"), "MemAvailable") > 30 * 1024)
		if (!store.add())
			break;

	const Values got = run_load(tap, "32 MiB of 30", "flips=1 tries=1 live=1 "
				    "min=33554432 max=33554432");

	tap.ok(value_of(got, "refused_nomem") == 1 && value_of(got, "migrated") == 0,
	       "32 MiB of 30: refused, and no page was moved");
	tap.ok(store.damaged() == 0, "short of memory: no file is damaged");
}

void expect_memory(tap::Report &tap, const Snapshot &start, const Snapshot &end,
		   const char *name, long slack)
{
	const long long was = value_of(start.memory, name), is = value_of(end.memory, name);

	if (start.memory.contains(name))
		tap.ok(is >= was - slack && (slack || is == was),
		       "%s: %lld kB, %lld kB at the start", name, is, was);
}

long long kept(const Snapshot &at)
{
	return value_of(at.layer, "step_take_pages") - value_of(at.layer, "step_give_pages");
}

/// KASAN keeps what was freed last, up to 1/32 of the memory (QUARANTINE_FRACTION in
/// mm/kasan/quarantine.c).
long kept_by_kasan(const Snapshot &at)
{
	return slower() > 1 ? static_cast<long>(value_of(at.memory, "MemTotal") / 32) : 0;
}

void test_end(tap::Report &tap, const Snapshot &start, const Snapshot &end)
{
	expect_memory(tap, start, end, "MemFree", kSlackKiB + kept_by_kasan(start));
	expect_memory(tap, start, end, "CmaFree", kCmaSlackKiB);
	/* No large page of the linear map was split, or all were joined again. */
	expect_memory(tap, start, end, "DirectMap4k", 0);
	expect_memory(tap, start, end, "DirectMap2M", 0);
	expect_memory(tap, start, end, "DirectMap1G", 0);
	tap.ok(end.vmalloc == start.vmalloc, "the layer's vmalloc space: %lld bytes, %lld at the start",
	       end.vmalloc, start.vmalloc);
	tap.ok(read_file("/proc/vmallocinfo").find("dmamap_machine_map+") == std::string::npos,
	       "no mapping of the layer is left");
	for (const char *name : {"regions", "frames_coherent", "frames_in_pool", "quarantined"})
		tap.ok(value_of(end.layer, name) == value_of(start.layer, name),
		       "%s: %lld, %lld at the start", name, value_of(end.layer, name),
		       value_of(start.layer, name));
	tap.ok(kept(end) == kept(start), "taken and not given back: %lld frames, %lld at the start",
	       kept(end), kept(start));
	tap.ok(value_of(end.layer, "quarantined") == 0, "nothing is in quarantine");
}

/// Slabs, page tables and stacks that this program's way of working needs.
void warm_up(FileStore &store)
{
	Churn churn(store);

	write_file(kLoad, "flips=50 live=4 seed=7");
}

void test_refusals(tap::Report &tap)
{
	tap.gives(-EINVAL, write_file(kLoad, "flips=ten"), "a plan without a number is refused");
	tap.ok(read_file(kLoad).starts_with("error flips=ten is no number\n"),
	       "and the file says why");
	tap.gives(-EINVAL, write_file(kLoad, std::string_view("flips=1\0", 8)),
		  "a plan with a zero byte is refused");
	tap.gives(-EINVAL, write_file(kLoad, std::string(4096, ' ')), "a long one, too");
}

} // namespace

int main()
{
	tap::Report tap;
	FileStore store;

	guard(kGuardSeconds);
	if (access(kLoad, F_OK) != 0)
		tap.bail_out("there is no %s: %s", kLoad, std::strerror(errno));
	test_refusals(tap);

	if (const int error = store.mount("/tmp/pagecache"))
		tap.bail_out("can't mount a tmpfs: %s", std::strerror(-error));
	for (int i = 0; i < 1000; ++i)
		store.add();
	warm_up(store);
	store.unmount();

	const Snapshot start = settled();

	if (const int error = store.mount("/tmp/pagecache"))
		tap.bail_out("can't mount a tmpfs: %s", std::strerror(-error));
	if (!fill(tap, store, start))
		return tap.finish();
	test_flips(tap, store);
	test_large(tap, store, start);
	test_short_memory(tap, store);
	store.unmount();
	test_end(tap, start, settled());
	return tap.finish();
}
