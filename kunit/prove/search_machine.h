/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "dma/core/resting_layer.h"
#include "kunit/judge/hardware.h"
#include "kunit/machine/primitives.h"

namespace dmamap::prove {

using judge::Attr;
using judge::Event;
using judge::Op;
using judge::Slot;
using judge::Value;

/// Which of the primitives that can fail do fail: the n-th one does if the n-th
/// entry is true. Primitives beyond the last entry succeed.
using Failures = std::vector<bool>;

/// A Machine of dma/core/machine.h that records the events of each primitive, and
/// keeps the little that a kernel remembers by itself. The graph of a program is
/// made of what it records.
class SearchMachine {
public:
	SearchMachine(const judge::Profile &profile, judge::Bounds bounds, Failures failures = {})
		: bounds_(bounds), failures_(std::move(failures)),
		  primitives_(profile, {judge::kCpus, bounds.lines},
			      [this](const Event &event) { note(event); })
	{
	}
	SearchMachine(const SearchMachine &) = delete;
	SearchMachine &operator=(const SearchMachine &) = delete;

	[[nodiscard]] BoardFacts facts() noexcept;
	[[nodiscard]] Result<FrameRun> take_cma(Pages pages, Reach reach) noexcept;
	void give_cma(FrameRun run) noexcept;
	[[nodiscard]] Result<FrameRun> take_pages(Pages pages, Reach reach) noexcept;
	void give_pages(FrameRun run) noexcept;
	[[nodiscard]] Result<BusAddr> bus_address(void *device, FrameRun run) noexcept;

	void drop_lazy_aliases(FrameRun run) noexcept;
	[[nodiscard]] Linear linear(Pfn pfn) noexcept;
	[[nodiscard]] Result<void> set_linear(FrameRun unit, Linear linear) noexcept;
	void purge_linear(FrameRun run) noexcept;
	[[nodiscard]] Result<void> claim(FrameRun run, Attribute attribute) noexcept;
	void release(FrameRun run) noexcept;
	[[nodiscard]] Result<CpuAddr> map(FrameRun run, Attribute attribute) noexcept;
	void unmap(CpuAddr addr, FrameRun run) noexcept;
	void flush(FrameRun run, CpuAddr addr) noexcept;
	void barrier() noexcept;
	void zero(CpuAddr addr, Pages pages) noexcept;

	[[nodiscard]] CpuAddr linear_address(Pfn pfn) noexcept;
	[[nodiscard]] Result<CpuAddr> map_device(FrameRun run, Attribute attribute) noexcept;
	void unmap_device(CpuAddr addr, FrameRun run) noexcept;
	[[nodiscard]] bool is_kernel_memory(FrameRun run) noexcept;

	[[nodiscard]] Result<void> publish(FrameRun run, void *owner) noexcept;
	[[nodiscard]] Result<void> hold(FrameRun run) noexcept;
	void lend(FrameRun run, void *owner) noexcept;
	void recall(FrameRun run) noexcept;
	void withdraw(FrameRun run) noexcept;
	void quarantine(FrameRun run) noexcept;

	/* An owner of a region that may rest is where that region is. */
	void rest(const Region &region, void *) noexcept { mark(Op::idle, region.run); }
	[[nodiscard]] Region rested(void *owner) noexcept { return *static_cast<Region *>(owner); }
	[[nodiscard]] bool reach_rested(void *device, void *owner) noexcept
	{
		return bus_address(device, rested(owner).run).has_value();
	}
	void wake(void *owner) noexcept { mark(Op::publish, rested(owner).run); }
	void retire(void *) noexcept {}

	[[nodiscard]] std::uint64_t lock() noexcept { return 0; }
	void unlock(std::uint64_t) noexcept {}
	void tend_later() noexcept {}

	/// The address of a frame in @slot. Frames of a run have consecutive addresses.
	[[nodiscard]] static CpuAddr address_of(Pfn pfn, Slot slot);

	/// The accesses of a driver and its device to a coherent region.
	void use(FrameRun run, CpuAddr addr);
	void quiet(FrameRun run, CpuAddr addr);

	/* The same primitives, done wrong. */
	using Around = sim::Primitives::Around;
	void purge(Slot slot, FrameRun run, Around around = Around::barriers);
	void purge_on_this_cpu(Slot slot, FrameRun run);
	void drop_lazy_on_this_cpu(FrameRun run);
	void flush_by(Op op, Slot slot, FrameRun run, unsigned lines);
	void zero_lines(Slot slot, FrameRun run, unsigned lines);
	void unmap_lazily(FrameRun run);

	void mark(Op op, FrameRun run);
	void note(Event event) { events_.push_back(event); }

	[[nodiscard]] const std::vector<Event> &events() const { return events_; }
	[[nodiscard]] const Failures &failures() const { return failures_; }
	[[nodiscard]] const judge::Bounds &bounds() const { return bounds_; }
	/// How many primitives that can fail have run, also beyond the last entry.
	[[nodiscard]] std::size_t choices() const { return chosen_; }

	/// Whether all that the kernel remembers is as it was in the beginning.
	[[nodiscard]] bool as_before() const;
	[[nodiscard]] bool quarantined() const { return quarantined_; }

private:
	[[nodiscard]] bool fails();
	[[nodiscard]] Result<FrameRun> take(Pages pages);
	void write_first(FrameRun run, CpuAddr addr);

	judge::Bounds bounds_;
	Failures failures_;
	std::size_t chosen_ = 0;
	std::vector<Event> events_;
	sim::Primitives primitives_;

	struct Memory {
		bool taken = false;
		bool claimed = false;
		bool mapped = false;
		bool published = false;
		Linear linear = Linear::cached;

		bool operator==(const Memory &) const = default;
	};
	std::array<Memory, judge::kFrames> memory_{};
	bool quarantined_ = false;
};

} // namespace dmamap::prove
