/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/layer.h"
#include "dma/core/pool.h"

/*
 * The pool at work. A flip is expensive and may sleep, so chunks are flipped as a
 * whole, and small regions are lent out of them: most allocations flip nothing.
 * Clean, dirty and lent pages are those of pool.h. An allocation tries, in turn:
 *
 * 1. pages of the pool, clean ones first, else dirty ones, which it zeroes itself;
 * 2. a new chunk, if the pool has a place for one: flip it and keep the rest;
 * 3. Layer::alloc(), a flip for this region alone.
 *
 * A caller that can't sleep gets the first of these or nothing: hold() refuses it.
 * For such callers *floor* pages stay free; others leave that many. A caller that may not
 * wait for I/O (Reach::may_move) has the floor, too, if it gets nothing otherwise. Above
 * *bound* free pages, unused chunks become ordinary memory again. When *dirty* pages are
 * dirty, the worker is woken.
 *
 * Freed pages still hold their owner's data. Such pages are zeroed before they are lent
 * again: in batches by the worker, or by the caller if no clean run is left. A chunk
 * that goes back to the allocator is not zeroed, just as other freed memory: hiding
 * old data from the next user of ordinary memory is the allocator's task.
 *
 * alloc() without sleep, release() of a pool region, clean() and free_pages() run in
 * any context. Everything else may sleep: tend() runs in the machine's worker,
 * shrink() also for callers that want memory back. All may run side by side. The
 * machine's lock covers the books of the pool only: flips and zeroing happen outside
 * of it, on frames that no other caller can take meanwhile. So a new chunk may find
 * that the pool has become full, and is dropped again. Frames are recalled before
 * the pool has them back, because another CPU may lend them at once.
 *
 * release() of a pool region, clean() and tend() can't fail; a floor that can't be
 * filled stays low until the pool is tended again.
 */
namespace dmamap {

/// How many free pages the pool keeps.
struct PoolLimits {
	Pages floor;   ///< reserved for callers that can't sleep
	Pages bound;   ///< above it, chunks go back; at least floor and a chunk
	Pages dirty{};   ///< wake the worker once this many pages are dirty; 0: never
};

/// The layer with a pool of coherent frames: small regions come out of chunks that
/// are flipped as a whole, so most allocations flip nothing, and need not sleep.
template <PoolMachine M, class S, std::size_t kChunks>
	requires Strategy<S, M>
class PooledLayer {
public:
	constexpr PooledLayer(M &machine, Pool<kChunks> &pool, PoolLimits limits) noexcept
		: m_(machine), layer_(machine), pool_(pool), limits_(limits)
	{
	}

	/// As Layer::alloc(). A caller that can't sleep gets pages of the pool, or nomem.
	/// The pool has one attribute, and memory that is no single device's: what needs
	/// another attribute, or comes from an area of its own, is flipped each time.
	///
	/// Context: any, if request.reach.may_sleep is false.
	[[nodiscard]] Result<Region> alloc(const Request &request, void *owner) noexcept
	{
		const auto pages = pages_of_bytes(request.bytes);

		if (!pages || request.snooping || request.reach.area ||
		    needs_own_attribute(request, m_.facts()))
			return layer_.alloc(request, owner);

		const Pages keep = request.reach.may_sleep ? limits_.floor : Pages();

		if (const Lent lent = take(*pages, keep, request))
			return lend(lent, owner);
		if (auto region = grow(*pages, request)) {   // none, if the caller can't sleep
			m_.lend(region->run, owner);
			return *region;
		}
		auto region = layer_.alloc(request, owner);

		if (keep.count() && !request.reach.may_move && !region &&
		    region.error() == Errno::nomem)
			if (const Lent lent = take(*pages, Pages(), request))
				return lend(lent, owner);
		return region;
	}

	/// As Layer::release(). Context: any for a region of the pool, else may sleep.
	void release(const Region &region) noexcept
	{
		if (!region.chunk) {
			layer_.release(region);
			return;
		}
		m_.recall(region.run);
		give(region);
	}

