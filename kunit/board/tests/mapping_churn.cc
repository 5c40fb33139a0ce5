// SPDX-License-Identifier: GPL-2.0
// Class C, what runs at once: moves and reuse under a reader, walkers of page tables.
#include "kernel_files.h"
#include "mapping.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

namespace mapping {

namespace {

constexpr std::size_t kPages = 16;

/// Reads one address all the time: what is there is ours, or nothing. That its thread runs is not
/// left to chance: the thread that changes the mapping waits for a look before, and for one after.
class Watcher {
public:
	Watcher(volatile std::uint32_t *at, std::uint32_t expected)
		: thread_([this, at, expected] { watch(at, expected); }) {}
	~Watcher() { stop(); }

	void stop()
	{
		stop_ = true;
		if (thread_.joinable())
			thread_.join();
	}

	/// Returns when a look that began after the call has found something.
	void await_read() const { await_more(read_); }
	/// Returns when a look that began after the call is over, whatever it found.
	void await_look() const { await_more(looks_); }

	[[nodiscard]] long foreign() const { return foreign_; }
	[[nodiscard]] long read() const { return read_; }
	[[nodiscard]] long refused() const { return looks_ - read_; }

private:
	/// Two: one may have begun before.
	static void await_more(const std::atomic<long> &count)
	{
		for (const long before = count; count < before + 2;)
			std::this_thread::yield();
	}

	void watch(volatile std::uint32_t *at, std::uint32_t expected)
	{
		while (!stop_) {
			const int signal = signal_of([&] {
				while (!stop_) {
					const std::uint32_t word = *at;

					foreign_ += word != expected;
					++read_;
					++looks_;
				}
			});

			looks_ += signal != 0;
		}
	}

	std::atomic<bool> stop_ = false;
	std::atomic<long> foreign_ = 0, read_ = 0, looks_ = 0;
	std::thread thread_;
};

/// A mapping moves away, is unmapped there, and its frames go to another.
void reuse_under_a_reader(Check &check)
{
	const File file;
	const std::size_t bytes = kPages * page_bytes();
	const long first = file.alloc(bytes);
	/* The watcher may need memory, which must not come to lie there. */
	std::byte *const home = fixed_place(file, 0), *const away = fixed_place(file, 1);

	file.fill(first, 1);
	if (!check.gives(0, map_at(home, file, first, 0, kPages), "maps"))
		return;
	file.free(first);

	Watcher watcher(reinterpret_cast<std::uint32_t *>(home), mapper_word(1, 0));

	for (unsigned int round = 0; round < 300; ++round) {
		const long next = file.alloc(bytes);

		watcher.await_read();

		/* Away and gone: a stale translation at home would show its next use. */
		mremap(home, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, away);
		munmap(away, bytes);

		const long other = file.alloc(bytes);

		file.fill(other, 2);
		file.fill(next, 1);
		watcher.await_look();
		file.free(other);
		if (!check.gives(0, map_at(home, file, next, 0, kPages), "round %u", round))
			break;
		file.free(next);
	}
	watcher.stop();
	check.gives(0, watcher.foreign(), "reads of what was not ours");
	check.ok(watcher.read() > 0 && watcher.refused() > 0, "%ld reads, %ld looks at nothing",
		 watcher.read(), watcher.refused());
}

void close_under_a_fault(Check &check)
{
	const Counts before = Counts::now();

	for (unsigned int round = 0; round < 100; ++round) {
		File file;
		const long id = file.alloc(kPages * page_bytes());
		Map map = file.map(id, kPages * page_bytes());
		std::size_t wrong = 0;

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			return;
		std::atomic<bool> reads = false;
		std::thread reader([&] {
			reads = true;
			wrong = map.wrong(1);
		});

		/* Before its first fault, or while it reads. */
		while (round % 2 && !reads)
			std::this_thread::yield();
		file.free(id);
		file.shut();
		reader.join();
		check.gives(0, static_cast<long>(wrong), "words wrong in round %u", round);
	}
	expect_soon(check, before);
}

/// Reads all that /proc says of a process's memory, until it is told to stop.
[[noreturn]] void read_proc(pid_t process, const Steps &files)
{
	const std::string folder = "/proc/" + std::to_string(process) + "/";
	char page[4096];

	for (;;) {
		for (const char *name : {"maps", "smaps", "smaps_rollup", "numa_maps", "status",
					 "statm"}) {
			read_file(folder + name);
			files.step();
		}

		const int fd = open((folder + "pagemap").c_str(), O_RDONLY | O_CLOEXEC);

		for (off64_t at = 0x40000000 >> 9; fd >= 0 && at < 0x41000000 >> 9; at += 4096)
			static_cast<void>(!pread64(fd, page, sizeof(page), at));
		close(fd);
		files.step();
	}
}

void walked_while_large(Check &check)
{
	const Counts before = Counts::now();
	const Steps files;
	const pid_t self = getpid(), walker = fork();

	if (walker == 0)
		read_proc(self, files);
	for (unsigned int round = 0; round < 12; ++round) {
		const File file;
		const std::size_t bytes = std::size_t(round % 2 ? 8 : 2) << 20;
		const long id = file.alloc(bytes);

		if (id == -ENOMEM)
			continue;

		Map map = file.map(id, bytes);

		if (!check.gives(0, map.error(), "maps"))
			break;
		file.fill(id, round);
		for (std::size_t i = 0; i < bytes; i += page_bytes())
			read_signal(map.data() + i);
		files.await(7);		/* all of them: large leaves are there */
		mprotect(map.data() + bytes / 2, page_bytes(), PROT_READ);
		munmap(map.data() + bytes / 4, page_bytes());
		check.gives(0, read_signal(map.data() + bytes - 1), "the last byte");
		if (round % 3 == 0)
			check.gives(0, file.revoke(id), "revoke");
	}
	kill(walker, SIGKILL);
	waitpid(walker, nullptr, 0);
	expect_soon(check, before);
}

bool online(unsigned int cpu, bool on)
{
	return write_file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online",
			  on ? "1" : "0") == 0;
}

/// CPUs come and go while memory is flipped and TLBs are purged on all of them.
void cpus_come_and_go(Check &check)
{
	const File file;
	const Steps turns;
	std::atomic<bool> stop = false;
	std::atomic<unsigned int> times = 0;
	std::thread plugger([&] {
		while (!stop) {
			times += online(1, false);
			online(1, true);
			turns.step();
		}
	});

	for (unsigned int round = 0; round < 200; ++round) {
		if (round % 20 == 0)
			turns.await(1);

		const long id = file.alloc(round % 8 ? 4 * page_bytes() : 1 << 20);
		const Map map = file.map(id, 4 * page_bytes());

		file.fill(id, round);
		if (!check.gives(0, map.error(), "round %u", round))
			break;
		check.gives(0, static_cast<long>(map.wrong(round)), "words wrong");
		file.free(id);
		if (round % 8 == 0)
			drain_pool();
	}
	stop = true;
	plugger.join();
	check.ok(times >= 10, "a CPU went offline %u times", times.load());
}

constexpr Case kCases[] = {
	{"21 closing while a thread faults", close_under_a_fault},
	{"23 a reader sees no frame after its mapping", reuse_under_a_reader},
	{"24 page tables of large mappings are walked while they change", walked_while_large, 0,
	 50},
	{"25 CPUs come and go during flips", cpus_come_and_go, kLayer | kHotplug,
	 50},
};

} // namespace

std::span<const Case> race_cases() { return kCases; }

} // namespace mapping
