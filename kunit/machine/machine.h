/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <set>

#include "dma/abi/steps.h"
#include "dma/core/machine.h"
#include "kunit/machine/cache.h"
#include "kunit/machine/rule.h"
#include "kunit/machine/supply.h"
#include "kunit/machine/translations.h"

namespace dmamap::sim {

/// A device, for Request::device: where it sees memory, and how far.
struct Device {
	std::uint64_t mask = ~std::uint64_t{0};
	std::uint64_t offset = 0;   ///< bus address of physical address 0
	bool snooping = false;
};

/// A machine that models dmamap::Machine in user space, and does the worst.
///
/// - Frames come from take_*() as their last user may leave them: secrets in
///   memory, others dirty in the cache, TLB entries on all CPUs, pkmap and vmap
///   leftovers.
/// - After each step the CPUs fill clean lines through every cacheable
///   translation that lives, so a flush that came too early is undone.
/// - Writes reach memory as late and as badly ordered as barriers allow.
///
/// Every step is recorded as the kernel's machine does it, and judged: what
/// breaks the one rule (dma/core/flip.h) stands in violations(), once for each
/// rule and frame. Nothing is repaired, so that wrong bytes stay visible.
class SimulatedMachine {
public:
	explicit SimulatedMachine(const Profile &profile);

	/// The primitives; what they do stands at the concept.
	[[nodiscard]] BoardFacts facts() noexcept { return {profile_.placement}; }
	[[nodiscard]] Result<FrameRun> take_cma(Pages pages) noexcept;
	void give_cma(FrameRun run) noexcept;
	[[nodiscard]] Result<FrameRun> take_pages(Pages pages, Reach reach) noexcept;
	void give_pages(FrameRun run) noexcept;
	[[nodiscard]] Result<BusAddr> bus_address(void *device, FrameRun run) noexcept;

	void drop_lazy_aliases(FrameRun run) noexcept;
	[[nodiscard]] Linear linear(Pfn pfn) noexcept;
	[[nodiscard]] Result<void> set_linear(Pfn pfn, Linear linear) noexcept;
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
	void withdraw(FrameRun run) noexcept;
	void quarantine(FrameRun run) noexcept;

	/// What a program on a CPU does; nothing and false are page faults.
	std::optional<Value> read(unsigned cpu, CpuAddr addr);
	bool write(unsigned cpu, CpuAddr addr, Value value);

	/// What a device does.
	[[nodiscard]] Value read(const Device &device, BusAddr addr);
	void write(const Device &device, BusAddr addr, Value value);

	/// The caches get rid of everything dirty, as they may at any time.
	void evict();

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

	/// What must be as before when an operation was undone. Leftovers that the
	/// kernel keeps by itself, caches and TLBs do not count.
	struct State {
		std::vector<Supply::Frame> frames;
		Translations::Table translations;
		std::map<Pfn, Attribute> claims;
		std::map<Pfn, void *> directory;

		bool operator==(const State &) const = default;
	};
	[[nodiscard]] State state() const;
	[[nodiscard]] std::uint64_t quarantined() const { return supply_.quarantined(); }

	/// For tests that play a wrong machine.
	[[nodiscard]] Translations &translations() noexcept { return translations_; }

private:
	void note(u32 step, FrameRun run, u32 value = 0);
	[[nodiscard]] bool fails();
	void settle();
	void speculate();
	void judge(Pfn pfn);
	void judge_published(FrameRun run);
	void judge_parting(FrameRun run);
	void break_rule(Rule rule, Pfn pfn);

	[[nodiscard]] Result<FrameRun> taken(Result<FrameRun> run);
	void leave_traces(Pfn pfn);
	void give(FrameRun run, bool to_cma);
	[[nodiscard]] CpuAddr make_mapping(FrameRun run, Use use, bool cacheable);
	void end_mapping(CpuAddr addr, FrameRun run, Use use);
	void store(const Translation &to, std::uint64_t byte, Value value);

	[[nodiscard]] bool known(Pfn pfn) const
	{
		return pfn >= Profile::kRam && pfn < profile_.reserved_begin();
	}
	[[nodiscard]] bool in_lowmem(Pfn pfn) const
	{
		return pfn >= Profile::kRam && pfn < profile_.highmem_begin();
	}
	[[nodiscard]] bool coherent(Pfn pfn) const
	{
		return directory_.contains(pfn) && (claims_.contains(pfn) || !known(pfn));
	}

	Profile profile_;
	Supply supply_;
	Translations translations_;
	Memory memory_;
	Cache cache_;
	std::map<Pfn, Attribute> claims_;
	std::map<Pfn, void *> directory_;
	CpuAddr next_mapping_{std::uint64_t{0xf000'0000}};

	unsigned fail_in_ = 0;
	unsigned fail_again_in_ = 0;
	unsigned failures_ = 0;
	std::vector<dmamap_step> steps_;
	std::set<std::pair<Rule, Pfn>> broken_;
	std::vector<Violation> violations_;
};

static_assert(dmamap::Machine<SimulatedMachine>);

} // namespace dmamap::sim
