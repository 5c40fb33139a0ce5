/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/flip.h"
#include "dma/core/region.h"
#include "dma/strategy/snooped.h"

namespace dmamap {

/// What a driver asks for, after the glue has looked into its struct device.
struct Request {
	std::uint64_t bytes = 0;
	Reach reach = {};
	void *device = nullptr;       ///< for Machine::bus_address(), not looked at
	bool snooping = false;
	bool write_combine = false;   ///< writes may be gathered, where the board can
};

/// Whether memory with the pool's attribute does not do for @request.
[[nodiscard]] constexpr bool combines(const Request &request, BoardFacts facts) noexcept
{
	return request.write_combine && facts.combines;
}

/// Region logic: allocates, adopts and releases regions with the board's
/// strategy. No state of its own; frames, tables and counters belong to the
/// machine, the region to its owner.
///
/// Context: may sleep.
template <Machine M, class S>
	requires Strategy<S, M>
class Layer {
public:
	explicit constexpr Layer(M &machine) noexcept : m_(machine) {}

	/// Allocates a region and publishes it for resolution under @owner.
	/// Errors: inval, overflow, nodev, nomem, io, busy. Nothing is left behind.
	[[nodiscard]] Result<Region> alloc(const Request &request, void *owner) noexcept
	{
		auto pages = pages_of_bytes(request.bytes);

		if (!pages)
			return fail(pages.error());
		return request.snooping ? alloc_snooped(*pages, request, owner)
					: alloc_flipped(*pages, request, owner);
	}

	/// Makes a region of memory that no allocator had. Errors: inval, overflow,
	/// busy, nomem.
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
		DMAMAP_TRY(m_.publish(run, owner));
		auto unpublish = on_exit([&]() noexcept { m_.withdraw(run); });
		auto mapped = m_.map_device(run, attribute);
		if (!mapped)
			return fail(mapped.error());
		unpublish.release();
		return Region{run, *mapped, BusAddr(phys.raw()), StrategyId::adopted, attribute,
			      behind};
	}

	/// Gives everything back. Frames that can't be made ordinary memory again
	/// go to quarantine.
	void release(const Region &region) noexcept
	{
		/* Adopted frames have no allocator: whoever finds them withdrawn may
		   adopt them, with another attribute. So that is their last step. */
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

	/// Whole units of coherent frames, mapped, zero, and nobody's: to be lent.
	/// Errors: as alloc().
	[[nodiscard]] Result<Region> hold(Pages pages, const Request &request) noexcept
	{
		const BoardFacts facts = m_.facts();
		const Attribute attribute = combines(request, facts) ? Attribute::write_combine
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

	/// Makes frames of hold() ordinary again; nobody has any of them.
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
		region->spare = static_cast<std::uint16_t>(region->run.pages.count() -
							   pages.count());
		region->run.pages = pages;
		m_.lend(region->run, owner);
		return region;
	}

	/// The region with all frames that were flipped for it.
	[[nodiscard]] static constexpr Region whole(Region region) noexcept
	{
		region.run.pages = Pages(region.run.pages.count() + region.spare);
		return region;
	}

	[[nodiscard]] Result<Region> alloc_snooped(Pages pages, const Request &request,
						   void *owner) noexcept
	{
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
		give.release();
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
