/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <bit>
#include <optional>

#include "dma/core/region.h"

namespace dmamap {

/// Which pages of a chunk are in use. Runs are aligned to their size, rounded up
/// to a power of two.
class PageSet {
public:
	static constexpr unsigned kMost = 1024;

	/// The first page of a free run among the first @room pages.
	[[nodiscard]] constexpr std::optional<unsigned> find(unsigned pages,
							     unsigned room) const noexcept
	{
		const unsigned step = std::bit_ceil(pages);
		unsigned at = 0;

		while (at + pages <= room) {
			if (step < kBits && words_[at / kBits] == ~Word{0})
				at = (at / kBits + 1) * kBits;
			else if (free(at, pages))
				return at;
			else
				at += step;
		}
		return std::nullopt;
	}

	constexpr void set(unsigned at, unsigned pages, bool used) noexcept
	{
		for (unsigned i = at; i < at + pages; ++i)
			words_[i / kBits] = used ? words_[i / kBits] | bit(i)
						 : words_[i / kBits] & ~bit(i);
	}

private:
	using Word = std::uint32_t;
	static constexpr unsigned kBits = 32;

	[[nodiscard]] static constexpr Word bit(unsigned at) noexcept
	{
		return Word{1} << at % kBits;
	}
	[[nodiscard]] constexpr bool free(unsigned at, unsigned pages) const noexcept
	{
		for (unsigned i = at; i < at + pages; ++i)
			if (words_[i / kBits] & bit(i))
				return false;
		return true;
	}

	std::array<Word, kMost / kBits> words_{};
};

/// Held frames (Layer::hold) of which any run may be lent.
class Chunk {
public:
	constexpr Chunk() noexcept = default;
	explicit constexpr Chunk(const Region &held) noexcept : held_(held), present_(true) {}

	[[nodiscard]] constexpr bool present() const noexcept { return present_; }
	[[nodiscard]] constexpr bool unused() const noexcept { return present_ && used_ == 0; }
	[[nodiscard]] constexpr const Region &held() const noexcept { return held_; }
	/// How many can be lent: a unit of the linear map may be larger than the set.
	[[nodiscard]] constexpr Pages pages() const noexcept
	{
		return least(held_.run.pages, Pages(PageSet::kMost));
	}

	/// A run of its pages as a region, in use from now on, for a device that has
	/// the chunk at @bus.
	[[nodiscard]] constexpr std::optional<Region> take(Pages pages, BusAddr bus) noexcept
	{
		const auto wanted = static_cast<unsigned>(pages.count());
		const auto at = set_.find(wanted, static_cast<unsigned>(this->pages().count()));

		if (!at)
			return std::nullopt;
		set_.set(*at, wanted, true);
		used_ += wanted;

		const std::uint64_t offset = std::uint64_t{*at} << kPageShift;
		Region region = held_;

		region.run = {held_.run.first + *at, pages};
		region.cpu = held_.cpu + offset;
		region.bus = bus + offset;
		return region;
	}

	constexpr void give(FrameRun run) noexcept
	{
		const auto pages = static_cast<unsigned>(run.pages.count());

		set_.set(static_cast<unsigned>(run.first - held_.run.first), pages, false);
		used_ -= pages;
	}

private:
	Region held_{};
	PageSet set_;
	unsigned used_ = 0;
	bool present_ = false;
};

/// The chunks of a board. All calls under the lock of the machine.
template <std::size_t kChunks>
class Pool {
public:
	/// Pages that nobody uses.
	[[nodiscard]] constexpr Pages free_pages() const noexcept { return Pages(free_); }

	/// A run out of any chunk that the device reaches: @bus_of says where. Nothing
	/// if that left less than @keep pages free.
	template <class BusOf>
	[[nodiscard]] constexpr std::optional<Region> take(Pages pages, Pages keep,
							   BusOf bus_of) noexcept
	{
		if (free_ < pages.count() + keep.count())
			return std::nullopt;
		for (std::size_t i = 0; i < kChunks; ++i) {
			if (!chunks_[i].present())
				continue;
			const auto bus = bus_of(chunks_[i].held().run);

			if (!bus)
				continue;
			if (auto region = take_from(i, pages, *bus))
				return region;
		}
		return std::nullopt;
	}

	/// Is there no place for one more chunk?
	[[nodiscard]] constexpr bool full() const noexcept
	{
		for (const Chunk &chunk : chunks_)
			if (!chunk.present())
				return false;
		return true;
	}

	/// Adds a chunk and takes from it; nothing if there is no place for one more.
	[[nodiscard]] constexpr std::optional<Region> add(const Region &held, Pages pages) noexcept
	{
		for (std::size_t i = 0; i < kChunks; ++i) {
			if (chunks_[i].present())
				continue;
			chunks_[i] = Chunk(held);
			free_ += chunks_[i].pages().count();
			return pages.count() ? take_from(i, pages, held.bus) : held;
		}
		return std::nullopt;
	}

	constexpr void give(const Region &region) noexcept
	{
		chunks_[region.chunk - 1].give(region.run);
		free_ += region.run.pages.count();
	}

	/// Takes an unused chunk out, if @keep pages stay free without it.
	[[nodiscard]] constexpr std::optional<Region> remove(Pages keep) noexcept
	{
		for (Chunk &chunk : chunks_) {
			const Region held = chunk.held();
			const Pages pages = chunk.pages();

			if (!chunk.unused() || free_ - pages.count() < keep.count())
				continue;
			chunk = Chunk();
			free_ -= pages.count();
			return held;
		}
		return std::nullopt;
	}

private:
	[[nodiscard]] constexpr std::optional<Region> take_from(std::size_t index, Pages pages,
								BusAddr bus) noexcept
	{
		auto region = chunks_[index].take(pages, bus);

		if (region) {
			region->chunk = static_cast<std::uint16_t>(index + 1);
			free_ -= pages.count();
		}
		return region;
	}

	std::array<Chunk, kChunks> chunks_{};
	std::uint64_t free_ = 0;
};

} // namespace dmamap
