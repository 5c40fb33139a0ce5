/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "dma/abi/steps.h"
#include "dma/core/resting_layer.h"
#include "kunit/judge/oracle.h"
#include "kunit/machine/line.h"
#include "kunit/machine/page_table.h"
#include "kunit/machine/primitives.h"
#include "kunit/machine/supply.h"

namespace dmamap::sim {

/// A device, for Request::device: the bus addresses at which it reaches memory.
struct Device {
	std::uint64_t mask = ~std::uint64_t{0};   ///< the highest one
	std::uint64_t offset = 0;   ///< bus address of physical address 0
	bool snooping = false;
};

/// A rule of the judge that was broken, and the event that broke it.
struct Violation {
	judge::Rule rule;
	std::string what;

	bool operator==(const Violation &) const = default;
	friend std::ostream &operator<<(std::ostream &out, const Violation &v)
	{
		return out << judge::name_of(v.rule) << " by " << v.what;
	}
};

/// The simulated machine: a kernel in user space, as far as the layer needs one.
/// It models dmamap::Machine, keeps what a kernel keeps (allocators, page table,
/// claims, directory), and lets the may-oracle judge every step for all that
/// caches, TLBs and CPUs may have done meanwhile.
///
/// - Frames come from take_*() as their last user may leave them: secrets in
///   memory and caches, TLB entries on all CPUs, leftovers of pkmap, kmap_local, vmap.
/// - Every step is recorded as the kernel's machine does it. Broken rules are in
///   violations(), each once, with what broke it first; nothing is repaired.
/// - Regions of devices that snoop are judged by the exhaustive search
///   (kunit/prove) only.
class SimulatedMachine {
public:
	explicit SimulatedMachine(const Profile &profile);
	SimulatedMachine(const SimulatedMachine &) = delete;
	SimulatedMachine &operator=(const SimulatedMachine &) = delete;

	/// The primitives, as dma/core/machine.h describes them.
	[[nodiscard]] BoardFacts facts() noexcept
	{
		return {profile_.placement, profile_.unit, profile_.chunk, profile_.combines,
			profile_.cpu};
	}
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

	void rest(const Region &region, void *owner) noexcept;
	[[nodiscard]] Region rested(void *owner) noexcept;
	[[nodiscard]] bool reach_rested(void *device, void *owner) noexcept;
	void wake(void *owner) noexcept;
	void retire(void *owner) noexcept;
	/// The region that woke last.
	[[nodiscard]] const Region &woken() const noexcept { return woken_; }
	/// Owners that were retired since the beginning, in order.
	[[nodiscard]] const std::vector<void *> &retired() const noexcept { return retired_; }

	[[nodiscard]] std::uint64_t lock() noexcept;
	void unlock(std::uint64_t flags) noexcept;
	void tend_later() noexcept { ++tend_wanted_; }

	/// Reads and writes of a program on a CPU. Nullopt and false are page faults.
	std::optional<Value> read(unsigned cpu, CpuAddr addr);
	bool write(unsigned cpu, CpuAddr addr, Value value);

	/// Reads and writes of a device.
	[[nodiscard]] Value read(const Device &device, BusAddr addr);
	void write(const Device &device, BusAddr addr, Value value);

	/// Whether primitives run in interrupt context from now on, where one that may
	/// sleep breaks a rule.
	void in_interrupt(bool yes) noexcept { atomic_ = yes; }
	/// How often a pool has called tend_later().
	[[nodiscard]] unsigned tend_wanted() const noexcept { return tend_wanted_; }

	/// Makes the @nth primitive that can fail do so, counted from 1, and then the
	/// @again-th of those that follow it. 0 is never.
	void fail_next(unsigned nth, unsigned again = 0)
	{
		fail_in_ = nth;
		fail_again_in_ = again;
		failures_ = 0;
	}
	/// How many failures have been injected since fail_next().
	[[nodiscard]] unsigned failures() const noexcept { return failures_; }

	[[nodiscard]] const std::vector<Violation> &violations() const { return violations_; }
	[[nodiscard]] const std::vector<dmamap_step> &steps() const { return steps_; }
	void forget_steps() { steps_.clear(); }

	/// All that must be as before after an operation was undone.
	struct State {
		std::vector<Supply::Frame> frames;
		PageTable translations;
		std::map<Pfn, Attribute> claims;
		std::map<Pfn, void *> directory;

		bool operator==(const State &) const = default;
	};
	[[nodiscard]] State state() const
	{
		return {supply_.frames(), table_, claims_, directory_};
	}
	[[nodiscard]] std::uint64_t quarantined() const { return supply_.quarantined(); }

	/// For tests that act as a wrong machine.
	[[nodiscard]] PageTable &page_table() noexcept { return table_; }
	[[nodiscard]] const Primitives &primitives() const noexcept { return primitives_; }
	void feed(const judge::Event &event);
	/// drop_lazy_aliases(), but for what is left of a slot of one CPU.
	void drop_but_local(FrameRun run);
	/// The pages of a mapping of @run at @addr.
	[[nodiscard]] static std::vector<Page> pages_at(CpuAddr addr, FrameRun run);

private:
	void note(u32 step, FrameRun run, u32 value = 0);
	[[nodiscard]] Result<void> enter(FrameRun run, void *owner);
	void mark(judge::Op op, FrameRun run);
	[[nodiscard]] bool fails();
	void break_rule(judge::Rule rule, std::string what);
	[[nodiscard]] Region end_rest(void *owner);
	void judge_table(FrameRun run);

	[[nodiscard]] Result<FrameRun> taken(Result<FrameRun> run);
	void leave_traces(Pfn pfn);
	void end_local(FrameRun run);
	void give(FrameRun run, bool to_cma);
	[[nodiscard]] CpuAddr make_mapping(FrameRun run, Use use, bool cacheable);
	void end_mapping(CpuAddr addr, FrameRun run, Use use);
	[[nodiscard]] std::vector<Page> linear_pages(FrameRun run);
	/// The addresses at which the owner of cached memory has the frames.
	[[nodiscard]] std::vector<Page> home_pages(FrameRun run);
	/// Slots for short use, of one CPU, in which the allocator may have had them.
	[[nodiscard]] std::vector<Page> local_pages(FrameRun run);
	void fill(Pfn pfn, Value value);

	[[nodiscard]] bool in_lowmem(Pfn pfn) const
	{
		return pfn >= Profile::kRam && pfn < profile_.highmem_begin();
	}
	/// Whether the frame is flipped, and published or held.
	[[nodiscard]] bool coherent(Pfn pfn) const
	{
		return directory_.contains(pfn) && claims_.contains(pfn);
	}

	Profile profile_;
	judge::Oracle oracle_;
	Primitives primitives_;
	Supply supply_;
	PageTable table_;
	std::map<Line, Value> memory_;   ///< the last value written, by whatever way
	std::map<Pfn, Attribute> claims_;
	std::map<Pfn, void *> directory_;
	std::map<void *, Region> rested_;
	std::vector<void *> retired_;
	Region woken_;
	CpuAddr next_mapping_{std::uint64_t{0xf000'0000}};

	bool atomic_ = false;
	bool locked_ = false;
	unsigned tend_wanted_ = 0;
	unsigned fail_in_ = 0;
	unsigned fail_again_in_ = 0;
	unsigned failures_ = 0;
	std::vector<dmamap_step> steps_;
	std::vector<Violation> violations_;
};

static_assert(RestingMachine<SimulatedMachine>);

} // namespace dmamap::sim
