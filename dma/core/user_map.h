/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <optional>
#include <span>

#include "dma/core/address.h"

/*
 * What a user mapping shows and what a process may do with it. Pure decisions;
 * the VMA itself is the glue's (dma/glue/user/vma.c).
 */
namespace dmamap {

/// Part of a region inside a user mapping, in bytes.
struct UserSegment {
	std::uint64_t region_bytes = 0;
	std::uint64_t offset = 0;
	std::uint64_t bytes = 0;
	std::uint64_t first = 0;      ///< page of the mapping; lay_out() says it
};

/// A page of a user mapping: which segment, which page of that segment's region.
struct UserPage {
	std::size_t segment;
	std::uint64_t region_page;
};

/// What the process asked for in mmap().
struct UserRequest {
	bool shared = false;
	bool read = false;
	bool write = false;
	bool execute = false;
	std::uint64_t bytes = 0;
};

/// What the driver allows for this kind of memory.
struct UserAccess {
	bool read = false;
	bool write = false;
};

/// Errors: inval for an empty, unaligned or overlong segment; overflow when the
/// lengths wrap.
[[nodiscard]] constexpr Result<std::uint64_t>
total_bytes(std::span<const UserSegment> segments) noexcept
{
	std::uint64_t total = 0;

	if (segments.empty())
		return fail(Errno::inval);
	for (const UserSegment &s : segments) {
		if (s.bytes == 0 || !page_aligned(s.bytes) || !page_aligned(s.offset))
			return fail(Errno::inval);
		/* Not offset + bytes: a hostile offset would wrap. */
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
	/* A private mapping would copy on write: two memories under one name. */
	if (!request.shared || request.bytes == 0 || request.bytes > *total)
		return fail(Errno::inval);
	if (request.execute || (request.read && !allowed.read) ||
	    (request.write && !allowed.write))
		return fail(Errno::access);
	return {};
}

/// Says of each segment where in the mapping it begins.
constexpr void lay_out(std::span<UserSegment> segments) noexcept
{
	std::uint64_t first = 0;

	for (UserSegment &s : segments) {
		s.first = first;
		first += s.bytes >> kPageShift;
	}
}

/// Finds page number @page of a mapping that is laid out; nothing beyond its end.
/// A fault may ask for any of many thousand segments: it takes their logarithm.
[[nodiscard]] constexpr std::optional<UserPage>
locate(std::span<const UserSegment> segments, std::uint64_t page) noexcept
{
	std::size_t low = 0, high = segments.size();   // it is in [low, high)

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
