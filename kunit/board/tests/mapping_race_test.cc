// SPDX-License-Identifier: GPL-2.0
// A million operations on mappings, drawn at random, by processes and threads at once.
//
// Each process has windows: addresses at which only buffers with one pattern, that
// window's own, are ever mapped. So whoever reads there sees the pattern, or a signal;
// anything else is memory of another, or of the past. SEED and OPS may be given on the
// kernel's command line, which hands them on as environment.
#include "kernel_files.h"
#include "mapping_race.h"
#include "tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

using namespace race;

namespace {

constexpr unsigned int kProcesses = 3, kChangers = 2, kReaders = 2;
constexpr unsigned int kGuardSeconds = 120;	///< without an operation

unsigned long wanted_ops, seed;
/// A buffer that all threads of a process map and free.
std::atomic<long> common;
std::byte *places[3 * kWindows];

/// Changes what is at the windows that are its own.
class Changer {
public:
	Changer(const File &file, std::span<Window> windows, std::uint64_t start)
		: file_(file), windows_(windows), random_(start) {}

	void run()
	{
		while (!shared->stop)
			step(windows_[random_.below(static_cast<unsigned int>(windows_.size()))]);
	}

private:
	void step(Window &window)
	{
		const unsigned int draw = random_.below(1000);

		if (!window.id || draw < 60)
			replace(window);
		else if (draw < 400)
			map(window);
		else if (draw < 560)
			unmap(window);
		else if (draw < 720)
			protect(window);
		else if (draw < 840)
			move(window);
		else if (draw < 920)
			pin(window);
		else if (draw < 935)
			check(window);
		else if (draw < 940)
			fork_and_look(window);
		else if (draw < 945)
			revoke(window);
		else if (draw < 950)
			detach(window);
		else if (draw < 955)
			reattach(window);
		else if (draw < 960)
			map_half(window);
		else if (draw < 970)
			map_beside_free(window);
		else
			release(window);
	}

	/// Some pages of a window.
	struct Part {
		unsigned int first, pages;

		[[nodiscard]] std::size_t offset() const { return first * page_bytes(); }
		[[nodiscard]] std::size_t bytes() const { return pages * page_bytes(); }
	};

	Part part()
	{
		const unsigned int first = random_.below(kPages);

		return {first, 1 + random_.below(kPages - first)};
	}

	int map_to(const Window &window, unsigned int which, Part part, int protection)
	{
		count(kMmap);
		return map_at(window.place(which), file_, window.id, part.first, part.pages,
			      protection);
	}

	void map(const Window &window)
	{
		const int error = map_to(window, random_.below(2), part(),
					 random_.below(4) ? PROT_READ | PROT_WRITE : PROT_READ);

		if (error && error != -ENXIO && error != -ENOMEM)
			violation("mmap of window %u: %d", window.number, error);
	}

	void unmap(const Window &window)
	{
		const Part which = part();

		munmap(window.place(random_.below(2)) + which.offset(), which.bytes());
		count(kMunmap);
	}

	void protect(const Window &window)
	{
		constexpr int kProtections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
						PROT_READ | PROT_WRITE};
		const Part which = part();

		mprotect(window.place(random_.below(2)) + which.offset(), which.bytes(),
			 kProtections[random_.below(4)]);
		count(kMprotect);
	}

	void move(const Window &window)
	{
		const Part which = part();
		const unsigned int from = random_.below(2);

		mremap(window.place(from) + which.offset(), which.bytes(), which.bytes(),
		       MREMAP_MAYMOVE | MREMAP_FIXED, window.place(1 - from) + which.offset());
		count(kMremap);
	}

	void pin(const Window &window)
	{
		const Part which = part();
		const long pinned = file_.pin(window.place(random_.below(2)) + which.offset(),
					      which.pages, random_.below(4));

		count(kPin);
		if (pinned > 0) {
			file_.unpin();
			if (window.device == MAPPER_NO_SNOOP)
				violation("%ld pages of window %u pinned", pinned, window.number);
		}
	}

	void check(const Window &window)
	{
		const long wrong = file_.check(window.id, window.pattern);

		count(kCheck);
		if (wrong > 0)
			violation("window %u: the kernel sees %ld words changed", window.number,
				  wrong);
	}

	/// The child has none of it, and gets it for itself.
	void fork_and_look(const Window &window)
	{
		const pid_t child = fork();

		count(kFork);
		if (child == 0) {
			volatile const auto *at =
				reinterpret_cast<volatile std::uint32_t *>(window.place(0));

			if (signal_in([&] { static_cast<void>(*at); }) != SIGSEGV)
				violation("window %u is inherited", window.number);
			if (map_to(window, 0, {0, kPages}, PROT_READ) == 0)
				signal_in([&] {
					if (*at != mapper_word(window.pattern, 0))
						violation("window %u in a child", window.number);
				});
			_exit(EXIT_SUCCESS);
		}
		if (child > 0)
			waitpid(child, nullptr, 0);
	}

