// SPDX-License-Identifier: GPL-2.0
// Class A: tables of segments, and what becomes of a mapping that is split, moved or grown.
#include "mapping.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

namespace mapping {

namespace {

constexpr std::size_t kWordsPerPage = 1024;

/// Page @n of what shows a buffer filled with @seed.
std::size_t wrong_page(const std::byte *at, std::uint32_t seed, std::size_t n)
{
	const auto *words = reinterpret_cast<const volatile std::uint32_t *>(at);
	std::size_t count = 0;

	for (std::size_t i = 0; i < kWordsPerPage; ++i)
		count += words[i] != mapper_word(seed, static_cast<std::uint32_t>(
							       n * kWordsPerPage + i));
	return count;
}

void segments_in_order(Check &check)
{
	const File file;
	const std::size_t page = page_bytes();
	const auto one = static_cast<std::uint32_t>(file.alloc(3 * page));
	const auto two = static_cast<std::uint32_t>(file.alloc(2 * page));
	const long view = file.view({{two, page, page}, {one, 0, 2 * page}, {two, 0, 2 * page},
				     {one, 2 * page, page}});
	const Map map = file.map(view, 6 * page);

	file.fill(one, 1);
	file.fill(two, 2);
	if (!check.gives(0, map.error(), "maps"))
		return;
	check.gives(0, static_cast<long>(wrong_page(map.page(0), 2, 1)), "page 0");
	check.gives(0, static_cast<long>(wrong_page(map.page(1), 1, 0)), "page 1");
	check.gives(0, static_cast<long>(wrong_page(map.page(2), 1, 1)), "page 2");
	check.gives(0, static_cast<long>(wrong_page(map.page(3), 2, 0)), "page 3");
	check.gives(0, static_cast<long>(wrong_page(map.page(4), 2, 1)), "page 4");
	check.gives(0, static_cast<long>(wrong_page(map.page(5), 1, 2)), "page 5");
	check.gives(-EINVAL, file.map(view, 7 * page).error(), "a page more than the segments");
	check.gives(-EBUSY, file.free(one), "free what a view shows");
	check.gives(0, file.free(view), "free the view");
	check.gives(0, file.free(one), "and then the buffer");
	check.gives(0, static_cast<long>(wrong_page(map.page(1), 1, 0)), "it is still mapped");
}

void hostile_segments(Check &check)
{
	const File file;
	const std::uint64_t page = page_bytes();
	const auto id = static_cast<std::uint32_t>(file.alloc(4 * page));
	const Segment wrong[] = {
		{id, 0, 0}, {id, 0, 1}, {id, 1, page}, {id, page / 2, page}, {id, 0, 5 * page},
		{id, 4 * page, page}, {id, 3 * page, 2 * page}, {id, 5 * page, page},
		{id, 0 - page, page}, {id, 0 - page, 2 * page}, {id, page, 0 - page},
		{id, 2 * page, 0 - page}, {id, 1ull << 63, page}, {id, 0, 1ull << 63},
		{id, 0xfffff000, page}, {id, 0xfffff000, 2 * page}, {id, 0, 0xfffff000},
		{id, page, 0xfffff000},
	};

	for (const Segment &segment : wrong) {
		const long view = file.view({segment});
		const long second = file.view({{id, 0, page}, segment});

		check.gives(-EINVAL, file.map(view, page).error(), "offset %#llx bytes %#llx",
			    (unsigned long long)segment.offset,
			    (unsigned long long)segment.bytes);
		check.gives(-EINVAL, file.map(second, page).error(),
			    "offset %#llx bytes %#llx as the second",
			    (unsigned long long)segment.offset,
			    (unsigned long long)segment.bytes);
	}
	check.gives(-EINVAL, file.view(std::span<const Segment>{}), "no segment");
	check.gives(-ENOENT, file.view({{id + 1, 0, page}}), "of no buffer");
	check.gives(-ENOENT, file.view({{id, 0, page}, {id + 7, 0, page}}), "of none at the end");
	check.gives(-EINVAL, file.map(file.view({{id, 0, page}}, 0), page).error(), "no access");
	check.gives(-EINVAL, file.map(file.view({{id, 0, page}}, 4), page).error(),
		    "an unknown access");
	check.gives(-EINVAL, file.view(std::vector<Segment>(MAPPER_SEGMENTS + 1,
							    {id, 0, page})), "too many");

	const long most = file.view(std::vector<Segment>(MAPPER_SEGMENTS, {id, 0, page}));
	const Map map = file.map(most, MAPPER_SEGMENTS * page);

	file.fill(id, 5);
	if (check.gives(0, map.error(), "as many as there may be"))
		check.gives(0, static_cast<long>(wrong_page(map.page(MAPPER_SEGMENTS - 1), 5, 0)),
			    "the last of them");
}

/// A view can't show what is not memory of a device any more.
void stale_segments(Check &check)
{
	const File file;
	const std::size_t page = page_bytes();
	const auto one = static_cast<std::uint32_t>(file.alloc(page));
	const auto two = static_cast<std::uint32_t>(file.alloc(page));
	const long view = file.view({{one, 0, page}, {two, 0, page}});

	file.revoke(two);
	check.gives(-ENXIO, file.map(view, 2 * page).error(), "a revoked buffer among others");
	check.gives(-ENXIO, file.map(two, page).error(), "a revoked buffer");
	check.gives(0, file.map(one, page).error(), "its neighbour");
}

constexpr std::size_t kPages = 8;

void holes(Check &check)
{
	const File file;
	const long id = file.alloc(kPages * page_bytes());
	Map map = file.map(id, kPages * page_bytes());

	file.fill(id, 1);
	if (!check.gives(0, map.error(), "maps"))
		return;
	munmap(map.page(2), page_bytes());
	mprotect(map.page(5), page_bytes(), PROT_READ);
	for (std::size_t i = 0; i < kPages; ++i)
		if (i == 2)
			check.gives(SIGSEGV, read_signal(map.page(i)), "the hole");
		else
			check.gives(0, static_cast<long>(wrong_page(map.page(i), 1, i)),
				    "words wrong of page %zu", i);
	check.gives(SIGSEGV, write_signal(map.page(5)), "writing the protected page");
	check.gives(0, static_cast<long>(wrong_page(map.page(6), 1, 6)), "the page behind it");
}

void part_shows_its_part(Check &check)
{
	const File file;
	const long id = file.alloc(kPages * page_bytes());
	const Map map(file.fd(), MAPPER_PAGE(id, 5), 3 * page_bytes());

	file.fill(id, 4);
	if (!check.gives(0, map.error(), "maps from page 5"))
		return;
	for (std::size_t i = 0; i < 3; ++i)
		check.gives(0, static_cast<long>(wrong_page(map.page(i), 4, 5 + i)),
			    "words wrong of page %zu", i);
}

/// Pages that were touched, and pages that were not; from the middle, and all of it.
void moves(Check &check)
{
	const File file;
	const std::size_t page = page_bytes();
	const long id = file.alloc(kPages * page);
	Map map = file.map(id, kPages * page), other = file.map(id, kPages * page);

	file.fill(id, 1);
	if (!check.gives(0, map.error(), "maps"))
		return;
	read_signal(map.page(4));
	/* An address that any machine takes for these pages: where they were mapped before. */
	std::byte *const room = other.page(4);

	other.unmap();

	void *const to = mremap(map.page(4), 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
				room);

	if (!check.ok(to != MAP_FAILED, "the second half moves: %d", errno))
		return;
	for (std::size_t i = 0; i < 4; ++i) {
		check.gives(0, static_cast<long>(wrong_page(map.page(i), 1, i)), "page %zu", i);
		check.gives(0, static_cast<long>(
			wrong_page(static_cast<std::byte *>(to) + i * page, 1, 4 + i)),
			"page %zu, moved", 4 + i);
		check.gives(SIGSEGV, read_signal(map.page(4 + i)), "where page %zu was", 4 + i);
	}
	*static_cast<volatile std::uint32_t *>(to) = 77;
	check.gives(77, file.map(id, kPages * page).word(4 * kWordsPerPage), "the same memory");
	munmap(to, 4 * page);
}

void growth(Check &check)
{
	const File file;
	const std::size_t page = page_bytes();
	const long id = file.alloc(kPages * page);

	for (const std::size_t pages : {kPages, kPages / 2}) {
		const Map map = file.map(id, pages * page);

		for (const int flags : {0, MREMAP_MAYMOVE}) {
			void *grown = mremap(map.data(), pages * page, (pages + 1) * page, flags);

			check.gives(-EFAULT, grown == MAP_FAILED ? -errno : 0,
				    "%zu pages grow, flags %d", pages, flags);
		}
		void *twin = mremap(map.data(), 0, pages * page, MREMAP_MAYMOVE);

		check.refused(twin == MAP_FAILED ? -errno : 0, "a second one of %zu pages", pages);
		twin = mremap(map.data(), pages * page, pages * page,
			      MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
		check.refused(twin == MAP_FAILED ? -errno : 0, "one is left of %zu pages", pages);
		check.gives(0, read_signal(map.data()), "it is still there");
	}
}

/// Another window on the same file, by the kernel's own call: the driver is asked again.
void remapped_pages(Check &check)
{
	const File file;
	const std::size_t page = page_bytes();
	const long id = file.alloc(4 * page);
	const Map map = file.map(id, 4 * page);

	file.fill(id, 1);
	if (!check.gives(0, map.error(), "maps"))
		return;
	check.refused(result(syscall(SYS_remap_file_pages, map.data(), page, 0,
				     static_cast<std::size_t>(MAPPER_PAGE(id, 4)), 0)),
		      "a page beyond the end");
	check.gives(0, static_cast<long>(wrong_page(map.page(1), 1, 1)), "the rest is as before");
}

constexpr Case kCases[] = {
	{"02 segments are shown in order, each in its place", segments_in_order, kLayer},
	{"02 segments that wrap, overlap the end or are empty are refused", hostile_segments,
	 kLayer},
	{"16 what was revoked is not mapped again", stale_segments, kLayer},
	{"03 pages around a hole are their own, nothing is in it", holes},
	{"03 a mapping from the middle shows nothing else", part_shows_its_part},
	{"04 a mapping that moves shows the same memory", moves},
	{"04 a mapping does not grow and gets no twin", growth},
	{"04 remap_file_pages() gets no more than mmap()", remapped_pages},
};

} // namespace

std::span<const Case> view_cases() { return kCases; }

} // namespace mapping
