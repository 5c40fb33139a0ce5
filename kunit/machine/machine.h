/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <ostream>
#include <string>

#include "dma/abi/steps.h"
#include "dma/core/machine.h"
#include "kunit/judge/oracle.h"
#include "kunit/machine/line.h"
#include "kunit/machine/page_table.h"
#include "kunit/machine/primitives.h"
#include "kunit/machine/supply.h"

namespace dmamap::sim {

/// A device, for Request::device: where it sees memory, and how far.
struct Device {
	std::uint64_t mask = ~std::uint64_t{0};
	std::uint64_t offset = 0;   ///< bus address of physical address 0
	bool snooping = false;
};

/// A rule of the judge that was broken, and by what.
struct Violation {
	judge::Rule rule;
	std::string what;

	bool operator==(const Violation &) const = default;
	friend std::ostream &operator<<(std::ostream &out, const Violation &v)
	{
		return out << judge::name_of(v.rule) << " by " << v.what;
	}
};

/// A kernel in user space, as far as the layer needs one: it models
/// dmamap::Machine, keeps what a kernel keeps, and lets the may-oracle judge
/// every step for all that caches, TLBs and CPUs may have done meanwhile.
///
/// - Frames come from take_*() as their last user may leave them: secrets in
///   memory and caches, TLB entries on all CPUs, pkmap and vmap leftovers.
/// - Every step is recorded as the kernel's machine does it. What breaks a rule
///   stands in violations(), once for each rule; nothing is repaired.
/// - Regions of devices that snoop are judged by the exhaustive search
///   (kunit/prove) only.
class SimulatedMachine {
public:
	explicit SimulatedMachine(const Profile &profile);
	SimulatedMachine(const SimulatedMachine &) = delete;
	SimulatedMachine &operator=(const SimulatedMachine &) = delete;

	/// The primitives; what they do stands at the concept.
	[[nodiscard]] BoardFacts facts() noexcept
	{
		return {profile_.placement, profile_.unit, profile_.chunk, profile_.combines};
	}
	[[nodiscard]] Result<FrameRun> take_cma(Pages pages) noexcept;
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

	[[nodiscard]] std::uint64_t lock() noexcept;
	void unlock(std::uint64_t flags) noexcept;
	void tend_later() noexcept { ++tend_wanted_; }

	/// What a program on a CPU does; nothing and false are page faults.
	std::optional<Value> read(unsigned cpu, CpuAddr addr);
	bool write(unsigned cpu, CpuAddr addr, Value value);

	/// What a device does.
	[[nodiscard]] Value read(const Device &device, BusAddr addr);
	void write(const Device &device, BusAddr addr, Value value);

	/// From now on a primitive that may sleep breaks a rule, or no more.
	void in_interrupt(bool yes) noexcept { atomic_ = yes; }
	/// How often a pool asked to be tended.
	[[nodiscard]] unsigned tend_wanted() const noexcept { return tend_wanted_; }

	/// Lets the @nth primitive that can fail do so, counted from 1, and after
	/// it the @again-th of those that follow; 0 is never.
	void fail_next(unsigned nth, unsigned again = 0)
	{
		fail_in_ = nth;
		fail_again_in_ = again;
		failures_ = 0;
	}
	/// How many failures have been injected since.
	[[nodiscard]] unsigned failures() const noexcept { return failures_; }

	[[nodiscard]] const std::vector<Violation> &violations() const { return violations_; }
	[[nodiscard]] const std::vector<dmamap_step> &steps() const { return steps_; }
	void forget_steps() { steps_.clear(); }

	/// What must be as before when an operation was undone.
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

	/// For tests that play a wrong machine.
	[[nodiscard]] PageTable &page_table() noexcept { return table_; }
	[[nodiscard]] const Primitives &primitives() const noexcept { return primitives_; }
	void feed(const judge::Event &event);
	/// The pages of @run from @addr on.
	[[nodiscard]] static std::vector<Page> pages_at(CpuAddr addr, FrameRun run);

private:
	void note(u32 step, FrameRun run, u32 value = 0);
	[[nodiscard]] Result<void> enter(FrameRun run, void *owner);
	void mark(judge::Op op, FrameRun run);
	[[nodiscard]] bool fails();
	void break_rule(judge::Rule rule, std::string what);
	void judge_table(FrameRun run);

	[[nodiscard]] Result<FrameRun> taken(Result<FrameRun> run);
	void leave_traces(Pfn pfn);
	void give(FrameRun run, bool to_cma);
	[[nodiscard]] CpuAddr make_mapping(FrameRun run, Use use, bool cacheable);
	void end_mapping(CpuAddr addr, FrameRun run, Use use);
	[[nodiscard]] std::vector<Page> linear_pages(FrameRun run);
	/// Where the owner of cached memory has the frames.
	[[nodiscard]] std::vector<Page> home_pages(FrameRun run);
	void fill(Pfn pfn, Value value);

	[[nodiscard]] bool in_lowmem(Pfn pfn) const
	{
		return pfn >= Profile::kRam && pfn < profile_.highmem_begin();
	}
	/// Flipped and published.
	[[nodiscard]] bool coherent(Pfn pfn) const
	{
		return directory_.contains(pfn) && claims_.contains(pfn);
	}

	Profile profile_;
	judge::Profile judged_;
	judge::Oracle oracle_;
	Primitives primitives_;
	Supply supply_;
	PageTable table_;
	std::map<Line, Value> memory_;   ///< as the last write left it
	std::map<Pfn, Attribute> claims_;
	std::map<Pfn, void *> directory_;
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

static_assert(PoolMachine<SimulatedMachine>);

} // namespace dmamap::sim
