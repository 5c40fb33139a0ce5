/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/layer.h"
#include "dma/core/pool.h"

namespace dmamap {

/// How much the pool keeps, in pages that nobody uses.
struct PoolLimits {
	Pages floor;   ///< only for requests that can't sleep
	Pages bound;   ///< more goes back to the allocator; at least floor and a chunk
	Pages dirty{};   ///< so many are worth the worker's while; 0: he is not asked
};

/// The layer with a pool of coherent frames: small regions come out of chunks that
/// are flipped as a whole, so most allocations flip nothing, and need not sleep.
///
/// Free pages of the pool are coherent, mapped and nobody's (Machine::hold). They come
/// back as their owner leaves them. Before anybody else has them they are zero: the
/// worker does that, for many at a time; whoever asks when none is left that is zero
/// does it for himself. A chunk that goes back is ordinary memory of its last owners,
/// as any region is: what hides it there is the allocator's.
template <PoolMachine M, class S, std::size_t kChunks>
	requires Strategy<S, M>
class PooledLayer {
public:
	constexpr PooledLayer(M &machine, Pool<kChunks> &pool, PoolLimits limits) noexcept
		: m_(machine), layer_(machine), pool_(pool), limits_(limits)
	{
	}

	/// As Layer::alloc(). What can't sleep gets what the pool has, or nomem. The pool
	/// has one attribute: memory with another is flipped each time.
	///
	/// Context: any, if request.reach.may_sleep is false.
	[[nodiscard]] Result<Region> alloc(const Request &request, void *owner) noexcept
	{
		const auto pages = pages_of_bytes(request.bytes);

		if (!pages || request.snooping || combines(request, m_.facts()))
			return layer_.alloc(request, owner);

		if (const Lent lent = take(*pages, request)) {
			const Region region = pool_.region_of(lent);

			if (lent.dirty)
				clean(region);
			m_.lend(region.run, owner);
			return region;
		}
		if (auto region = grow(*pages, request)) {   // not for what can't sleep
			m_.lend(region->run, owner);
			return *region;
		}
		return layer_.alloc(request, owner);
	}

	/// Context: any for a region of the pool, else may sleep.
	void release(const Region &region) noexcept
	{
		if (!region.chunk) {
			layer_.release(region);
			return;
		}
		m_.recall(region.run);

		const std::uint64_t flags = m_.lock();
		const Pages before = pool_.dirty_pages();

		pool_.give(region);
		/* Asked once for many pages: when there are enough. */
		const bool too_dirty = before < limits_.dirty &&
				       pool_.dirty_pages() >= limits_.dirty;
		const bool too_much = pool_.free_pages() > limits_.bound;

		m_.unlock(flags);
		if (too_dirty || too_much)
			m_.tend_later();
	}

	/// Zeroes pages of the pool that were lent and that nobody uses.
	/// Context: any.
	void clean(const Region &region) noexcept
	{
		m_.zero(region.cpu, region.run.pages);
		m_.barrier();   // zeroes before whatever the next owner stores
	}

	/// Brings the pool back between its limits, and zeroes what is left of it.
	/// Context: may sleep.
	void tend() noexcept
	{
		while (free_pages() > limits_.bound && shrink(limits_.floor))
			;
		while (free_pages() < limits_.floor && grow(Pages(), {}))
			;
		while (clean_some())
			;
	}

	/// Makes one unused chunk ordinary memory; false if there is none, or less
	/// than @keep pages would stay free. Context: may sleep.
	[[nodiscard]] bool shrink(Pages keep) noexcept
	{
		const std::uint64_t flags = m_.lock();
		const auto held = pool_.remove(keep);

		m_.unlock(flags);
		if (held)
			layer_.drop(*held);
		return held.has_value();
	}

	/// Context: any.
	[[nodiscard]] Pages free_pages() noexcept
	{
		const std::uint64_t flags = m_.lock();
		const Pages pages = pool_.free_pages();

		m_.unlock(flags);
		return pages;
	}

private:
	[[nodiscard]] Pages chunk() noexcept
	{
		const Pages pages = m_.facts().chunk;

		return least(pages, Pages(PageSet::kMost));
	}

	[[nodiscard]] Lent take(Pages pages, const Request &request) noexcept
	{
		const Pages keep = request.reach.may_sleep ? limits_.floor : Pages();
		const std::uint64_t flags = m_.lock();
		const Lent lent = pool_.take(pages, keep, [&](FrameRun run) noexcept {
			return m_.bus_address(request.device, run);
		});
		const bool too_few = pool_.free_pages() < limits_.floor;

		m_.unlock(flags);
		/* Who may sleep adds a chunk by itself. */
		if (too_few && !request.reach.may_sleep)
			m_.tend_later();
		return lent;
	}

	/// One chunk more, and @pages of it.
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
		const auto region = pool_.add(*held, pages);   // unless others were quicker

		m_.unlock(flags);
		if (!region)
			layer_.drop(*held);
		return region;
	}

	/// Zeroes some of the pages that nobody has; false if all are zero.
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