	/// A snapshot has the pattern, too.
	void revoke(const Window &window)
	{
		file_.revoke(window.id,
			     random_.below(2) ? MAPPER_AFTER_SIGBUS : MAPPER_AFTER_SNAPSHOT);
		count(kRevoke);
	}

	/// Refused, unless it was revoked; and the device may be about to.
	void detach(const Window &window)
	{
		const int error = file_.detach(window.id);

		count(kDetach);
		if (error && error != -EINVAL)
			violation("detach of window %u: %d", window.number, error);
	}

	/// Its mappings get another buffer with the same pattern.
	void reattach(Window &window)
	{
		const long to = file_.alloc(kPages * page_bytes(), window.device);

		if (to < 0)
			return;
		file_.fill(to, window.pattern);
		file_.revoke(window.id);

		const int error = file_.reattach(window.id, to);

		count(kReattach);
		if (error && error != -ENXIO)
			violation("reattach of window %u: %d", window.number, error);
		file_.free(window.id);
		window.id = to;
	}

	/// The second one is refused when the first one has the mapping in its list.
	void map_half(const Window &window)
	{
		const auto first = static_cast<std::uint32_t>(window.id);
		const long gone = file_.alloc(page_bytes(), window.device);

		if (gone < 0)
			return;

		const long view = file_.view({{first, 0, kPages * page_bytes()},
					      {static_cast<std::uint32_t>(gone), 0, page_bytes()}},
					     kReadWrite | (random_.below(2) ? MAPPER_POPULATE : 0));

		file_.revoke(gone);

		const int error = map_at(window.place(2), file_, view, 0, kPages + 1);

		count(kHalf);
		if (error != -ENXIO && error != -ENOMEM)
			violation("mmap of window %u and a revoked buffer: %d", window.number,
				  error);
		file_.free(view);
		file_.free(gone);
	}

	/// The id may be another buffer's by then, so nothing is read.
	void map_beside_free(const Window &window)
	{
		if (const long id = common; !id) {
			const long fresh = file_.alloc(page_bytes(), window.device);
			long none = 0;

			if (fresh > 0 && !common.compare_exchange_strong(none, fresh))
				file_.free(fresh);
		} else if (random_.below(2)) {
			const int error = map_at(window.place(2), file_, id, 0, 1);

			count(kBeside);
			if (error && error != -ENXIO && error != -ENOMEM && error != -ENOENT)
				violation("mmap beside free: %d", error);
			if (!error)
				munmap(window.place(2), page_bytes());
		} else if (const long mine = common.exchange(0)) {
			file_.free(mine);
		}
	}

	void release(Window &window)
	{
		file_.free(window.id);
		count(kFree);
		window.id = 0;
	}

	/// Fresh memory is zero, also when it was another window's a moment ago.
	void replace(Window &window)
	{
		if (window.id)
			release(window);

		const long id = file_.alloc(kPages * page_bytes(), window.device,
					    random_.below(4) ? 0 : MAPPER_ATOMIC);

		count(kAlloc);
		if (id < 0) {
			if (id != -ENOMEM && id != -ENXIO)
				violation("alloc: %ld", id);
			return;
		}
		window.id = id;
		look_at_fresh(window);
		file_.fill(window.id, window.pattern);
		count(kFill);
		map_to(window, 0, {0, kPages}, PROT_READ | PROT_WRITE);
	}

	void look_at_fresh(const Window &window)
	{
		const auto *at = reinterpret_cast<volatile std::uint32_t *>(window.place(2));

		if (map_to(window, 2, {0, kPages}, PROT_READ) != 0)
			return;
		signal_in([&] {
			for (unsigned int i = 0; i < kPages * 1024; i += 127)
				if (at[i])
					violation("window %u: %#x in fresh memory", window.number,
						  at[i]);
		});
		munmap(window.place(2), kPages * page_bytes());
	}

	const File &file_;
	std::span<Window> windows_;
	Random random_;
};

[[noreturn]] void work(unsigned int process)
{
	const File file;
	Window windows[kWindows];
	std::thread threads[kChangers + kReaders];
	const std::uint64_t start = seed * 1000 + process * 100;

	for (unsigned int i = 0; i < kWindows; ++i)
		windows[i] = {i, i % 3 ? unsigned{MAPPER_NO_SNOOP} : MAPPER_SNOOPING,
			      static_cast<std::uint32_t>(start + i),
			      {places[3 * i], places[3 * i + 1], places[3 * i + 2]}};
	for (unsigned int i = 0; i < kChangers; ++i)
		threads[i] = std::thread([&, i] {
			constexpr unsigned int kShare = kWindows / kChangers;

			Changer(file, std::span(windows).subspan(i * kShare, kShare),
				start + 10 + i).run();
		});
	for (unsigned int i = 0; i < kReaders; ++i)
		threads[kChangers + i] = std::thread([&, i] {
			Reader(windows, start + 20 + i).run();
		});
	for (std::thread &thread : threads)
		thread.join();
	_exit(EXIT_SUCCESS);
}

