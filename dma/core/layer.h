/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/flip.h"
#include "dma/core/region.h"
#include "dma/strategy/snooped.h"

/*
 * The life of a region, from the frames of an allocator back to it. Three kinds:
 *
 * - flipped: frames of the board's strategy, made coherent in whole units of the
 *   linear map. Frames of the last unit beyond the requested size stay with the
 *   region (Region::tail_frames), and are flipped back with it.
 * - snooped: ordinary cached pages, for a device that snoops. Nothing is flipped.
 * - adopted: memory that belongs to no allocator. Its frames are mapped, but neither
 *   flushed nor zeroed.
 *
 * A flipped frame is *held* while it is coherent, mapped and in the directory; it
 * is *lent* while it also has an owner. The directory is the machine's record of
 * owners: resolution finds a region through it, and no frame is in it twice.
 *
 * Flipped frames enter the directory after the flip and leave it before the flip
 * back, so resolution never finds a frame in between. Adopted frames enter first
 * and leave last: the entry is all that keeps a second adopter away. Frames reach
 * their allocator only after the flip back, or never: quarantine.
 *
 * Nothing here takes a lock. Calls for different regions may run side by side;
 * the caller releases a region once, with the device quiet and the last user
 * mapping gone. A failed alloc() or adopt() leaves nothing behind but, at worst,
 * frames in quarantine. release() can't fail.
 */
namespace dmamap {

/// A driver's request, after the glue has looked into its struct device.
struct Request {
	std::uint64_t bytes = 0;
	Reach reach = {};
	void *device = nullptr;       ///< for Machine::bus_address(); opaque here
	bool snooping = false;
	bool write_combine = false;   ///< the CPU may gather writes, if the board can
};

/// True if @request needs an attribute that pool memory does not have.
[[nodiscard]] constexpr bool needs_own_attribute(const Request &request, BoardFacts facts) noexcept
{
	return request.write_combine && facts.combines;
}

/// Region logic: allocates, adopts and releases regions with the board's
/// strategy. The class has no state: frames, tables and counters belong to the
/// machine, a region to its owner.
///
/// Context: may sleep.
template <Machine M, class S>
	requires Strategy<S, M>
class Layer {
public:
	explicit constexpr Layer(M &machine) noexcept : m_(machine) {}

	/// Allocates a region and publishes it for resolution under @owner.
	/// Errors: inval, overflow, nodev, nomem, io, busy.
	[[nodiscard]] Result<Region> alloc(const Request &request, void *owner) noexcept
	{
		auto pages = pages_of_bytes(request.bytes);

		if (!pages)
			return fail(pages.error());
		return request.snooping ? alloc_snooped(*pages, request, owner)
					: alloc_flipped(*pages, request, owner);
	}

	/// Makes a region of memory that belongs to no allocator. Errors: inval,
	/// overflow, busy, nodev, nomem.
	[[nodiscard]] Result<Region> adopt(PhysAddr phys, std::uint64_t bytes, Behind behind,
					   Attribute attribute, void *owner) noexcept
	{
		auto pages = pages_of_bytes(bytes);

		if (!pages)
			return fail(pages.error());
		if (!page_aligned(phys.raw()) || !page_aligned(bytes) || behind == Behind::page ||
		    attribute == Attribute::cached)
			return fail(Errno::inval);
		if (phys.raw() + bytes < phys.raw())
			return fail(Errno::overflow);

		const FrameRun run{to_pfn(phys), *pages};

		if (m_.is_kernel_memory(run))
			return fail(Errno::busy);
		/* Nothing was ever cached there, so nothing else is asked of the CPU. */
		if (behind == Behind::reserved && m_.facts().cpu == CpuFit::ignores_uncached)
			return fail(Errno::nodev);
		DMAMAP_TRY(m_.publish(run, owner));
		auto unpublish = on_exit([&]() noexcept { m_.withdraw(run); });
		auto mapped = m_.map_device(run, attribute);
		if (!mapped)
			return fail(mapped.error());
		unpublish.dismiss();
		return Region{run, *mapped, BusAddr(phys.raw()), StrategyId::adopted, attribute,
			      behind};
	}

