/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/pooled_layer.h"
#include "dma/core/resting.h"

namespace dmamap {

/// A machine on which regions can rest. All run in any context; rest() and wake() are
/// called with the lock held.
///
/// - rest() ends the use of a region that @owner has in the directory; the entries stay.
///   rested() is that region, until its owner is retired.
/// - reach_rested() gives the region that rests the bus address that a device has for it;
///   false, and no change, if the device can't reach it.
/// - wake() makes @owner's use of it begin again.
/// - retire() ends the rest: the frames are held, without an owner, and the machine may
///   forget @owner.
template <class M>
concept RestingMachine = PoolMachine<M> && requires(M &m, const Region &region, void *owner) {
	{ m.rest(region, owner) } noexcept -> std::same_as<void>;
	{ m.rested(owner) } noexcept -> std::same_as<Region>;
	{ m.reach_rested(owner, owner) } noexcept -> std::same_as<bool>;
	{ m.wake(owner) } noexcept -> std::same_as<void>;
	{ m.retire(owner) } noexcept -> std::same_as<void>;
};

/// The pool's limits, and pages of regions that rest above it.
struct RestingLimits {
	PoolLimits pool;
	Pages rest;      ///< of all regions that rest, at most
	Pages dirty{};   ///< wake the worker once this many of those are dirty; 0: never
};

/// The pooled layer with regions that rest above it: what a driver frees wakes again
/// for the next owner of as many pages, without a step of the pool or the directory.
///
/// A region that rests keeps its owner's handle in the directory (Machine::rest), so
/// its memory and the handle go to the next owner together. Its bytes are zeroed by
/// the worker before that: a region that is dirty does not wake.
template <RestingMachine M, class S, std::size_t kChunks>
	requires Strategy<S, M>
class RestingLayer {
public:
	constexpr RestingLayer(M &machine, Pool<kChunks> &pool, Resting &resting,
			       RestingLimits limits) noexcept
		: m_(machine), layer_(machine, pool, limits.pool), resting_(resting),
		  most_(static_cast<unsigned>(limits.rest.count())),
		  dirty_(static_cast<unsigned>(limits.dirty.count()))
	{
	}

	/// As PooledLayer::alloc(). For a caller that can't sleep, or may not have pages
	/// moved, and that finds the pool empty, all that rests goes to the pool first.
	[[nodiscard]] Result<Region> alloc(const Request &request, void *owner) noexcept
	{
		auto region = layer_.alloc(request, owner);

		if (region || region.error() != Errno::nomem ||
		    (request.reach.may_sleep && request.reach.may_move) || !empty())
			return region;
		return layer_.alloc(request, owner);
	}

	/// A region that rests, for a device: its bytes are zero, its bus address is that of
	/// the device, and the handle of its owner, the result, is the new owner's now. Null
	/// if none of that many pages is ready in reach. Context: any.
	[[nodiscard]] void *wake(Pages pages, void *device) noexcept
	{
		const std::uint64_t flags = m_.lock();
		void *const owner = resting_.wake(pages, [&](void *rested) noexcept {
			return m_.reach_rested(device, rested);
		});

		if (owner)
			m_.wake(owner);
		m_.unlock(flags);
		return owner;
	}

	/// Keeps a region of the pool that its owner has done with, and @owner for the next;
	/// false if it is not the pool's, or there is no room: the caller has both still.
	/// Context: any.
	[[nodiscard]] bool rest(const Region &region, void *owner) noexcept
	{
		if (!region.chunk)
			return false;

		const std::uint64_t flags = m_.lock();
		const unsigned before = resting_.dirty_pages();
		const bool kept = resting_.rest(region.run.pages, owner, most_);
		/* Wakes the worker once: when the count reaches the limit. */
		const bool too_dirty = before < dirty_ && resting_.dirty_pages() >= dirty_;

		if (kept)
			m_.rest(region, owner);
		m_.unlock(flags);
		if (too_dirty)
			m_.tend_later();
		return kept;
	}

	/// As PooledLayer::release(), for a region that does not rest.
	void release(const Region &region) noexcept { layer_.release(region); }

	/// Gives sizes that are not in use back to the pool, zeroes what rests, and tends
	/// the pool. Context: may sleep; one caller at a time.
	void tend() noexcept
	{
		give_back_unwanted();
		while (clean_some())
			;
		layer_.tend();
	}

	/// Gives all that rests back to the pool; false if nothing did. Context: any.
	bool empty() noexcept
	{
		bool any = false;

		while (give_back([](Resting &resting) noexcept { return resting.take_any(); }))
			any = true;
		return any;
	}

	/// As PooledLayer::shrink(). Context: may sleep.
	[[nodiscard]] bool shrink(Pages keep) noexcept { return layer_.shrink(keep); }

	/// Pages of the pool that no region has. Context: any.
	[[nodiscard]] Pages free_pages() noexcept { return layer_.free_pages(); }

	/// Pages of regions that rest. Context: any.
	[[nodiscard]] Pages resting_pages() noexcept
	{
		const std::uint64_t flags = m_.lock();
		const Pages pages(resting_.pages());

		m_.unlock(flags);
		return pages;
	}

private:
	void give_back_unwanted() noexcept
	{
		const std::uint64_t flags = m_.lock();

		resting_.visit();
		m_.unlock(flags);
		while (give_back([](Resting &resting) noexcept { return resting.take_unwanted(); }))
			;
	}

	/// Gives one region that @take finds to the pool, and its handle to the machine.
	template <class Take>
	bool give_back(Take take) noexcept
	{
		const std::uint64_t flags = m_.lock();
		const Rested taken = take(resting_);

		m_.unlock(flags);
		if (!taken)
			return false;
		const Region region = m_.rested(taken.owner);

		m_.retire(taken.owner);
		layer_.give(region);
		return true;
	}

	/// Zeroes one dirty region; false if there is none.
	[[nodiscard]] bool clean_some() noexcept
	{
		std::uint64_t flags = m_.lock();
		const Rested dirty = resting_.take_dirty();

		m_.unlock(flags);
		if (!dirty)
			return false;
		layer_.clean(m_.rested(dirty.owner));
		flags = m_.lock();
		resting_.put_ready(dirty);
		m_.unlock(flags);
		return true;
	}

	M &m_;
	PooledLayer<M, S, kChunks> layer_;
	Resting &resting_;
	/* Numbers of a word: where a page count has two, each comparison would cost four. */
	unsigned most_;
	unsigned dirty_;
};

} // namespace dmamap