	/// Takes back a region of the pool that has no owner any more. Context: any.
	void give(const Region &region) noexcept
	{
		const std::uint64_t flags = m_.lock();
		const Pages before = pool_.dirty_pages();

		pool_.give(region);
		/* Wakes the worker once: when the count reaches the limit. */
		const bool too_dirty = before < limits_.dirty &&
				       pool_.dirty_pages() >= limits_.dirty;
		const bool too_much = pool_.free_pages() > limits_.bound;

		m_.unlock(flags);
		if (too_dirty || too_much)
			m_.tend_later();
	}

	/// Zeroes pages that are lent but in no use. Context: any.
	void clean(const Region &region) noexcept
	{
		m_.zero(region.cpu, region.run.pages);
		m_.barrier();   // zeroes before the next owner's stores
	}

	/// Brings the pool back between its limits, then zeroes its dirty pages.
	/// Context: may sleep.
	void tend() noexcept
	{
		while (free_pages() > limits_.bound && shrink(limits_.floor))
			;
		while (free_pages() < limits_.floor && grow_floor())
			;
		while (clean_some())
			;
	}

	/// Makes one unused chunk ordinary memory; false if there is none without which
	/// @keep pages stay free. Context: may sleep.
	[[nodiscard]] bool shrink(Pages keep) noexcept
	{
		const std::uint64_t flags = m_.lock();
		const auto held = pool_.remove(keep);

		m_.unlock(flags);
		if (held)
			layer_.drop(*held);
		return held.has_value();
	}

	/// Pages of the pool that no region has. Context: any.
	[[nodiscard]] Pages free_pages() noexcept
	{
		const std::uint64_t flags = m_.lock();
		const Pages pages = pool_.free_pages();

		m_.unlock(flags);
		return pages;
	}

private:
	/// The floor is filled from where most devices reach: 32 bits, the mask that PCI
	/// devices begin with. The stock kernel's reserves are such, too (kernel/dma/pool.c).
	static constexpr std::uint64_t kFloorReach = 0xffff'ffff;

	[[nodiscard]] Pages chunk() noexcept
	{
		const Pages pages = m_.facts().chunk;

		return least(pages, Pages(PageSet::kMost));
	}

	/// Makes pages of the pool a region of @owner.
	[[nodiscard]] Region lend(const Lent &lent, void *owner) noexcept
	{
		const Region region = pool_.region_of(lent);

		if (lent.dirty)
			clean(region);
		m_.lend(region.run, owner);
		return region;
	}

	[[nodiscard]] Lent take(Pages pages, Pages keep, const Request &request) noexcept
	{
		const std::uint64_t flags = m_.lock();
		const Lent lent = pool_.take(pages, keep, [&](FrameRun run) noexcept {
			return m_.bus_address(request.device, run);
		});
		const bool too_few = pool_.free_pages() < limits_.floor;

		m_.unlock(flags);
		/* A caller that leaves the floor adds a chunk by itself. */
		if (too_few && keep < limits_.floor)
			m_.tend_later();
		return lent;
	}

	/// Adds a chunk and lends @pages of it; nothing if that can't be done.
	[[nodiscard]] std::optional<Region> grow(Pages pages, const Request &request) noexcept
	{
		const Pages size = chunk();

		if (pages > size)
			return std::nullopt;
		std::uint64_t flags = m_.lock();
		const bool full = pool_.full();

		m_.unlock(flags);
		if (full)
			return std::nullopt;

		auto held = layer_.hold(size, request);

		if (!held)
			return std::nullopt;
		flags = m_.lock();
		const auto region = pool_.add(*held, pages);   // none, if the pool is full by now

		m_.unlock(flags);
		if (!region)
			layer_.drop(*held);
		return region;
	}

	/// Adds a chunk for callers that can't sleep, in reach of most devices.
	[[nodiscard]] bool grow_floor() noexcept
	{
		return grow(Pages(), {.reach = {.last_byte = kFloorReach}}).has_value();
	}

	/// Zeroes some dirty pages of the pool; false if there are none.
	[[nodiscard]] bool clean_some() noexcept
	{
		std::uint64_t flags = m_.lock();
		const auto dirty = pool_.take_dirty();

		m_.unlock(flags);
		if (!dirty)
			return false;
		clean(*dirty);
		flags = m_.lock();
		pool_.give_clean(*dirty);
		m_.unlock(flags);
		return true;
	}

	M &m_;
	Layer<M, S> layer_;
	Pool<kChunks> &pool_;
	PoolLimits limits_;
};

} // namespace dmamap
