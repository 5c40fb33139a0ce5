// SPDX-License-Identifier: GPL-2.0
// What the layer does beyond what every driver must: pages, debuggers, fault-around, what is
// left after a revoke, another buffer in its place, a limit. A mapper whose field "has" does not
// say so is not asked.
#include "kernel_files.h"
#include "mapping.h"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

namespace mapping {

namespace {

constexpr std::size_t kPages = 4;

/// A mapping of a buffer that is filled with 1.
struct Filled {
	File file;
	long id;
	Map map;

	Filled(Check &check, unsigned int device, std::size_t pages = kPages)
		: id(file.alloc(pages * page_bytes(), device)),
		  map(file.map(id, pages * page_bytes()))
	{
		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			check.stop();
	}
};

void snooped_pages(Check &check)
{
	const Filled it(check, MAPPER_SNOOPING);
	iovec what = {it.map.data(), page_bytes()}, there = what;
	std::vector<char> buffer(page_bytes());
	iovec here = {buffer.data(), page_bytes()};
	const auto bytes = static_cast<long>(page_bytes());
	int fds[2];

	if (pipe(fds))
		check.stop();
	check.gives(bytes, vmsplice(fds[1], &what, 1, 0), "vmsplice()");
	check.gives(bytes, process_vm_readv(getpid(), &here, 1, &there, 1, 0), "as a process's");
	for (unsigned int flags = 0; flags < 4; ++flags) {
		check.gives(kPages, it.file.pin(it.map.data(), kPages, flags), "pinned, %u",
			    flags);
		check.gives(0, it.file.unpin(), "and let go");
	}
	check.gives(0, it.file.check(it.id, 1), "words changed");
}

void snooped_direct_io(Check &check)
{
	const Filled it(check, MAPPER_SNOOPING);
	const int fd = open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);
	const auto bytes = static_cast<long>(page_bytes());

	check.gives(bytes, pwrite(fd, it.map.data(), page_bytes(), 0), "write out of it");
	it.map.word(0) = 0;
	check.gives(bytes, pread(fd, it.map.data(), page_bytes(), 0), "read into it");
	check.gives(0, it.file.check(it.id, 1), "words changed");
	close(fd);
}

/// Who pins a page has it until he lets go, whatever becomes of mapping and buffer.
void pinned_outlives_all(Check &check)
{
	const Counts before = Counts::now();
	{
		Filled it(check, MAPPER_SNOOPING);
		mapper_pattern pattern = {0, 1, 0};

		check.gives(kPages, it.file.pin(it.map.data(), kPages, MAPPER_PIN_LONGTERM),
			    "pinned");
		it.map.unmap();
		check.gives(0, it.file.free(it.id), "free");
		for (int i = 0; i < 32; ++i)
			it.file.fill(it.file.alloc(kPages * page_bytes(), MAPPER_SNOOPING), 2);
		check.gives(0, it.file.request(MAPPER_IOC_CHECK_PINNED, &pattern), "look at it");
		check.gives(0, static_cast<long>(pattern.wrong), "words changed");
		check.gives(0, it.file.unpin(), "and let go");
	}
	expect_soon(check, before);
}

long peek(pid_t child, const void *at)
{
	errno = 0;

	const long word = ptrace(PTRACE_PEEKDATA, child, at, nullptr);

	return errno ? -errno : word;
}

void traced(Check &check)
{
	const File file;
	const auto id = static_cast<std::uint32_t>(file.alloc(page_bytes()));
	const long view = file.view({{id, 0, page_bytes()}}, MAPPER_READ);
	std::byte *const place = fixed_place(file, 0), *const closed = fixed_place(file, 1);
	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		map_at(place, file, id, 0, 1);
		map_at(closed, file, view, 0, 1, PROT_READ);
		ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
		raise(SIGSTOP);
		_exit(EXIT_SUCCESS);
	}
	waitpid(child, &status, 0);
	check.gives(0, peek(child, place), "PEEK");
	check.gives(0, result(ptrace(PTRACE_POKEDATA, child, place, 77l)), "POKE");
	check.gives(77, peek(child, place), "PEEK again");
	check.gives(77, peek(child, closed), "PEEK of the read-only one");
	check.refused(result(ptrace(PTRACE_POKEDATA, child, closed, 78l)),
		      "POKE of the read-only one");
	check.gives(77, peek(child, place), "PEEK in the end");
	check.gives(0, file.revoke(id), "revoke");
	check.refused(peek(child, place), "PEEK of what was revoked");
	ptrace(PTRACE_KILL, child, nullptr, nullptr);
	waitpid(child, &status, 0);
}

void faults_around(Check &check)
{
	constexpr std::size_t kMany = 512;
	const Filled it(check, MAPPER_NO_SNOOP, kMany);
	rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (std::size_t i = 0; i < kMany; ++i)
		read_signal(it.map.page(i));
	getrusage(RUSAGE_SELF, &after);

	const long faults = after.ru_minflt - before.ru_minflt;

	/* A page table at a time; the mapping may begin in the middle of one. */
	check.ok(faults <= 8, "%ld faults", faults);
}

