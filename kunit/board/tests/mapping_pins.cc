// SPDX-License-Identifier: GPL-2.0
// 19: everything that asks the kernel for the pages behind a mapping.
#include "mapping.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mapping {

namespace {

/// Most cases look at one buffer of four pages, filled with 1.
struct Flipped {
	File file;
	long id = file.alloc(4 * page_bytes());
	Map map = file.map(id, 4 * page_bytes());

	explicit Flipped(Check &check)
	{
		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			check.stop();
	}
};

void pin(Check &check)
{
	const Flipped it(check);

	for (const bool touched : {false, true}) {
		if (touched)
			read_signal(it.map.data());
		for (unsigned int flags = 0; flags < 4; ++flags)
			check.gives(-EFAULT, it.file.pin(it.map.data(), 4, flags), "flags %u, %s",
				    flags, touched ? "touched" : "fresh");
	}
	check.gives(0, it.file.check(it.id, 1), "words changed");
}

void splice(Check &check)
{
	const Flipped it(check);
	iovec what = {it.map.data(), page_bytes()};
	int fds[2];

	if (pipe(fds))
		check.stop();
	check.gives(-EFAULT, result(vmsplice(fds[1], &what, 1, 0)), "vmsplice()");
	check.gives(-EFAULT, result(vmsplice(fds[1], &what, 1, SPLICE_F_GIFT)), "as a gift");
}

void other_process_memory(Check &check)
{
	const Flipped it(check);
	char buffer[16];
	iovec here = {buffer, sizeof(buffer)}, there = {it.map.data(), sizeof(buffer)};

	check.gives(-EFAULT, result(process_vm_readv(getpid(), &here, 1, &there, 1, 0)), "readv");
	check.gives(-EFAULT, result(process_vm_writev(getpid(), &here, 1, &there, 1, 0)),
		    "writev");
	check.gives(0, it.file.check(it.id, 1), "words changed");
}

void direct_io(Check &check)
{
	const Flipped it(check);
	const int fd = open("/dev/ram0", O_RDWR | O_DIRECT | O_CLOEXEC);

	if (!check.ok(fd >= 0, "the board has a block device for O_DIRECT: %s", strerror(errno)))
		return;
	check.gives(-EFAULT, result(pwrite(fd, it.map.data(), page_bytes(), 0)), "write out of it");
	check.gives(-EFAULT, result(pread(fd, it.map.data(), page_bytes(), 0)), "read into it");
	check.gives(0, it.file.check(it.id, 1), "words changed");
	close(fd);
}

void shared_futex(Check &check)
{
	const Flipped it(check);
	const timespec soon = {0, 1000};

	check.gives(-EFAULT, result(syscall(SYS_futex, it.map.data(), FUTEX_WAIT, 0, &soon)),
		    "a futex that processes share");
}

/// The kernel's copies are no pins: they use the process's own mapping.
void copies_work(Check &check)
{
	const Flipped it(check);
	const auto bytes = static_cast<long>(page_bytes());
	int fds[2];

	if (pipe(fds))
		check.stop();
	check.gives(bytes, write(fds[1], it.map.data(), page_bytes()), "write() out of it");
	it.map.word(0) = 0;
	check.gives(bytes, read(fds[0], it.map.data(), page_bytes()), "read() into it");
	check.gives(0, it.file.check(it.id, 1), "words changed");
}

void advice(Check &check)
{
	const Flipped it(check);

	check.gives(0, static_cast<long>(it.map.wrong(1)), "words wrong before");
	for (const int advice : {MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DOFORK, MADV_DODUMP,
				 MADV_MERGEABLE, MADV_HUGEPAGE, MADV_WIPEONFORK, MADV_COLD,
				 MADV_PAGEOUT, MADV_WILLNEED, MADV_POPULATE_READ,
				 MADV_POPULATE_WRITE}) {
		const int error = result(madvise(it.map.data(), it.map.size(), advice));

		if (advice == MADV_DOFORK || advice == MADV_DODUMP || advice == MADV_WIPEONFORK)
			check.refused(error, "advice %d", advice);
		check.gives(0, static_cast<long>(it.map.wrong(1)), "words changed by advice %d",
			    advice);
	}
	check.gives(0, it.file.check(it.id, 1), "words that the kernel sees changed");
}

void locked(Check &check)
{
	const Flipped it(check);
	const Map populated = it.file.map(it.id, 4 * page_bytes(), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_POPULATE | MAP_LOCKED);

	check.gives(0, populated.error(), "MAP_POPULATE and MAP_LOCKED");
	check.gives(0, result(mlock(it.map.data(), it.map.size())), "mlock()");
	check.gives(0, static_cast<long>(it.map.wrong(1)), "words changed");
	check.gives(0, result(munlock(it.map.data(), it.map.size())), "munlock()");
}

constexpr Case kCases[] = {
	{"19 flipped memory can't be pinned", pin},
	{"19 flipped memory can't be spliced", splice},
	{"19 flipped memory can't be read as another process's", other_process_memory},
	{"19 flipped memory refuses direct I/O", direct_io, kDisk},
	{"19 flipped memory is no place for a shared futex", shared_futex},
	{"19 read() and write() work", copies_work},
	{"19 advice changes nothing", advice},
	{"19 locking changes nothing", locked},
};

} // namespace

std::span<const Case> pin_cases() { return kCases; }

} // namespace mapping
