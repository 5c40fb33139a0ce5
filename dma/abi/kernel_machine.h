/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/abi/machine.h"
#include "dma/abi/region.h"
#include "dma/abi/status.h"
#include "dma/abi/steps.h"
#include "dma/core/resting_layer.h"

namespace dmamap {

/// The kernel under the layer: a model of Machine whose every primitive is one
/// C function. Each primitive is noted, so that counters and recorded orders show
/// what really ran.
class KernelMachine {
public:
	[[nodiscard]] BoardFacts facts() noexcept
	{
		return {static_cast<CmaPlacement>(dmamap_machine_cma_placement()),
			Pages(dmamap_machine_unit()), Pages(dmamap_machine_chunk()),
			dmamap_machine_combining() == DMAMAP_COMBINING_SEPARATE,
			static_cast<CpuFit>(dmamap_machine_cpu())};
	}

	[[nodiscard]] Result<FrameRun> take_cma(Pages pages, Reach reach) noexcept
	{
		u64 pfn = 0;

		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		DMAMAP_TRY(from_c(dmamap_machine_take_cma(pages.count(), reach.area, how(reach),
							  &pfn)));
		return note(DMAMAP_STEP_TAKE, FrameRun{Pfn(pfn), pages});
	}
	void give_cma(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_GIVE, run);
		dmamap_machine_give_cma(run.first.raw(), run.pages.count());
	}
	[[nodiscard]] Result<FrameRun> take_pages(Pages pages, Reach reach) noexcept
	{
		u64 pfn = 0;

		if (reach.area)   // give_pages() knows such frames
			return take_cma(pages, reach);
		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		DMAMAP_TRY(from_c(dmamap_machine_take_pages(pages.count(), reach.last_byte,
							    static_cast<u32>(reach.node),
							    how(reach), &pfn)));
		return note(DMAMAP_STEP_TAKE, FrameRun{Pfn(pfn), pages});
	}
	void give_pages(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_GIVE, run);
		dmamap_machine_give_pages(run.first.raw(), run.pages.count());
	}
	[[nodiscard]] Result<BusAddr> bus_address(void *device, FrameRun run) noexcept
	{
		u64 bus = 0;

		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		DMAMAP_TRY(from_c(dmamap_machine_bus_address(device, run.first.raw(),
							     run.pages.count(), &bus)));
		return BusAddr(bus);
	}

	void drop_lazy_aliases(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_DROP_LAZY, run);
		dmamap_machine_drop_lazy_aliases();
	}
	[[nodiscard]] Linear linear(Pfn pfn) noexcept
	{
		return static_cast<Linear>(dmamap_machine_linear(pfn.raw()));
	}
	[[nodiscard]] Result<void> set_linear(FrameRun unit, Linear linear) noexcept
	{
		const u32 value = static_cast<u32>(linear);

		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		dmamap_note(DMAMAP_STEP_SET_LINEAR, unit.first.raw(), unit.pages.count(), value);
		return from_c(dmamap_machine_set_linear(unit.first.raw(), unit.pages.count(),
							value));
	}
	void purge_linear(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_PURGE, run);
		dmamap_machine_purge_linear(run.first.raw(), run.pages.count());
	}
	[[nodiscard]] Result<void> claim(FrameRun run, Attribute attribute) noexcept
	{
		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		note(DMAMAP_STEP_CLAIM, run);
		return from_c(dmamap_machine_claim(run.first.raw(), run.pages.count(),
						   static_cast<u32>(attribute)));
	}
	void release(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_RELEASE, run);
		dmamap_machine_release(run.first.raw(), run.pages.count());
	}
	[[nodiscard]] Result<CpuAddr> map(FrameRun run, Attribute attribute) noexcept
	{
		u64 addr = 0;

		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		note(DMAMAP_STEP_MAP, run);
		DMAMAP_TRY(from_c(dmamap_machine_map(run.first.raw(), run.pages.count(),
						     static_cast<u32>(attribute), &addr)));
		return CpuAddr(addr);
	}
	void unmap(CpuAddr addr, FrameRun run) noexcept
	{
		note(DMAMAP_STEP_UNMAP, run);
		dmamap_machine_unmap(addr.raw());
	}
	void flush(FrameRun run, CpuAddr addr) noexcept
	{
		note(DMAMAP_STEP_FLUSH, run);
		dmamap_machine_flush(run.first.raw(), run.pages.count(), addr.raw());
	}
	void barrier() noexcept
	{
		note(DMAMAP_STEP_BARRIER, FrameRun{});
		dmamap_machine_barrier();
	}
	void zero(CpuAddr addr, Pages pages) noexcept
	{
		note(DMAMAP_STEP_ZERO, FrameRun{Pfn(), pages});
		dmamap_machine_zero(addr.raw(), pages.count());
	}

	[[nodiscard]] CpuAddr linear_address(Pfn pfn) noexcept
	{
		return CpuAddr(dmamap_machine_linear_address(pfn.raw()));
	}
	[[nodiscard]] Result<CpuAddr> map_device(FrameRun run, Attribute attribute) noexcept
	{
		u64 addr = 0;

		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		DMAMAP_TRY(from_c(dmamap_machine_map_device(run.first.raw(), run.pages.count(),
							    static_cast<u32>(attribute), &addr)));
		return CpuAddr(addr);
	}
	void unmap_device(CpuAddr addr, FrameRun) noexcept
	{
		dmamap_machine_unmap_device(addr.raw());
	}
	[[nodiscard]] bool is_kernel_memory(FrameRun run) noexcept
	{
		return dmamap_machine_is_kernel_memory(run.first.raw(), run.pages.count()) != 0;
	}

	[[nodiscard]] Result<void> publish(FrameRun run, void *owner) noexcept
	{
		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		note(DMAMAP_STEP_PUBLISH, run);
		return from_c(dmamap_machine_publish(run.first.raw(), run.pages.count(), owner));
	}
	[[nodiscard]] Result<void> hold(FrameRun run) noexcept
	{
		DMAMAP_TRY(from_c(dmamap_injected_failure()));
		note(DMAMAP_STEP_HOLD, run);
		return from_c(dmamap_machine_hold(run.first.raw(), run.pages.count()));
	}
	void lend(FrameRun run, void *owner) noexcept
	{
		note(DMAMAP_STEP_LEND, run);
		dmamap_machine_lend(run.first.raw(), run.pages.count(), owner);
	}
	void recall(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_RECALL, run);
		dmamap_machine_recall(run.first.raw(), run.pages.count());
	}
	void withdraw(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_WITHDRAW, run);
		dmamap_machine_withdraw(run.first.raw(), run.pages.count());
	}
	void quarantine(FrameRun run) noexcept
	{
		note(DMAMAP_STEP_QUARANTINE, run);
		dmamap_machine_quarantine(run.first.raw(), run.pages.count());
	}

	/* The object of the region is marked without the lock held: region/store.c says
	   why that is enough. */
	void rest(const Region &, void *) noexcept {}
	void wake(void *) noexcept {}
	[[nodiscard]] Region rested(void *owner) noexcept
	{
		// SAFETY: the owner of a region of the pool is a struct dmamap_region, which
		// begins with its core (asserted in dma/glue/region/store.c).
		return load(*static_cast<const dmamap_core_region *>(owner));
	}
	/* The usual case of an allocation: no failure is injected. */
	[[nodiscard]] bool reach_rested(void *device, void *owner) noexcept
	{
		// SAFETY: as rested().
		auto &region = *static_cast<dmamap_core_region *>(owner);

		return dmamap_machine_bus_address(device, region.pfn, region.pages,
						  &region.bus) == DMAMAP_OK;
	}
	void retire(void *owner) noexcept
	{
		recall(rested(owner).run);
		dmamap_machine_retire(owner);
	}

	[[nodiscard]] std::uint64_t lock() noexcept { return dmamap_machine_lock(); }
	void unlock(std::uint64_t flags) noexcept { dmamap_machine_unlock(flags); }
	void tend_later() noexcept { dmamap_machine_tend_later(); }

private:
	[[nodiscard]] static u32 how(Reach reach) noexcept
	{
		return (reach.may_sleep ? u32{DMAMAP_TAKE_SLEEP} : 0) |
		       (reach.may_move ? u32{DMAMAP_TAKE_MOVE} : 0);
	}
	static FrameRun note(u32 step, FrameRun run) noexcept
	{
		dmamap_note(step, run.first.raw(), run.pages.count(), 0);
		return run;
	}
};

static_assert(RestingMachine<KernelMachine>);

} // namespace dmamap
