// SPDX-License-Identifier: GPL-2.0
// Class A: what a process may ask for, and how it is refused.
#include "kernel_files.h"
#include "mapping.h"

#include <fcntl.h>
#include <sys/personality.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace mapping {

namespace {

/// Offsets, in pages, where arithmetic goes wrong: 32 bits of pages, 32 and 64 of bytes.
constexpr std::uint64_t kHostilePages[] = {
	0, 1, 4095, MAPPER_PAGE(2, 0), MAPPER_PAGE(1, 4), MAPPER_PAGE(1, 4095),
	MAPPER_PAGE(MAPPER_IDS, 0), MAPPER_PAGE(MAPPER_IDS + 1, 0),
	(1ull << 19) - 1, (1ull << 20) - 1, 1ull << 20, (1ull << 20) + MAPPER_PAGE(1, 0),
	(1ull << 31) - 1, 1ull << 31, (1ull << 31) + MAPPER_PAGE(1, 0), (1ull << 32) - 1,
	1ull << 32, (1ull << 32) + MAPPER_PAGE(1, 0), (1ull << 44) + MAPPER_PAGE(1, 0),
	(1ull << 51) - 1, (1ull << 51) + MAPPER_PAGE(1, 0), (1ull << 52) - 1,
};

void hostile_offsets(Check &check)
{
	const File file;
	const long id = file.alloc(4 * page_bytes());

	check.gives(1, id, "the first id");
	for (const std::uint64_t page : kHostilePages)
		for (const std::size_t pages : {1, 4})
			check.refused(Map(file.fd(), page, pages * page_bytes()).error(),
				      "page %#llx, %zu pages", (unsigned long long)page, pages);
	check.refused(Map(file.fd(), MAPPER_PAGE(id, 3), 2 * page_bytes()).error(),
		      "a page beyond the end, from the last");
	check.gives(0, Map(file.fd(), MAPPER_PAGE(id, 3), page_bytes()).error(), "the last page");
	check.gives(0, file.map(id, 4 * page_bytes()).error(), "all pages");
}

void lengths(Check &check)
{
	const File file;
	const long id = file.alloc(3 * page_bytes());

	for (const std::size_t bytes :
	     {4 * page_bytes(), 3 * page_bytes() + 1, 1024 * page_bytes(), std::size_t(1) << 30})
		check.refused(file.map(id, bytes).error(), "%zu bytes", bytes);
	check.gives(-EINVAL, file.map(id, 0).error(), "no byte");
	check.refused(file.map(id, SIZE_MAX).error(), "all bytes there are");
	check.refused(file.map(id, SIZE_MAX - page_bytes() + 1).error(), "all but a page");
	for (const std::size_t bytes : {std::size_t(1), page_bytes() + 1, 3 * page_bytes()})
		check.gives(0, file.map(id, bytes).error(), "%zu bytes", bytes);
}

void odd_tail(Check &check)
{
	const File file;
	const std::size_t odd = page_bytes() + 904, whole = 2 * page_bytes();
	const long before = file.alloc(whole), id = file.alloc(odd), behind = file.alloc(whole);

	file.fill(before, 1);
	file.fill(behind, 2);

	const Map map = file.map(id, whole);

	if (!check.gives(0, map.error(), "the page that it ends in"))
		return;
	check.gives(0, static_cast<long>(map.not_zero()), "bytes that are not zero");
	map.fill(0xffffffff);
	check.gives(0, file.check(before, 1), "words changed of one neighbour");
	check.gives(0, file.check(behind, 2), "words changed of the other");
	check.refused(file.map(id, whole + 1).error(), "one page more");
}

void sizes(Check &check)
{
	const File file;

	check.gives(-EINVAL, file.alloc(0), "no byte");
	for (const std::uint64_t bytes :
	     {~0ull, ~0ull - 4095, 1ull << 63, (1ull << 63) + 1, (1ull << 43), (1ull << 43) + 4096,
	      0xffffffffull - 4094, 0xffffffffull, 0x80000000ull * page_bytes()})
		check.refused(file.alloc(bytes), "%#llx bytes", (unsigned long long)bytes);
	for (const std::uint64_t bytes :
	     {0x80000000ull, 0xfffff000ull - page_bytes(), 0x7fffffffull, 1ull << 30})
		check.refused(file.alloc(bytes), "%#llx bytes", (unsigned long long)bytes);
	/* Each of them, or not enough memory in one piece. */
	for (const std::uint64_t kib : {128, 132, 256, 1024, 8192, 8196, 16384}) {
		const long id = file.alloc(kib << 10);

		check.ok(id > 0 || id == -ENOMEM, "%llu KiB: %ld", (unsigned long long)kib, id);
		if (id > 0)
			check.gives(0, file.free(id), "%llu KiB freed", (unsigned long long)kib);
	}
	check.gives(-ENOMEM, file.alloc(4 << 20, MAPPER_NO_SNOOP, MAPPER_ATOMIC),
		    "4 MiB at once");
}

void private_mappings(Check &check)
{
	const File writing, reading(O_RDONLY);
	const long id = writing.alloc(page_bytes()), other = reading.alloc(page_bytes());

	writing.fill(id, 7);
	for (int protection = 0; protection < 8; ++protection) {
		const int by_writer = writing.map(id, page_bytes(), protection,
						  MAP_PRIVATE).error();
		const int by_reader = reading.map(other, page_bytes(), protection,
						  MAP_PRIVATE).error();

		/* PROT_EXEC is refused earlier where /dev is mounted noexec. */
		const int expected = protection & PROT_EXEC && by_writer == -EPERM ? -EPERM :
										      -EINVAL;

		check.gives(expected, by_writer, "protection %d, opened to write", protection);
		check.gives(expected, by_reader, "protection %d, opened to read", protection);
	}
	check.gives(0, writing.check(id, 7), "words changed");
	check.gives(0, writing.map(id, page_bytes(), PROT_READ | PROT_WRITE,
				   MAP_SHARED_VALIDATE).error(), "MAP_SHARED_VALIDATE");
	check.gives(-EOPNOTSUPP, writing.map(id, page_bytes(), PROT_READ | PROT_WRITE,
					     MAP_SHARED_VALIDATE | 1 << 22).error(),
		    "with a flag that nobody knows");
}

/// A private mapping that got through would copy: what it writes must not arrive, and does not.
void private_and_read_only(Check &check)
{
	const File file(O_RDONLY);
	const long id = file.alloc(page_bytes());
	const Map map = file.map(id, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE);

	file.fill(id, 3);
	check.gives(-EINVAL, map.error(), "O_RDONLY, MAP_PRIVATE, PROT_WRITE");
	if (map.data())
		write_signal(map.data());
	check.gives(0, file.check(id, 3), "words changed");
}

/// What must come of a request; PROT_EXEC may be refused with EPERM before.
bool allowed(int mode, unsigned int access, int protection)
{
	if (mode == O_WRONLY || (protection & PROT_EXEC))
		return false;
	if ((protection & PROT_READ) && !(access & MAPPER_READ))
		return false;
	return !(protection & PROT_WRITE) || ((access & MAPPER_WRITE) && mode == O_RDWR);
}

void check_access(Check &check, int mode, unsigned int access)
{
	const File file(mode);
	const auto id = static_cast<std::uint32_t>(file.alloc(page_bytes()));
	const long view = file.view({{id, 0, page_bytes()}}, access);

	for (int protection = 0; protection < 8; ++protection) {
		const Map map = file.map(view, page_bytes(), protection);
		const int closed = file.map(view, page_bytes(), PROT_NONE).error();
		const Map none = file.map(view, page_bytes(), PROT_NONE);
		const int later = none.data() ?
			result(mprotect(none.data(), page_bytes(), protection)) : closed;

		if (allowed(mode, access, protection)) {
			check.gives(0, map.error(), "mode %d access %u prot %d", mode, access,
				    protection);
			check.gives(0, later, "mode %d access %u mprotect %d", mode, access,
				    protection);
			continue;
		}
		check.ok(map.error() == -EACCES || ((protection & PROT_EXEC) &&
						   map.error() == -EPERM),
			 "mode %d access %u prot %d: %d", mode, access, protection, map.error());
		check.gives(-EACCES, later, "mode %d access %u mprotect %d", mode, access,
			    protection);
	}
}

void access_table(Check &check)
{
	for (const unsigned int access : {MAPPER_READ, MAPPER_WRITE, MAPPER_READ | MAPPER_WRITE})
		check_access(check, O_RDWR, static_cast<unsigned int>(access));
	check_access(check, O_WRONLY, kReadWrite);
}

/// A shared mapping of such a file may never be written; it is still shared.
void access_of_readers(Check &check)
{
	check_access(check, O_RDONLY, MAPPER_READ);
	check_access(check, O_RDONLY, kReadWrite);
}

void read_only_stays(Check &check)
{
	const File file;
	const auto id = static_cast<std::uint32_t>(file.alloc(2 * page_bytes()));
	const long view = file.view({{id, 0, 2 * page_bytes()}}, MAPPER_READ);
	const Map map = file.map(view, 2 * page_bytes(), PROT_READ);

	file.fill(id, 9);
	if (!check.gives(0, map.error(), "maps to be read"))
		return;
	for (const int protection : {PROT_WRITE, PROT_READ | PROT_WRITE, PROT_EXEC,
				     PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC}) {
		check.gives(-EACCES, result(mprotect(map.data(), map.size(), protection)),
			    "mprotect %d of all", protection);
		check.gives(-EACCES, result(mprotect(map.page(1), page_bytes(), protection)),
			    "mprotect %d of a part", protection);
	}
	check.gives(0, result(mprotect(map.data(), map.size(), PROT_NONE)), "mprotect to nothing");
	check.gives(-EACCES, result(mprotect(map.data(), map.size(), PROT_READ | PROT_WRITE)),
		    "and then to write");
	check.gives(0, result(mprotect(map.data(), map.size(), PROT_READ)), "and then to read");
	check.gives(SIGSEGV, write_signal(map.data()), "writing");
	check.gives(0, static_cast<long>(map.wrong(9)), "words changed");
	/* The kernel on behalf of the process is no way around. */
	check.gives(-EACCES, file.map(view, page_bytes()).error(), "maps to be written");
}

void no_execution(Check &check)
{
	const File file;
	const long id = file.alloc(page_bytes());
	const Map map = file.map(id, page_bytes());
	const int error = file.map(id, page_bytes(), PROT_READ | PROT_EXEC).error();

	check.ok(error == -EACCES || error == -EPERM, "maps to be executed: %d", error);
	if (map.data())
		check.gives(-EACCES, result(mprotect(map.data(), page_bytes(),
						     PROT_READ | PROT_EXEC)), "mprotect");
}

/// Does /proc/self/maps say so of the mapping that begins there?
bool executable(const std::byte *address)
{
	for (const std::string &line : lines_of(read_file("/proc/self/maps")))
		if (std::strtoul(line.c_str(), nullptr, 16) ==
		    reinterpret_cast<unsigned long>(address))
			return line[line.find(' ') + 3] == 'x';
	return true;	/* not there */
}

/// @map was made by a program that can't tell reading from executing.
void expect_data(Check &check, const Map &map, const char *how)
{
	if (!check.gives(0, map.error(), "%s: maps", how))
		return;
	check.gives(0, static_cast<long>(map.wrong(3)), "%s: words wrong", how);
	check.ok(!executable(map.data()), "%s: executable", how);
	check.gives(0, result(mprotect(map.data(), map.size(), PROT_READ)), "%s: mprotect", how);
	check.ok(!executable(map.data()), "%s: executable then", how);
	check.gives(0, result(mprotect(map.data(), map.size(), PROT_READ | PROT_WRITE)),
		    "%s: mprotect back", how);
}

/// With an executable stack (READ_IMPLIES_EXEC), the kernel adds PROT_EXEC to each PROT_READ.
void implied_execution(Check &check)
{
	const auto before = static_cast<unsigned long>(personality(0xffffffff));
	const File file;
	const std::size_t bytes = 2 * page_bytes();
	const auto id = static_cast<std::uint32_t>(file.alloc(bytes));
	const long filled = file.view({{id, 0, bytes}}, kReadWrite | MAPPER_POPULATE);

	file.fill(id, 3);
	personality(before | READ_IMPLIES_EXEC);
	expect_data(check, file.map(id, bytes), "on demand");
	file.fill(id, 3);
	expect_data(check, file.map(filled, bytes), "filled");
	check.gives(0, file.map(id, bytes, PROT_READ).error(), "to be read");
	check.gives(0, file.map(id, bytes, PROT_WRITE).error(), "to be written");

	const int alone = file.map(id, bytes, PROT_EXEC).error();

	check.ok(alone == -EACCES || alone == -EPERM, "to be executed: %d", alone);

	const Map map = file.map(id, bytes);

	personality(before);
	if (map.data())
		check.gives(-EACCES, result(mprotect(map.data(), bytes, PROT_READ | PROT_EXEC)),
			    "mprotect() of who asks for it");
}

void hostile_requests(Check &check)
{
	const File file;
	mapper_info wrong = {};
	mapper_alloc odd = {};

	wrong.abi = MAPPER_ABI_VERSION + 1;
	check.gives(-EINVAL, file.request(MAPPER_IOC_INFO, &wrong), "another version");
	check.gives(-EFAULT, file.request(MAPPER_IOC_INFO, nullptr), "no argument");
	check.gives(-ENOTTY, file.request(_IO('M', 99), nullptr), "no such request");
	odd.bytes = page_bytes();
	odd.reserved = 1;
	check.gives(-EINVAL, file.request(MAPPER_IOC_ALLOC, &odd), "a reserved field");
	check.gives(-EINVAL, file.alloc(page_bytes(), MAPPER_DEVICES), "no such device");
	check.gives(-EINVAL, file.alloc(page_bytes(), 0, 4), "an unknown flag");
	check.gives(-EINVAL, file.alloc(page_bytes(), 0, MAPPER_ATOMIC | MAPPER_ADOPT),
		    "flags that exclude each other");
	for (const long id : {0l, 1l, 65535l, 65536l, 65537l, -1l}) {
		check.gives(-ENOENT, file.free(id), "free %ld", id);
		check.gives(-ENOENT, file.fill(id, 0), "fill %ld", id);
		check.gives(-ENOENT, file.revoke(id), "revoke %ld", id);
	}
	check.gives(-EINVAL, file.revoke(1, 3), "no such state after a revoke");
	check.gives(-ENOENT, file.unpin(), "nothing to unpin");

	const long id = file.alloc(page_bytes());

	check.gives(0, file.free(id), "free");
	check.gives(-ENOENT, file.free(id), "free again");
	check.gives(-ENOENT, file.map(id, page_bytes()).error(), "map what is free");
}

constexpr Case kCases[] = {
	{"01 no offset gets beyond a buffer", hostile_offsets},
	{"02 no length gets beyond a buffer", lengths},
	{"02 the slack of an odd tail is zero and nobody else's", odd_tail},
	{"05 every access is what view and file allow", access_table},
	{"05 a file that was opened to read maps what may be read", access_of_readers,
	 MAPPER_HAS_READERS},
	{"05 a read-only mapping can't be made writable", read_only_stays},
	{"05 nothing is executed", no_execution},
	{"05 a program with an executable stack maps, and executes nothing", implied_execution,
	 kLayer},
	{"06 a read-only file gets no private mapping to write", private_and_read_only},
	{"07 private mappings are refused", private_mappings},
	{"08 sizes that wrap or are too large are refused", sizes, kLayer},
	{"11 requests with wrong fields are refused", hostile_requests, kLayer},
};

} // namespace

std::span<const Case> argument_cases() { return kCases; }

} // namespace mapping
