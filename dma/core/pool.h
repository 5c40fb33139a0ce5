/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "dma/core/region.h"

/*
 * The books of the pool: which pages of which chunk are in use, and which have to
 * be zeroed. Nothing here flips, zeroes, sleeps, locks or allocates; PooledLayer
 * does all of that. A *chunk* is a run of held frames (Layer::hold) that was
 * flipped as a whole. Each page that it can lend is one of
 *
 * - *clean*: in no use, and zero;
 * - *dirty*: in no use, with the data of its last owner;
 * - *lent*: part of a region, or taken out to be zeroed (take_dirty()).
 *
 * A page is *stained* if it is dirty or lent. The sets hold lent and stained
 * pages, so clean pages are those outside of both.
 *
 * Invariants:
 * - Lent pages are stained. Chunk::used_ counts the lent pages, Chunk::dirty_ the
 *   stained ones that are not lent.
 * - Pool::dirty_ is the sum over all chunks. Pool::free_ counts the clean and the
 *   dirty pages, and those that are out to be zeroed: so a search may fail while
 *   enough pages count as free.
 * - A region of the pool lies in one chunk, and has its number + 1.
 * - A chunk with lent pages stays as it is: only an unused one is removed.
 *
 * All calls run one at a time, because the caller holds the machine's lock, in any
 * context. The exception is region_of(): what it reads of a chunk can't change
 * while a page of it is lent. Taking pages can find nothing (pages are scattered,
 * or no chunk is in the device's reach). Giving pages back can't fail.
 */
namespace dmamap {

/// Adjacent pages of a chunk; 0 pages if nothing was found. Not a std::optional,
/// which costs more than the work that is done with it.
struct PageRun {
	unsigned at = 0;
	unsigned pages = 0;

	explicit constexpr operator bool() const noexcept { return pages != 0; }
};

/// A set of pages of a chunk. find() looks for runs that are aligned to their size,
/// rounded up to a power of two.
class PageSet {
public:
	static constexpr unsigned kMost = 1024;
	static constexpr unsigned kNowhere = ~0u;

	/// First page of a run without a page of the set, among the first @room pages;
	/// kNowhere if there is none.
	[[nodiscard]] constexpr unsigned find(unsigned pages, unsigned room) const noexcept
	{
		return pages == 1 ? find_one(room) : find_run(pages, room);
	}

	/// The first adjacent pages, at most @most, that are in the set but not in @other.
	[[nodiscard]] constexpr PageRun find_without(const PageSet &other,
						     unsigned most) const noexcept
	{
		for (unsigned i = 0; i < words_.size(); ++i) {
			const Word only = words_[i] & ~other.words_[i];

			if (only == 0)
				continue;
			const unsigned at = static_cast<unsigned>(std::countr_zero(only));
			unsigned pages = 1;

			while (pages < most && at + pages < kBits && only & bit(at + pages))
				++pages;
			return {i * kBits + at, pages};
		}
		return {};
	}

	/// Number of pages of @run that are in the set.
	[[nodiscard]] constexpr unsigned count(PageRun run) const noexcept
	{
		unsigned count = 0;

		for (unsigned i = run.at; i < run.at + run.pages; ++i)
			count += words_[i / kBits] >> i % kBits & 1;
		return count;
	}

	constexpr void set(unsigned at, unsigned pages, bool in) noexcept
	{
		while (pages) {
			const unsigned some = std::min(pages, kBits - at % kBits);
			const Word mask = (~Word{0} >> (kBits - some)) << at % kBits;
			Word &word = words_[at / kBits];

			word = in ? word | mask : word & ~mask;
			at += some;
			pages -= some;
		}
	}

private:
	using Word = std::uint32_t;
	static constexpr unsigned kBits = 32;