	/// Ends a region and gives its frames back. Frames that can't be made ordinary
	/// memory again go to quarantine.
	void release(const Region &region) noexcept
	{
		/* Withdraw adopted frames last: no allocator stands between two owners, so
		   from then on another caller may adopt them, with another attribute. */
		if (region.strategy == StrategyId::adopted) {
			m_.unmap_device(region.cpu, region.run);
			m_.withdraw(region.run);
			return;
		}
		if (region.flipped()) {
			m_.recall(region.run);
			drop(whole(region));
			return;
		}
		m_.withdraw(region.run);
		Snooped::give(m_, region.run);
	}

	/// Takes whole units of frames and flips them: they are then coherent, mapped,
	/// zeroed, and without an owner until they are lent. Errors: as alloc().
	[[nodiscard]] Result<Region> hold(Pages pages, const Request &request) noexcept
	{
		const BoardFacts facts = m_.facts();
		const Attribute attribute = needs_own_attribute(request, facts) ? Attribute::write_combine
								     : S::kAttribute;

		if (!S::probe(facts).kept)
			return fail(Errno::nodev);
		if (!request.reach.may_sleep)
			return fail(Errno::nomem);

		auto run = S::take(m_, whole_units(pages, facts.unit), request.reach);
		if (!run)
			return fail(run.error());

		auto bus = m_.bus_address(request.device, *run);
		if (!bus) {
			S::give(m_, *run);
			return fail(bus.error());
		}

		auto mapping = flip_to_coherent<S>(m_, *run, attribute);
		if (!mapping) {
			give_or_quarantine(*run, mapping.error().in_doubt);
			return fail(mapping.error().why);
		}

		if (auto held = m_.hold(*run); !held) {
			retire(*run, *mapping);
			return fail(held.error());
		}
		return Region{*run, *mapping, *bus, S::kId, attribute, Behind::reserved};
	}

	/// Makes frames of hold() ordinary memory again. None of them is lent.
	void drop(const Region &held) noexcept
	{
		m_.withdraw(held.run);
		retire(held.run, held.cpu);
	}

private:
	[[nodiscard]] Result<Region> alloc_flipped(Pages pages, const Request &request,
						   void *owner) noexcept
	{
		auto region = hold(pages, request);

		if (!region)
			return region;
		region->tail_frames = static_cast<std::uint16_t>(region->run.pages.count() -
								 pages.count());
		region->run.pages = pages;
		m_.lend(region->run, owner);
		return region;
	}

	/// @region with the spare frames, as it was flipped.
	[[nodiscard]] static constexpr Region whole(Region region) noexcept
	{
		region.run.pages = Pages(region.run.pages.count() + region.tail_frames);
		return region;
	}

	[[nodiscard]] Result<Region> alloc_snooped(Pages pages, const Request &request,
						   void *owner) noexcept
	{
		if (!Snooped::probe(m_.facts()).kept)
			return fail(Errno::nodev);

		auto run = Snooped::take(m_, pages, request.reach);
		if (!run)
			return fail(run.error());
		auto give = on_exit([&]() noexcept { Snooped::give(m_, *run); });

		auto bus = m_.bus_address(request.device, *run);
		if (!bus)
			return fail(bus.error());

		const CpuAddr cpu = m_.linear_address(run->first);

		m_.zero(cpu, pages);
		DMAMAP_TRY(m_.publish(*run, owner));
		give.dismiss();
		return Region{*run, cpu, *bus, Snooped::kId, Snooped::kAttribute, Behind::page};
	}

	void retire(FrameRun run, CpuAddr mapping) noexcept
	{
		give_or_quarantine(run, !flip_to_cached<S>(m_, run, mapping));
	}

	void give_or_quarantine(FrameRun run, bool in_doubt) noexcept
	{
		if (in_doubt)
			m_.quarantine(run);
		else
			S::give(m_, run);
	}

	M &m_;
};

} // namespace dmamap
