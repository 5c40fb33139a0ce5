/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <array>

#include "dma/core/address.h"

namespace dmamap {

/// A region between two owners: the handle of the first, which the machine can turn
/// into the region.
struct Rested {
	void *owner = nullptr;
	unsigned pages = 0;

	explicit constexpr operator bool() const noexcept { return pages != 0; }
};

/// Regions that rest: most drivers free what they will want again, so a small region
/// of the pool is kept as it is, coherent and mapped, for the next owner that wants as
/// many pages. Nothing here touches memory or a machine; PooledLayer does.
///
/// A region comes in dirty. The worker takes it out, zeroes it and puts it back as
/// ready; only what is ready wakes. Pages of a region that the worker has taken out
/// still count, so that what comes back always has room.
///
/// Sizes that nobody asks for are given back by halves: at each visit of the worker,
/// each size that was not wanted since the last one loses half of its pages, and one
/// region more.
///
/// All calls with the machine's lock held.
class Resting {
public:
	static constexpr unsigned kMostPages = 16;   ///< of one region
	static constexpr unsigned kEachSize = 64;    ///< pages of all regions of one size
	static constexpr unsigned kMost = 256;       ///< regions, and pages

	/// Pages of all regions that rest, and of those that are dirty.
	[[nodiscard]] constexpr unsigned pages() const noexcept { return pages_; }
	[[nodiscard]] constexpr unsigned dirty_pages() const noexcept { return dirty_pages_; }

	/// Keeps a region of @pages, dirty; false if it is too large, or @most pages would be
	/// exceeded.
	[[nodiscard]] constexpr bool rest(Pages pages, void *owner, unsigned most) noexcept
	{
		if (!may_rest(pages))
			return false;
		const auto count = static_cast<unsigned>(pages.count());
		Size &size = size_of(count);

		if (size.pages + count > kEachSize || pages_ + count > std::min(most, kMost))
			return false;
		push(dirty_, {owner, count});
		size.pages += count;
		pages_ += count;
		dirty_pages_ += count;
		return true;
	}

	/// Takes out a ready region of @pages; the result is its handle, or null. Only the
	/// newest is tried: @reaches says whether the device can have it; if not, the caller
	/// falls back to the pool.
	template <class Reaches>
	[[nodiscard]] constexpr void *wake(Pages pages, Reaches reaches) noexcept
	{
		if (!may_rest(pages))
			return nullptr;
		const auto count = static_cast<unsigned>(pages.count());
		Size &size = size_of(count);

		if (!size.ready)
			return nullptr;
		void *const owner = at(size.ready).rested.owner;

		if (!reaches(owner))
			return nullptr;
		size.wanted = true;
		forget(size, count);
		(void)pop(size.ready);
		return owner;
	}

	/// A dirty region, to be zeroed and given to put_ready(). Its pages still count.
	[[nodiscard]] constexpr Rested take_dirty() noexcept
	{
		if (!dirty_)
			return {};
		const Rested taken = pop(dirty_);

		dirty_pages_ -= taken.pages;
		return taken;
	}

	/// Takes a zeroed region of take_dirty() back: it is ready.
	constexpr void put_ready(Rested zeroed) noexcept
	{
		push(size_of(zeroed.pages).ready, zeroed);
	}

	/// A visit of the worker begins: decides how many pages of each size go back.
	constexpr void visit() noexcept
	{
		for (unsigned pages = 1; pages <= kMostPages; ++pages) {
			Size &size = size_of(pages);

			size.unwanted = size.wanted ? 0 : size.pages / 2 + pages;
			size.wanted = false;
		}
	}

	/// A ready region of a size that is not in use, until this visit has taken its share.
	[[nodiscard]] constexpr Rested take_unwanted() noexcept
	{
		for (unsigned pages = 1; pages <= kMostPages; ++pages) {
			Size &size = size_of(pages);

			if (!size.ready || size.unwanted < pages)
				continue;
			size.unwanted -= pages;
			forget(size, pages);
			return pop(size.ready);
		}
		return {};
	}

	/// Any region that rests, but for one that the worker has taken out.
	[[nodiscard]] constexpr Rested take_any() noexcept
	{
		for (unsigned pages = 1; pages <= kMostPages; ++pages) {
			Size &size = size_of(pages);

			if (!size.ready)
				continue;
			forget(size, pages);
			return pop(size.ready);
		}
		const Rested dirty = take_dirty();

		if (dirty)
			forget(size_of(dirty.pages), dirty.pages);
		return dirty;
	}

private:
	/// One more than an index into entries_; 0 ends a list.
	using Link = unsigned;

	struct Entry {
		Rested rested;
		Link next;
	};

	/// The regions of one size.
	struct Size {
		Link ready;          ///< the newest first
		unsigned pages;      ///< of ready and dirty ones, and of those taken out
		unsigned unwanted;   ///< pages that this visit of the worker may take
		bool wanted;         ///< one woke since the last visit
	};

	/* One comparison of 64 bits: none wraps to more than any number of pages. */
	[[nodiscard]] static constexpr bool may_rest(Pages pages) noexcept
	{
		return pages.count() - 1 < kMostPages;
	}
	[[nodiscard]] constexpr Size &size_of(unsigned pages) noexcept { return sizes_[pages - 1]; }
	[[nodiscard]] constexpr Entry &at(Link link) noexcept { return entries_[link - 1]; }

	constexpr void forget(Size &size, unsigned pages) noexcept
	{
		size.pages -= pages;
		pages_ -= pages;
	}

	/* There is a free entry: no more regions rest than there are pages, kMost at most. */
	constexpr void push(Link &list, Rested rested) noexcept
	{
		const Link link = free_ ? free_ : ++fresh_;
		Entry &entry = at(link);

		if (free_)
			free_ = entry.next;
		entry = {rested, list};
		list = link;
	}
	[[nodiscard]] constexpr Rested pop(Link &list) noexcept
	{
		const Link link = list;
		Entry &entry = at(link);

		list = entry.next;
		entry.next = free_;
		free_ = link;
		return entry.rested;
	}

	std::array<Size, kMostPages> sizes_{};
	std::array<Entry, kMost> entries_{};
	Link dirty_ = 0;
	Link free_ = 0;
	Link fresh_ = 0;   ///< entries that were never used begin behind it
	unsigned pages_ = 0;
	unsigned dirty_pages_ = 0;
};

} // namespace dmamap