/// What comes from outside: the device goes and comes, a process dies, somebody looks.
[[noreturn]] void disturb()
{
	Random random(seed * 1000 + 999);
	const File file;

	while (!shared->stop) {
		usleep(20'000 + random.below(60'000));
		if (random.below(3) == 0) {
			const unsigned int device = random.below(MAPPER_DEVICES);

			file.unbind(device);
			usleep(random.below(3000));
			file.rebind(device);
			count(kUnbind);
		} else if (random.below(2)) {
			const pid_t victim = fork();

			if (victim == 0)
				work(kProcesses);
			usleep(5000 + random.below(60'000));
			kill(victim, SIGKILL);
			waitpid(victim, nullptr, 0);
			count(kKill);
		} else {
			/* Frames flip while it looks, so what it says is judged in the end. */
			values_of("/sys/kernel/debug/dmamap/audit");
			count(kAudit);
		}
	}
	_exit(EXIT_SUCCESS);
}

/// An environment variable, or what it is without.
unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *text = std::getenv(name);

	return text ? std::strtoul(text, nullptr, 0) : otherwise;
}

/// Everything of a run that must be as before, once nothing waits to be freed.
struct Settled {
	Counts counts;
	long long vmalloc, cacheable;	///< of the layer

	static Settled now()
	{
		write_file("/sys/kernel/debug/dmamap/load", "flips=0");
		return {Counts::now(), layer_vmalloc(),
			values_of("/sys/kernel/debug/dmamap/audit")["cacheable"]};
	}
};

/// Changes are what it is about; reads come by themselves. And everything has to have been at least
/// once, however few of the processes the host lets run.
bool enough()
{
	return all_ops() >= wanted_ops &&
	       shared->ops[kMmap] + shared->ops[kMremap] >= wanted_ops / 100 &&
	       shared->ops[kUnbind] >= 5 && shared->ops[kAudit] >= 5 &&
	       std::ranges::all_of(shared->ops, [](const auto &op) { return op > 0; }) &&
	       shared->signals[0] && shared->signals[1];
}

/// A sign of life now and then, as long as there are more operations.
void watch_over()
{
	for (unsigned long seen = 0, said = 0; !shared->violations && !enough(); usleep(50'000)) {
		const unsigned long now = all_ops();

		if (now != std::exchange(seen, now))
			alive();
		if (now - said >= wanted_ops / 20) {
			said = now;
			std::printf("# %lu operations\n", now);
			std::fflush(stdout);
		}
	}
}

void run_all_processes()
{
	pid_t children[kProcesses + 1];

	for (unsigned int i = 0; i <= kProcesses; ++i) {
		children[i] = fork();
		if (children[i] == 0)
			i == kProcesses ? disturb() : work(i);
	}
	watch_over();
	shared->stop = true;
	for (const pid_t child : children)
		waitpid(child, nullptr, 0);
}

void judge(tap::Report &tap, const Settled &before, const Settled &after)
{
	tap.ok(all_ops() >= wanted_ops, "%lu operations", all_ops());
	tap.ok(shared->violations == 0, "nobody saw what was not his (%u times%s%s)",
	       shared->violations.load(), shared->first[0] ? ": " : "", shared->first);
	for (unsigned int i = 0; i < kOps; ++i)
		tap.ok(shared->ops[i] > 0, "%s: %lu times", kNames[i], shared->ops[i].load());
	tap.ok(shared->signals[0] && shared->signals[1], "%lu SIGSEGV and %lu SIGBUS",
	       shared->signals[0].load(), shared->signals[1].load());
	tap.ok(after.counts.regions == before.counts.regions, "regions: %lld, %lld before",
	       after.counts.regions, before.counts.regions);
	tap.ok(after.counts.buffers == before.counts.buffers, "buffers: %lld, %lld before",
	       after.counts.buffers, before.counts.buffers);
	tap.ok(after.counts.used() == before.counts.used(), "frames in use: %lld, %lld before",
	       after.counts.used(), before.counts.used());
	tap.ok(after.counts.quarantined == before.counts.quarantined,
	       "frames in quarantine: %lld, %lld before", after.counts.quarantined,
	       before.counts.quarantined);
	tap.ok(after.cacheable == 0, "%lld cacheable translations in the end", after.cacheable);
	tap.ok(after.vmalloc == before.vmalloc,
	       "the layer's vmalloc space: %lld bytes, %lld before", after.vmalloc, before.vmalloc);
}

} // namespace

int main()
{
	tap::Report tap;

	guard(kGuardSeconds);
	wanted_ops = from_environment("OPS", 1'000'000);
	seed = from_environment("SEED", 1);
	std::printf("# OPS=%lu SEED=%lu\n", wanted_ops, seed);
	shared = static_cast<Shared *>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	info.abi = MAPPER_ABI_VERSION;
	if (shared == MAP_FAILED || !tap.gives(0, File().request(MAPPER_IOC_INFO, &info),
					       "%s knows this interface", node))
		tap.bail_out("there is no mapper to test");
	catch_faults(land);

	for (unsigned int i = 0; i < 3 * kWindows; ++i)
		places[i] = fixed_place(File(), i);

	const Settled before = Settled::now();

	run_all_processes();
	judge(tap, before, Settled::now());
	return tap.finish();
}
