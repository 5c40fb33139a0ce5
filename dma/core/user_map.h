/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <optional>
#include <span>

#include "dma/core/address.h"

/*
 * Decides which page a user mapping shows where, and what a process may do with
 * it. Pure decisions, without state; the VMA belongs to the glue (dma/glue/user/vma.c).
 */
namespace dmamap {

/// Part of a region inside a user mapping, in bytes.
struct UserSegment {
	std::uint64_t region_bytes = 0;
	std::uint64_t offset = 0;
	std::uint64_t bytes = 0;
	std::uint64_t first = 0;      ///< page of the mapping where it begins: lay_out()
};

/// A page of a user mapping: which segment, which page of that segment's region.
struct UserPage {
	std::size_t segment;
	std::uint64_t region_page;
};

/// The arguments of the process's mmap().
struct UserRequest {
	bool shared = false;
	bool read = false;
	bool write = false;
	bool execute = false;
	std::uint64_t bytes = 0;
};

/// The access that the driver allows for this kind of memory.
struct UserAccess {
	bool read = false;
	bool write = false;
};

/// Length of a mapping of all segments.
///
/// Errors: inval for no segment at all, or an empty, unaligned or overlong one;
/// overflow when the lengths wrap.
[[nodiscard]] constexpr Result<std::uint64_t>
total_bytes(std::span<const UserSegment> segments) noexcept
{
	std::uint64_t total = 0;

	if (segments.empty())
		return fail(Errno::inval);
	for (const UserSegment &s : segments) {
		if (s.bytes == 0 || !page_aligned(s.bytes) || !page_aligned(s.offset))
			return fail(Errno::inval);
		/* offset + bytes would wrap for a hostile offset. */
		if (s.offset > s.region_bytes || s.bytes > s.region_bytes - s.offset)
			return fail(Errno::inval);
		if (total + s.bytes < total)
			return fail(Errno::overflow);
		total += s.bytes;
	}
	return total;
}

/// Decides whether a process gets the mapping that it asked for.
/// Errors: those of total_bytes(); inval for a private or too long mapping;
/// access for more than @allowed.
[[nodiscard]] constexpr Result<void> admit(const UserRequest &request, UserAccess allowed,
					   std::span<const UserSegment> segments) noexcept
{
	auto total = total_bytes(segments);

	if (!total)
		return fail(total.error());
	/* A private mapping would copy on write: process and device would use two memories. */
	if (!request.shared || request.bytes == 0 || request.bytes > *total)
		return fail(Errno::inval);
	if (request.execute || (request.read && !allowed.read) ||
	    (request.write && !allowed.write))
		return fail(Errno::access);
	return {};
}

/// Computes for each segment the page of the mapping at which it begins.
constexpr void lay_out(std::span<UserSegment> segments) noexcept
{
	std::uint64_t first = 0;

	for (UserSegment &s : segments) {
		s.first = first;
		first += s.bytes >> kPageShift;
	}
}

/// Finds page number @page of a mapping that is laid out; nothing beyond its end.
/// Bisects, because a fault may hit any of many thousand segments.
[[nodiscard]] constexpr std::optional<UserPage>
locate(std::span<const UserSegment> segments, std::uint64_t page) noexcept
{
	std::size_t low = 0, high = segments.size();   // the segment is in [low, high)

	while (high - low > 1) {
		const std::size_t middle = low + (high - low) / 2;

		(segments[middle].first <= page ? low : high) = middle;
	}
	if (segments.empty())
		return std::nullopt;

	const UserSegment &s = segments[low];
	const std::uint64_t within = page - s.first;

	if (within >= s.bytes >> kPageShift)
		return std::nullopt;
	return UserPage{low, (s.offset >> kPageShift) + within};
}

} // namespace dmamap
