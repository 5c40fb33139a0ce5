// SPDX-License-Identifier: GPL-2.0
// Class C: fork, exec, kill, files that are passed on, failures, and how much one may have.
#include "kernel_files.h"
#include "mapping.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

namespace mapping {

namespace {

/// Each primitive of the layer that can fail, does so once.
void every_failure(Check &check)
{
	const File file;
	unsigned int nth = 0;

	for (const std::uint64_t bytes : {std::uint64_t(4096), std::uint64_t(300000)}) {
		drain_pool();

		const Counts before = Counts::now();
		mapper_alloc request = {};

		nth = 0;
		do {
			request = {};
			request.bytes = bytes;
			request.fail_nth = ++nth;

			const int error = file.request(MAPPER_IOC_ALLOC, &request);

			check.ok(error == 0 || error == -ENOMEM, "failure %u: %d", nth, error);
			if (error == 0)
				check.gives(0, file.free(request.id), "free after failure %u",
					    nth);
			expect_same(check, before);
			drain_pool();
		} while (request.failed && nth < 100);
		check.ok(nth > 1, "%llu bytes: %u primitives that can fail",
			 (unsigned long long)bytes, nth - 1);
	}
}

std::size_t mappings()
{
	const char *name = strrchr(node, '/') + 1;
	std::size_t count = 0;

	for (const std::string &line : lines_of(read_file("/proc/self/maps")))
		count += line.find(name) != std::string::npos;
	return count;
}

void refused_leaves_nothing(Check &check)
{
	const Counts before = Counts::now();
	{
		const File file;
		const long id = file.alloc(page_bytes());

		check.refused(file.map(id, 2 * page_bytes()).error(), "too long");
		check.refused(file.map(id, page_bytes(), PROT_READ, MAP_PRIVATE | MAP_POPULATE)
				      .error(), "private");
		check.refused(file.map(id + 1, page_bytes()).error(), "nothing");
		check.gives(0, static_cast<long>(mappings()), "mappings");
	}
	expect_same(check, before);
}

void fork_inherits_nothing(Check &check)
{
	const File file;
	const long id = file.alloc(page_bytes());
	const Map map = file.map(id, page_bytes());

	file.fill(id, 1);
	if (!check.gives(0, map.error(), "maps"))
		return;
	read_signal(map.data());
	check.gives(SIGSEGV, child_signal([&] { map.word(0) = 0; }), "a child that writes");
	madvise(map.data(), page_bytes(), MADV_DOFORK);
	check.gives(SIGSEGV, child_signal([&] { map.word(0) = 0; }), "after MADV_DOFORK");
	check.gives(0, child_signal([&] {
		_exit(file.map(id, page_bytes()).wrong(1) ? 1 : 0);
	}), "a child that maps for itself");
	check.gives(0, static_cast<long>(map.wrong(1)), "words changed");
}

/// Pages, which the kernel counts for each process, are inherited if a process asks for it.
void fork_inherits_pages(Check &check)
{
	const Counts before = Counts::now();
	{
		const File file;
		const long id = file.alloc(page_bytes(), MAPPER_SNOOPING);
		Map map = file.map(id, page_bytes());
		int ready[2], go[2];
		char byte = 0;

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps") || pipe(ready) || pipe(go))
			return;
		check.gives(SIGSEGV, child_signal([&] { map.word(0) = 0; }), "without asking");
		check.gives(0, result(madvise(map.data(), page_bytes(), MADV_DOFORK)), "asks");

		const pid_t child = fork();

		if (child == 0) {
			const bool good = map.wrong(1) == 0;

			static_cast<void>(!write(ready[1], &byte, 1));
			static_cast<void>(!read(go[0], &byte, 1));
			_exit(good && read_signal(map.data()) == SIGBUS ? 0 : 1);
		}
		static_cast<void>(!read(ready[0], &byte, 1));
		map.unmap();
		check.gives(static_cast<long>(before.regions + 1),
			    static_cast<long>(Counts::now().regions), "regions of the child");
		check.gives(0, file.revoke(id), "revoke");
		static_cast<void>(!write(go[1], &byte, 1));

		int status = 0;

		waitpid(child, &status, 0);
		check.gives(0, WEXITSTATUS(status), "the child had it, and has it no more");
	}
	expect_soon(check, before);
}

/// The last reference of the file is dropped by another process, and by none that is left.
void close_by_another(Check &check)
{
	const Counts before = Counts::now();
	{
		File file;
		const long id = file.alloc(page_bytes());
		Map map = file.map(id, page_bytes());
		int go[2];
		char byte = 0;

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps") || pipe(go))
			return;
		check.gives(0, child_signal([&] { file.shut(); }), "a child closes it");
		check.gives(0, static_cast<long>(map.wrong(1)), "words changed");

		const pid_t child = fork();

		if (child == 0) {
			static_cast<void>(!read(go[0], &byte, 1));
			_exit(file.check(id, 1) ? 1 : 0);
		}
		file.shut();
		check.gives(0, static_cast<long>(map.wrong(1)), "words changed by then");
		map.unmap();
		static_cast<void>(!write(go[1], &byte, 1));

		int status = 0;

		waitpid(child, &status, 0);
		check.gives(0, WEXITSTATUS(status), "the child has the buffer");
	}
	expect_soon(check, before);
}

void exec_drops(Check &check)
{
	const Counts before = Counts::now();
	const int signal = child_signal([&] {
		const File file;
		const Map map = file.map(file.alloc(page_bytes()), page_bytes());

		read_signal(map.data());
		/* Without a mapper it says so, and ends. */
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execl("/proc/self/exe", "nothing", "/dev/null", nullptr);
	});

	check.gives(0, signal, "exec");
	expect_soon(check, before);
}

/// The same file in another table, while its owner lives; mapping_sockets.cc has messages.
int take_file(pid_t from, int fd)
{
	const auto process = static_cast<int>(syscall(SYS_pidfd_open, from, 0));
	const auto taken = static_cast<int>(syscall(SYS_pidfd_getfd, process, fd, 0));

	close(process);
	return taken;
}

void passed_on(Check &check)
{
	const Counts before = Counts::now();
	int ready[2];
	char byte = 0;

	if (pipe(ready))
		return;

	const pid_t owner = fork();

	if (owner == 0) {
		const File file;

		file.fill(file.alloc(page_bytes()), 1);
		dup2(file.fd(), 100);
		static_cast<void>(!write(ready[1], &byte, 1));
		for (;;)
			pause();
	}
	static_cast<void>(!read(ready[0], &byte, 1));
	{
		const File file = File::given(take_file(owner, 100));

		kill(owner, SIGKILL);
		waitpid(owner, nullptr, 0);
		expect_usable(check, file);
	}
	expect_soon(check, before);
}

void split_and_joined(Check &check)
{
	const Counts before = Counts::now();
	const std::size_t page = page_bytes(), pages = 64;
	{
		File file;
		const File twin = File::given(dup(file.fd()));
		const long id = file.alloc(pages * page);
		Map map = file.map(id, pages * page);

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			return;
		file.shut();
		for (std::size_t i = 0; i < pages; i += 2)
			mprotect(map.page(i), page, PROT_READ);
		check.gives(0, static_cast<long>(map.wrong(1)), "words changed by the split");
		for (std::size_t i = 0; i < pages; i += 4)
			munmap(map.page(i), page);
		mprotect(map.page(1), page, PROT_NONE);
		twin.free(id);
		for (std::size_t i = 3; i < pages; i += 4)
			check.gives(0, read_signal(map.page(i)), "page %zu", i);
		check.gives(static_cast<long>(before.regions + !stock),
			    static_cast<long>(Counts::now().regions), "regions while it is there");
		for (std::size_t i = 0; i < pages; ++i)
			munmap(map.page(pages - 1 - i), page);
		map.forget();
		check.gives(static_cast<long>(before.regions),
			    static_cast<long>(Counts::now().regions), "regions");
	}
	expect_soon(check, before);
}

/// @rounds: how often it has done all of it.
[[noreturn]] void busy_process(const Steps &rounds)
{
	for (unsigned int i = 0;; ++i) {
		const File file;
		const long id = file.alloc((i % 7 + 1) * (i % 3 ? 4096 : 65536),
					   i % 5 ? MAPPER_NO_SNOOP : MAPPER_SNOOPING);
		const Map map = file.map(id, page_bytes());

		if (map.data())
			read_signal(map.data());
		if (i % 4 == 0)
			drain_pool();
		if (i % 3 == 0)
			file.free(id);
		if (i % 6 == 1)
			file.revoke(id);
		rounds.step();
	}
}

void killed(Check &check)
{
	const Counts before = Counts::now();
	const Steps rounds;

	for (unsigned int round = 0; round < 24; ++round) {
		const pid_t child = fork();

		if (child == 0)
			busy_process(rounds);
		rounds.await(1 + round % 8);	/* then anywhere in the next one */
		usleep(round * 997 % 5000);
		kill(child, SIGKILL);
		waitpid(child, nullptr, 0);
	}
	drain_pool();
	expect_soon(check, before);
}

/// Takes all memory there is, while another thread allocates, maps and frees: nobody but
/// the kernel ends it.
[[noreturn]] void take_all()
{
	constexpr std::size_t kBytes = 1 << 20;
	const Steps rounds;

	write_file("/proc/self/oom_score_adj", "1000");
	std::thread([&] { busy_process(rounds); }).detach();
	rounds.await(1);
	for (;;) {
		void *const more = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (more == MAP_FAILED)
			usleep(1000);
	}
}

double seconds()
{
	timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void out_of_memory(Check &check)
{
	constexpr unsigned int kTimes = 4;
	const Counts before = Counts::now();

	for (unsigned int i = 0; i < kTimes; ++i)
		check.gives(SIGKILL, child_signal(take_all), "who takes all memory");
	drain_pool();
	expect_soon(check, before);
}

constexpr unsigned int kThousand = 1000, kThousands = 16, kPages = 256;

/// Many mappings of one buffer, page by page, at the fixed places from @first on.
class Crowd {
public:
	explicit Crowd(unsigned int first = 0)
		: id(file.alloc(kPages * page_bytes())), place_(fixed_place(file, first)),
		  next_(fixed_place(file, first + 1)) {}
	Crowd(const Crowd &) = delete;
	~Crowd()
	{
		for (unsigned int i = 0; i < mapped_; i += kPages)
			munmap(place_of(i), kPages * page_bytes());
	}

	/// A thousand more; the seconds that they took.
	double add(Check &check)
	{
		const double start = seconds();

		for (unsigned int i = 0; i < kThousand; ++i, ++mapped_)
			if (!check.gives(0, map_at(place_of(mapped_), file, id, mapped_ % kPages, 1),
					 "%u mappings", mapped_))
				check.stop();
		return seconds() - start;
	}
	[[nodiscard]] std::byte *place() const { return place_; }

	const File file;
	const long id;

private:
	[[nodiscard]] std::byte *place_of(unsigned int mapping) const
	{
		return place_ + mapping / kPages * (next_ - place_);
	}

	std::byte *const place_, *const next_;
	unsigned int mapped_ = 0;
};

/// How much longer the second of two took that do as much, one right after the other: what else
/// the host does makes both longer, and where it does not, that is not the one in the middle.
class Ratios {
public:
	void take(double first, double second) { ratios_.push_back(second / first); }
	[[nodiscard]] double middle()
	{
		std::ranges::sort(ratios_);
		return ratios_[ratios_.size() / 2];
	}

private:
	std::vector<double> ratios_;
};

/// A thousand where there is none yet, and a thousand where there are many.
void many_mappings(Check &check)
{
	constexpr unsigned int kRounds = 5, kFarAway = 100;
	Crowd many;
	Ratios ratios;

	for (unsigned int t = kRounds; t < kThousands; ++t)
		many.add(check);
	for (unsigned int round = 0; round < kRounds; ++round) {
		Crowd first(kFarAway);
		const double early = first.add(check), late = many.add(check);

		ratios.take(early, late);
	}
	check.ok(ratios.middle() < 3, "a thousand more take %.1f times as long", ratios.middle());
}

/// Seconds to revoke so many thousands.
double revoke_thousands(Check &check, unsigned int thousands)
{
	Crowd crowd;

	for (unsigned int t = 0; t < thousands; ++t)
		crowd.add(check);

	const double start = seconds();

	check.gives(0, crowd.file.revoke(crowd.id), "revoke %u thousand", thousands);

	const double took = seconds() - start;

	check.gives(SIGBUS, read_signal(crowd.place()), "the first");
	check.gives(0, crowd.file.free(crowd.id), "free");
	return took;
}

/// Each place of a file once: eight times two thousand take about as long as sixteen thousand.
void many_revoked(Check &check)
{
	constexpr unsigned int kRounds = 3, kParts = 8;
	Ratios ratios;

	for (unsigned int round = 0; round < kRounds; ++round) {
		double parts = 0;

		for (unsigned int i = 0; i < kParts; ++i)
			parts += revoke_thousands(check, kThousands / kParts);
		ratios.take(parts, revoke_thousands(check, kThousands));
	}
	check.ok(ratios.middle() < 3, "all at once take %.1f times as long as in eight parts",
		 ratios.middle());
}

constexpr Case kCases[] = {
	{"18 every failure of an allocation is undone", every_failure, kLayer},
	{"18 a mapping that is refused leaves nothing", refused_leaves_nothing},
	{"20 a child inherits no mapping", fork_inherits_nothing},
	{"20 a child inherits pages if its parent wants it", fork_inherits_pages,
	 MAPPER_HAS_PAGES},
	{"20 the last close may be another process's", close_by_another},
	{"20 exec drops mappings", exec_drops},
	{"21 a file that is passed on keeps its buffers", passed_on},
	{"21 a mapping in pieces is one until the last is gone", split_and_joined},
	{"25 processes that are killed leave nothing", killed},
	{"25 nor does one that takes all memory", out_of_memory, 0, 300},
	{"30 sixteen thousand mappings cost no more each than the first", many_mappings, kLayer},
	{"30 they are revoked as quickly as they were made", many_revoked,
	 kLayer | MAPPER_HAS_LINEAR},
};

} // namespace

std::span<const Case> lifetime_cases() { return kCases; }

} // namespace mapping