	[[nodiscard]] static constexpr Word bit(unsigned at) noexcept
	{
		return Word{1} << at % kBits;
	}
	/* The short way: most regions have one page. */
	[[nodiscard]] constexpr unsigned find_one(unsigned room) const noexcept
	{
		for (unsigned i = 0; i * kBits < room; ++i) {
			const Word out = ~words_[i];

			if (out == 0)
				continue;
			const unsigned at = i * kBits +
					    static_cast<unsigned>(std::countr_zero(out));

			return at < room ? at : kNowhere;
		}
		return kNowhere;
	}
	[[nodiscard]] constexpr unsigned find_run(unsigned pages, unsigned room) const noexcept
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
		return kNowhere;
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

/// Which pages a region can have: only zeroed ones, or any.
enum class Wanted : std::uint8_t { clean, any };

/// Held frames of which any run may be lent. Pages that were lent are dirty until
/// they are zeroed.
class Chunk {
public:
	constexpr Chunk() noexcept = default;
	explicit constexpr Chunk(const Region &held) noexcept
		: held_(held), room_(static_cast<unsigned>(
				       least(held.run.pages, Pages(PageSet::kMost)).count()))
	{
	}

	[[nodiscard]] constexpr bool present() const noexcept { return room_ != 0; }
	[[nodiscard]] constexpr bool unused() const noexcept { return room_ && used_ == 0; }
	[[nodiscard]] constexpr const Region &held() const noexcept { return held_; }
	/// Pages that can be lent: not all, if a unit of the linear map is larger than a set.
	[[nodiscard]] constexpr unsigned pages() const noexcept { return room_; }
	/// Pages in no use that hold the data of their last owner.
	[[nodiscard]] constexpr unsigned dirty() const noexcept { return dirty_; }
	/// True if @pages are in no use, adjacent or not.
	[[nodiscard]] constexpr bool has(unsigned pages) const noexcept
	{
		return pages <= room_ - used_;
	}

	/// Marks a run of pages as lent and returns it.
	[[nodiscard]] constexpr PageRun take(unsigned pages, Wanted wanted) noexcept
	{
		const PageSet &not_these = wanted == Wanted::clean ? stained_ : lent_;
		const unsigned at = not_these.find(pages, room_);

		if (at == PageSet::kNowhere)
			return {};
		const PageRun run{at, pages};

		if (wanted == Wanted::any)
			dirty_ -= stained_.count(run);
		use(run);
		return run;
	}

	/// Marks some dirty pages as lent and returns them, to be zeroed.
	[[nodiscard]] constexpr PageRun take_dirty() noexcept
	{
		/* Few at a time: no request gets these pages meanwhile. */
		constexpr unsigned most = 8;
		const PageRun run = stained_.find_without(lent_, most);

		if (run) {
			dirty_ -= run.pages;
			use(run);
		}
		return run;
	}

	/// @run as a region, for a device that has the chunk at @bus.
	[[nodiscard]] constexpr Region region(PageRun run, BusAddr bus) const noexcept
	{
		const std::uint64_t offset = std::uint64_t{run.at} << kPageShift;

		return {.run = {held_.run.first + run.at, Pages(run.pages)},
			.cpu = held_.cpu + offset,
			.bus = bus + offset,
			.strategy = held_.strategy,
			.attribute = held_.attribute,
			.behind = held_.behind};
	}

	/// Takes lent pages back, dirty or zeroed.
	constexpr void give(FrameRun run, bool dirty) noexcept
	{
		const auto pages = static_cast<unsigned>(run.pages.count());
		const auto at = static_cast<unsigned>(run.first - held_.run.first);

		lent_.set(at, pages, false);
		used_ -= pages;
		if (dirty)
			dirty_ += pages;
		else
			stained_.set(at, pages, false);
	}

private:
	constexpr void use(PageRun run) noexcept
	{
		lent_.set(run.at, run.pages, true);
		stained_.set(run.at, run.pages, true);
		used_ += run.pages;
	}

	Region held_{};
	PageSet lent_;
	PageSet stained_;   ///< lent or dirty
	unsigned room_ = 0;
	unsigned used_ = 0;
	unsigned dirty_ = 0;
};

/// Result of Pool::take(): pages of a chunk, the bus address at which the device has
/// the chunk, and whether the pages must be zeroed before use.
struct Lent {
	PageRun run;
	std::size_t chunk;
	BusAddr bus;
	bool dirty;

	explicit constexpr operator bool() const noexcept { return bool(run); }
};

/// All chunks of a board. Caller holds the machine's lock; region_of() needs no lock
/// for pages that are lent.
template <std::size_t kChunks>
class Pool {
public:
	/// Pages that no region has, and the dirty ones among them.
	[[nodiscard]] constexpr Pages free_pages() const noexcept { return Pages(free_); }
	[[nodiscard]] constexpr Pages dirty_pages() const noexcept { return Pages(dirty_); }

