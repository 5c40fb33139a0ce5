// SPDX-License-Identifier: GPL-2.0
// Class C: what is left of a mapping when the device or the buffer goes away.
#include "mapping.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

namespace mapping {

namespace {

constexpr std::size_t kPages = 16;

void unbind_while_mapped(Check &check)
{
	const File file, other;
	const long id = file.alloc(kPages * page_bytes()), its = other.alloc(page_bytes());
	const Map map = file.map(id, kPages * page_bytes()), far = other.map(its, page_bytes());

	file.fill(id, 1);
	other.fill(its, 2);
	if (!check.gives(0, map.error(), "maps"))
		return;
	check.gives(0, static_cast<long>(map.wrong(1)), "words wrong before");
	check.gives(0, file.unbind(), "unbind");
	for (std::size_t i = 0; i < kPages; ++i)
		check.gives(SIGBUS, read_signal(map.page(i)), "reading page %zu", i);
	check.gives(SIGBUS, write_signal(map.data()), "writing");
	check.gives(SIGBUS, read_signal(far.data()), "another file of the device");

	int fds[2];

	if (pipe(fds) == 0)
		check.gives(-EFAULT, result(write(fds[1], map.data(), 1)), "write() out of it");
	check.gives(-ENXIO, file.map(id, page_bytes()).error(), "mmap()");
	check.gives(-ENXIO, file.alloc(page_bytes()), "allocate");
	check.gives(0, file.rebind(), "rebind");
	check.gives(SIGBUS, read_signal(map.data()), "reading the old one");
	check.gives(-ENXIO, file.map(id, page_bytes()).error(), "mmap() of the old one");

	const long fresh = file.alloc(page_bytes());

	check.gives(0, file.map(fresh, page_bytes()).error(), "a new one maps");
}

/// The frames of an unbound device go to others: an old mapping must not see them.
void no_page_of_another_owner(Check &check)
{
	const File file;
	const std::size_t bytes = kPages * page_bytes();
	const long id = file.alloc(bytes);
	const Map map = file.map(id, bytes);
	std::size_t seen = 0;

	file.fill(id, 1);
	if (!check.gives(0, map.error(), "maps"))
		return;
	check.gives(0, static_cast<long>(map.wrong(1)), "words wrong before");
	file.unbind();
	file.free(id);
	file.rebind();
	for (int i = 0; i < 8; ++i)
		file.fill(file.alloc(bytes), 2);
	for (std::size_t i = 0; i < kPages; ++i)
		seen += read_signal(map.page(i)) == 0 &&
			map.word(i * 1024) == mapper_word(2, static_cast<std::uint32_t>(i * 1024));
	check.gives(0, static_cast<long>(seen), "pages of another buffer seen");
}

/// The driver has let go of it: only the mapping has it.
void freed_and_unbound(Check &check)
{
	const File file;
	const long id = file.alloc(page_bytes());
	const Map map = file.map(id, page_bytes());

	map.word(0) = 1;
	check.gives(0, file.free(id), "free");
	check.gives(0, read_signal(map.data()), "it stays while it is mapped");
	check.gives(0, file.unbind(), "unbind");
	check.gives(SIGBUS, read_signal(map.data()), "it is gone with its device");
	file.rebind();
}

void unbind_in_every_process(Check &check)
{
	const File file;
	const long id = file.alloc(page_bytes());
	int ready[2], go[2];
	char byte = 0;

	file.fill(id, 1);
	if (pipe(ready) || pipe(go))
		check.stop();

	const pid_t child = fork();

	if (child == 0) {
		const Map own = file.map(id, page_bytes());
		int code = own.error() ? 1 : 0;

		code |= own.data() && own.wrong(1) ? 2 : 0;
		static_cast<void>(!write(ready[1], &byte, 1));
		static_cast<void>(!read(go[0], &byte, 1));
		code |= own.data() && read_signal(own.data()) != SIGBUS ? 4 : 0;
		_exit(code);
	}
	static_cast<void>(!read(ready[0], &byte, 1));
	check.gives(0, file.unbind(), "unbind");
	static_cast<void>(!write(go[1], &byte, 1));

	int status = 0;

	waitpid(child, &status, 0);
	check.gives(0, WEXITSTATUS(status), "the other process");
	file.rebind();
}

/// A thread that reads all the time sees its buffer, then SIGBUS; nothing in between.
void unbind_while_read(Check &check)
{
	for (int round = 0; round < 10; ++round) {
		const File file;
		const long id = file.alloc(kPages * page_bytes());
		const Map map = file.map(id, kPages * page_bytes());
		std::atomic<bool> started = false;
		std::atomic<unsigned int> wrong = 0;
		int signal = 0;

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			return;
		std::thread reader([&] {
			signal = signal_of([&] {
				for (;;) {
					wrong += map.wrong(1) != 0;
					started = true;
				}
			});
		});
		while (!started)
			usleep(1000);
		usleep(static_cast<useconds_t>(500 * round));
		file.unbind();
		reader.join();
		file.rebind();
		check.gives(SIGBUS, signal, "the reader");
		check.gives(0, static_cast<long>(wrong), "rounds with other contents");
	}
}

/// One segment of a mapping goes, also where mappings of others have the same offset.
void revoke_a_segment(Check &check)
{
	const File file, other;
	const std::size_t page = page_bytes();
	const auto one = static_cast<std::uint32_t>(file.alloc(page));
	const auto two = static_cast<std::uint32_t>(file.alloc(page));
	const long view = file.view({{one, 0, page}, {two, 0, page}, {one, 0, page}});
	const Map map = file.map(view, 3 * page);
	const long its = other.alloc(page);
	const Map neighbour = other.map(its, page);

	file.fill(one, 1);
	file.fill(two, 2);
	other.fill(its, 3);
	if (!check.gives(0, map.error(), "maps"))
		return;
	for (std::size_t i = 0; i < 3; ++i)
		read_signal(map.page(i));
	check.gives(0, file.revoke(two), "revoke");
	check.gives(SIGBUS, read_signal(map.page(1)), "reading it");
	check.gives(0, read_signal(map.page(0)), "reading the one before");
	check.gives(0, read_signal(map.page(2)), "reading the one behind");
	check.gives(0, static_cast<long>(neighbour.wrong(3)), "words of another file");
	check.gives(0, file.revoke(two), "revoke again");
	check.gives(0, file.check(two, 2), "words that the kernel sees changed");
}

/// A revoke waits for an mmap() that fills at once: a driver that revokes with a lock of its mmap()
/// held would wait for ever.
void revoke_beside_filling(Check &check)
{
	const File file;
	const auto page = page_bytes();
	const long other = file.alloc(page);
	std::atomic<bool> done = false;
	std::atomic<unsigned int> errors = 0;
	std::thread mapping([&] {
		while (!done)
			errors += file.map(other, page).error() != 0;
	});

	for (int round = 0; round < 500; ++round) {
		const auto id = static_cast<std::uint32_t>(file.alloc(page));
		const long view = file.view({{id, 0, page}}, kReadWrite | MAPPER_POPULATE);
		const Map map = file.map(view, page);

		check.gives(0, map.error(), "maps");
		check.gives(0, file.revoke(id), "revoke");
		check.gives(SIGBUS, read_signal(map.data()), "reading then");
		file.free(view);
		file.free(id);
	}
	done = true;
	mapping.join();
	check.gives(0, static_cast<long>(errors), "mappings refused meanwhile");
}

/// As DRM drivers number their buffers: beyond 4 GiB of the file.
void revoke_at_high_offsets(Check &check)
{
	for (const std::uint64_t page : {(1ull << 20) - 2, 1ull << 20, (1ull << 20) + 5,
					 (1ull << 31) - 2, (1ull << 32) - 5}) {
		const File file;
		const long id = file.alloc(4 * page_bytes());

		file.fill(id, 1);
		check.gives(0, file.select(id), "select");

		const Map map(file.fd(), page, 4 * page_bytes());

		if (!check.gives(0, map.error(), "maps at page %#llx", (unsigned long long)page))
			continue;
		check.gives(0, static_cast<long>(map.wrong(1)), "words wrong");
		check.gives(0, file.revoke(id), "revoke");
		for (std::size_t i = 0; i < 4; ++i)
			check.gives(SIGBUS, read_signal(map.page(i)),
				    "page %zu at page %#llx of the file", i,
				    (unsigned long long)page);
	}
}

/// What the driver frees stays whole for who has it mapped.
void free_while_mapped(Check &check)
{
	const Counts before = Counts::now();
	{
		const File file;
		const std::size_t bytes = kPages * page_bytes();
		const long id = file.alloc(bytes);
		Map map = file.map(id, bytes);
		std::size_t seen = 0;

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			return;
		read_signal(map.data());	/* some pages are there, others come later */
		check.gives(0, file.free(id), "free");
		for (int i = 0; i < 8; ++i)
			file.fill(file.alloc(bytes), 2);
		for (std::size_t i = 0; i < bytes / 4; ++i)
			seen += map.word(i) == mapper_word(2, static_cast<std::uint32_t>(i));
		check.gives(0, static_cast<long>(seen), "words of another buffer seen");
		check.gives(0, static_cast<long>(map.wrong(1)), "words changed");
		map.unmap();
		check.gives(static_cast<long>(before.regions + (stock ? 0 : 8)),
			    static_cast<long>(Counts::now().regions), "regions left");
	}
	expect_same(check, before);
}

void close_while_mapped(Check &check)
{
	const Counts before = Counts::now();
	{
		File file;
		const long id = file.alloc(kPages * page_bytes());
		const Map map = file.map(id, kPages * page_bytes());

		file.fill(id, 1);
		if (!check.gives(0, map.error(), "maps"))
			return;
		file.shut();
		check.gives(0, static_cast<long>(map.wrong(1)), "words changed");
	}
	expect_soon(check, before);
}

constexpr Case kCases[] = {
	{"16 unbinding the device takes its memory from a process", unbind_while_mapped},
	{"16 an unbound mapping sees no page of another owner", no_page_of_another_owner},
	{"16 what was freed before goes with the device, too", freed_and_unbound, kLayer},
	{"16 unbinding takes it from every process", unbind_in_every_process},
	{"16 a reader sees its buffer or SIGBUS", unbind_while_read},
	{"16 revoking a segment leaves its neighbours", revoke_a_segment, kLayer},
	{"16 revoking and mmap() that fills at once go on side by side", revoke_beside_filling,
	 kLayer},
	{"16 revoking reaches mappings at any offset", revoke_at_high_offsets,
	 kLayer | MAPPER_HAS_OFFSETS},
	{"17 a buffer that is freed while mapped stays whole", free_while_mapped},
	{"21 a mapping outlives the file descriptor", close_while_mapped},
};

} // namespace

std::span<const Case> revoke_cases() { return kCases; }

} // namespace mapping