void faults_around_stay_inside(Check &check)
{
	const File file;
	const std::size_t page = page_bytes();
	const auto one = static_cast<std::uint32_t>(file.alloc(page));
	const auto two = static_cast<std::uint32_t>(file.alloc(page));
	const Map map = file.map(file.view({{one, 0, page}, {two, 0, page}, {one, 0, page}}),
				 3 * page);

	if (!check.gives(0, map.error(), "maps"))
		return;
	file.revoke(two);
	check.gives(0, read_signal(map.page(0)), "the one before");
	check.gives(0, read_signal(map.page(2)), "the one behind");
	check.gives(SIGBUS, read_signal(map.page(1)), "the revoked one");
}

void after_zero(Check &check)
{
	const Filled it(check, MAPPER_NO_SNOOP);

	check.gives(0, it.file.revoke(it.id, MAPPER_AFTER_ZERO), "revoke");
	check.gives(0, read_signal(it.map.data()), "reading");
	check.gives(0, static_cast<long>(it.map.not_zero()), "words that are not zero");
	write_signal(it.map.data());
	check.gives(0, it.file.check(it.id, 1), "words of the buffer changed");
}

void after_snapshot(Check &check)
{
	const Filled it(check, MAPPER_NO_SNOOP);

	check.gives(0, it.file.revoke(it.id, MAPPER_AFTER_SNAPSHOT), "revoke");
	check.gives(0, it.file.fill(it.id, 2), "the device goes on");
	check.gives(0, static_cast<long>(it.map.wrong(1)), "words that are not as they were");
	write_signal(it.map.data());
	check.gives(0, it.file.check(it.id, 2), "words of the buffer changed");
}

void reattached(Check &check)
{
	const Filled it(check, MAPPER_NO_SNOOP);
	const long to = it.file.alloc(kPages * page_bytes());
	mapper_reattach request = {static_cast<std::uint32_t>(it.id),
				   static_cast<std::uint32_t>(to), {}};

	it.file.fill(to, 2);
	check.gives(0, it.file.revoke(it.id), "revoke");
	check.gives(SIGBUS, read_signal(it.map.data()), "reading then");
	check.gives(0, it.file.request(MAPPER_IOC_REATTACH, &request), "reattach");
	check.gives(0, static_cast<long>(it.map.wrong(2)), "words that are not the new buffer's");
	check.gives(0, it.file.check(it.id, 1), "words of the old one changed");
}

void quota(Check &check)
{
	const rlimit limit = {64 * page_bytes(), 64 * page_bytes()};
	const File file;
	const long id = file.alloc(65 * page_bytes());

	setrlimit(RLIMIT_MEMLOCK, &limit);
	check.gives(0, file.map(id, 65 * page_bytes()).error(), "with CAP_IPC_LOCK");
	if (setresuid(1, 1, 1))
		check.stop();
	check.gives(-EAGAIN, file.map(id, 65 * page_bytes()).error(), "a page too many");

	for (int i = 0; i < 3; ++i) {	/* it comes back when it is unmapped */
		const Map most = file.map(id, 64 * page_bytes());

		check.gives(0, most.error(), "as many as there may be");
		check.gives(-EAGAIN, file.map(id, page_bytes()).error(), "and one more");
	}
}

/// As a frame buffer: the driver has it, whoever maps it.
void unpaid(Check &check)
{
	constexpr std::size_t kBytes = 9 << 20;		/* the limit is 8 MiB on most systems */
	const rlimit limit = {8 << 20, 8 << 20};
	const File file;
	const auto id = static_cast<std::uint32_t>(file.alloc(kBytes));
	const long paid = file.view({{id, 0, kBytes}});
	const long unpaid = file.view({{id, 0, kBytes}}, kReadWrite | MAPPER_UNCHARGED);

	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (setresuid(1, 1, 1))
		check.stop();
	check.gives(-EAGAIN, file.map(paid, kBytes).error(), "charged");

	const Map map = file.map(unpaid, kBytes);

	check.gives(0, map.error(), "not charged");
	check.gives(0, values_of("/proc/self/status")["VmPin"], "KiB charged");
	check.gives(0, read_signal(map.data()), "reading it");
}

constexpr Case kCases[] = {
	{"19 snooped memory is pages, for everybody", snooped_pages, MAPPER_HAS_PAGES},
	{"19 snooped memory takes direct I/O", snooped_direct_io, MAPPER_HAS_PAGES | kDisk},
	{"19 a page that is pinned outlives mapping and buffer", pinned_outlives_all,
	 MAPPER_HAS_PAGES},
	{"19 a tracer reads all, and writes what its process could", traced, MAPPER_HAS_ACCESS},
	{"24 one fault maps a page table", faults_around, MAPPER_HAS_AROUND},
	{"24 one fault maps nothing that was revoked", faults_around_stay_inside,
	 MAPPER_HAS_AROUND},
	{"16 after a revoke there are zeroes", after_zero, MAPPER_HAS_AFTER},
	{"16 after a revoke there is what was there", after_snapshot, MAPPER_HAS_AFTER},
	{"16 mappings get another buffer", reattached, MAPPER_HAS_REATTACH},
	{"30 a process maps no more than it may lock", quota, MAPPER_HAS_QUOTA},
	{"30 what the driver has anyway is not the process's to pay", unpaid, MAPPER_HAS_QUOTA},
};

} // namespace

std::span<const Case> promised_cases() { return kCases; }

} // namespace mapping