	/// Lends a run of a chunk that the device reaches: @bus_of returns its address, or
	/// an error. Clean pages are tried first. Nothing is lent if fewer than @keep pages
	/// would stay free.
	template <class BusOf>
	[[nodiscard]] constexpr Lent take(Pages wanted, Pages keep, BusOf bus_of) noexcept
	{
		if (free_ < wanted.count() + keep.count())
			return {};
		const auto pages = static_cast<unsigned>(wanted.count());

		if (pages <= free_ - dirty_)
			if (const Lent lent = take_where<Wanted::clean>(pages, bus_of))
				return lent;
		return dirty_ ? take_where<Wanted::any>(pages, bus_of) : Lent{};
	}

	/// Takes dirty pages out, to be zeroed and given back. Meanwhile they count as free.
	[[nodiscard]] constexpr std::optional<Region> take_dirty() noexcept
	{
		for (std::size_t i = 0; i < kChunks; ++i) {
			if (!chunks_[i].dirty())
				continue;
			const PageRun run = chunks_[i].take_dirty();

			dirty_ -= run.pages;
			return region_of({run, i, chunks_[i].held().bus, true});
		}
		return std::nullopt;
	}

	/// True if there is no place for one more chunk.
	[[nodiscard]] constexpr bool full() const noexcept
	{
		for (const Chunk &chunk : chunks_)
			if (!chunk.present())
				return false;
		return true;
	}

	/// Adds a chunk and lends @pages of it, which are at most all that it has; with 0
	/// pages, returns @held. Nothing if there is no place for one more chunk.
	[[nodiscard]] constexpr std::optional<Region> add(const Region &held, Pages pages) noexcept
	{
		for (std::size_t i = 0; i < kChunks; ++i) {
			if (chunks_[i].present())
				continue;
			chunks_[i] = Chunk(held);
			free_ += chunks_[i].pages();
			if (!pages.count())
				return held;
			const PageRun run = chunks_[i].take(static_cast<unsigned>(pages.count()),
							    Wanted::clean);

			/* Always found: all pages of the new chunk were clean. */
			free_ -= run.pages;
			return region_of({run, i, held.bus, false});
		}
		return std::nullopt;
	}

	[[nodiscard]] constexpr Region region_of(const Lent &lent) const noexcept
	{
		Region region = chunks_[lent.chunk].region(lent.run, lent.bus);

		region.chunk = static_cast<std::uint16_t>(lent.chunk + 1);
		return region;
	}

	/// Takes a lent region back. Its pages are dirty.
	constexpr void give(const Region &region) noexcept
	{
		const auto pages = static_cast<unsigned>(region.run.pages.count());

		chunks_[region.chunk - 1].give(region.run, true);
		free_ += pages;
		dirty_ += pages;
	}

	/// Takes pages of take_dirty() back, zeroed.
	constexpr void give_clean(const Region &region) noexcept
	{
		chunks_[region.chunk - 1].give(region.run, false);
	}

	/// Removes an unused chunk, if @keep pages stay free without it.
	[[nodiscard]] constexpr std::optional<Region> remove(Pages keep) noexcept
	{
		for (Chunk &chunk : chunks_) {
			const unsigned pages = chunk.pages();

			if (!chunk.unused() || free_ - pages < keep.count())
				continue;
			const Region held = chunk.held();

			free_ -= pages;
			dirty_ -= chunk.dirty();
			chunk = Chunk();
			return held;
		}
		return std::nullopt;
	}

private:
	template <Wanted kWanted, class BusOf>
	[[nodiscard]] constexpr Lent take_where(unsigned pages, BusOf &bus_of) noexcept
	{
		for (std::size_t i = 0; i < kChunks; ++i) {
			Chunk &chunk = chunks_[i];

			if (!chunk.has(pages))
				continue;
			const auto bus = bus_of(chunk.held().run);

			if (!bus)
				continue;
			const unsigned dirty = chunk.dirty();
			const PageRun run = chunk.take(pages, kWanted);

			if (!run)
				continue;
			free_ -= pages;
			dirty_ -= dirty - chunk.dirty();
			return {run, i, *bus, kWanted == Wanted::any};
		}
		return {};
	}

	std::array<Chunk, kChunks> chunks_{};
	unsigned free_ = 0;
	unsigned dirty_ = 0;
};

} // namespace dmamap
