// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/search_machine.h"

namespace dmamap::prove {
namespace {

template <class Fn>
void each_frame(FrameRun run, Fn fn)
{
	for (std::uint64_t i = 0; i < run.pages.count(); ++i)
		fn(run.first + i);
}

sim::Page page_at(Pfn pfn, Slot slot)
{
	return {judge::va_of(unsigned(pfn.raw()), slot), pfn.raw()};
}

/* The pages of a run at one of its addresses. */
std::vector<sim::Page> pages_at(Slot slot, FrameRun run)
{
	std::vector<sim::Page> pages;

	each_frame(run, [&](Pfn pfn) { pages.push_back(page_at(pfn, slot)); });
	return pages;
}

Slot slot_of(CpuAddr addr)
{
	return Slot((addr.raw() >> kPageShift) / judge::kFrames);
}

Pfn pfn_at(CpuAddr addr)
{
	return Pfn((addr.raw() >> kPageShift) % judge::kFrames);
}

} // namespace

CpuAddr SearchMachine::address_of(Pfn pfn, Slot slot)
{
	return CpuAddr((unsigned(slot) * judge::kFrames + pfn.raw()) << kPageShift);
}

bool SearchMachine::fails()
{
	if (chosen_ == failures_.size())
		failures_.push_back(false);
	const bool fail = failures_[chosen_++];

	note({.op = fail ? Op::fails : Op::succeeds});
	return fail;
}

void SearchMachine::mark(Op op, FrameRun run)
{
	each_frame(run, [&](Pfn pfn) { note({.op = op, .pfn = pfn.raw()}); });
}

/* Supply */

BoardFacts SearchMachine::facts() noexcept
{
	return {.cma = bounds_.highmem ? CmaPlacement::highmem : CmaPlacement::none,
		.chunk = Pages(bounds_.frames)};
}

Result<FrameRun> SearchMachine::take(Pages pages)
{
	const FrameRun run{Pfn(0), pages};

	if (fails() || run.pages.count() > bounds_.frames || memory_[0].taken || quarantined_)
		return fail(Errno::nomem);
	mark(Op::take, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].taken = true; });
	return run;
}

Result<FrameRun> SearchMachine::take_cma(Pages pages, Reach) noexcept
{
	return take(pages);
}

Result<FrameRun> SearchMachine::take_pages(Pages pages, Reach) noexcept
{
	return take(pages);
}

void SearchMachine::give_cma(FrameRun run) noexcept
{
	mark(Op::give, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].taken = false; });
}

void SearchMachine::give_pages(FrameRun run) noexcept
{
	give_cma(run);
}

void SearchMachine::quarantine(FrameRun run) noexcept
{
	mark(Op::quarantine, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()] = {}; });
	quarantined_ = true;
}

Result<BusAddr> SearchMachine::bus_address(void *, FrameRun run) noexcept
{
	if (fails())
		return fail(Errno::io);
	return BusAddr(to_phys(run.first).raw());
}

bool SearchMachine::as_before() const
{
	return memory_ == decltype(memory_){};
}

/* Translations */

void SearchMachine::drop_lazy_aliases(FrameRun run) noexcept
{
	primitives_.drop_lazy(pages_at(Slot::lazy, run));
}

Linear SearchMachine::linear(Pfn pfn) noexcept
{
	return bounds_.highmem ? Linear::none : memory_[pfn.raw()].linear;
}

Result<void> SearchMachine::set_linear(FrameRun unit, Linear linear) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	if (bounds_.highmem || linear == Linear::none)
		return fail(Errno::nodev);
	primitives_.edit(page_at(unit.first, Slot::linear), sim::to_attr(linear));
	memory_[unit.first.raw()].linear = linear;
	return {};
}

void SearchMachine::purge_linear(FrameRun run) noexcept
{
	if (!bounds_.highmem)
		purge(Slot::linear, run);
}

void SearchMachine::purge(Slot slot, FrameRun run, Around around)
{
	primitives_.purge(pages_at(slot, run), around);
}

Result<void> SearchMachine::claim(FrameRun run, Attribute) noexcept
{
	if (fails())
		return fail(Errno::busy);
	mark(Op::claim, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].claimed = true; });
	return {};
}

void SearchMachine::release(FrameRun run) noexcept
{
	mark(Op::release, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].claimed = false; });
}

Result<CpuAddr> SearchMachine::map(FrameRun run, Attribute attribute) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	primitives_.map(pages_at(Slot::region, run),
			attribute == Attribute::cached ? Attr::cached : Attr::uncached);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].mapped = true; });
	return address_of(run.first, Slot::region);
}

void SearchMachine::unmap(CpuAddr, FrameRun run) noexcept
{
	primitives_.unmap(pages_at(Slot::region, run));
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].mapped = false; });
}

void SearchMachine::unmap_lazily(FrameRun run)
{
	each_frame(run, [&](Pfn pfn) {
		primitives_.edit(page_at(pfn, Slot::region), Attr::none);
		memory_[pfn.raw()].mapped = false;
	});
}

CpuAddr SearchMachine::linear_address(Pfn pfn) noexcept
{
	return address_of(pfn, Slot::linear);
}

/* Memory without struct page is never flipped, so there is nothing to record. */

Result<CpuAddr> SearchMachine::map_device(FrameRun run, Attribute) noexcept
{
	return address_of(run.first, Slot::region);
}

void SearchMachine::unmap_device(CpuAddr, FrameRun) noexcept
{
}

bool SearchMachine::is_kernel_memory(FrameRun) noexcept
{
	return true;
}

/* Directory */

Result<void> SearchMachine::publish(FrameRun run, void *) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	mark(Op::publish, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].published = true; });
	return {};
}

Result<void> SearchMachine::hold(FrameRun run) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	mark(Op::idle, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].published = true; });
	return {};
}

void SearchMachine::lend(FrameRun run, void *) noexcept
{
	mark(Op::publish, run);
}

void SearchMachine::recall(FrameRun run) noexcept
{
	mark(Op::idle, run);
}

void SearchMachine::withdraw(FrameRun run) noexcept
{
	mark(Op::withdraw, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].published = false; });
}

/* Bytes */

void SearchMachine::flush(FrameRun run, CpuAddr addr) noexcept
{
	const Slot home = bounds_.highmem ? Slot::lazy : Slot::linear;

	primitives_.flush(pages_at(slot_of(addr), run), pages_at(home, run));
}

void SearchMachine::flush_by(Op op, Slot slot, FrameRun run, unsigned lines)
{
	primitives_.flush_by(op, pages_at(slot, run), lines);
}

void SearchMachine::barrier() noexcept
{
	primitives_.barrier();
}

void SearchMachine::zero(CpuAddr addr, Pages pages) noexcept
{
	zero_lines(slot_of(addr), {pfn_at(addr), pages}, bounds_.lines);
}

void SearchMachine::zero_lines(Slot slot, FrameRun run, unsigned lines)
{
	primitives_.store(pages_at(slot, run), Value::zero, lines);
}

void SearchMachine::purge_on_this_cpu(Slot slot, FrameRun run)
{
	for (const sim::Page &page : pages_at(slot, run))
		note({.op = Op::purge, .va = page.va, .pfn = page.pfn});
}

void SearchMachine::drop_lazy_on_this_cpu(FrameRun run)
{
	for (const sim::Page &page : pages_at(Slot::lazy, run))
		primitives_.edit(page, Attr::none);
	purge_on_this_cpu(Slot::lazy, run);
}

/* The first line of a frame is for CPUs to write, the last for the device. */
void SearchMachine::use(FrameRun run, CpuAddr addr)
{
	mark(Op::start, run);
	if (bounds_.lines > 1)
		write_first(run, addr);
	barrier();
	primitives_.load(pages_at(slot_of(addr), run));
}

/* A driver may write once more before it frees, with no barrier behind the write. */
void SearchMachine::quiet(FrameRun run, CpuAddr addr)
{
	mark(Op::quiet, run);
	write_first(run, addr);
}

void SearchMachine::write_first(FrameRun run, CpuAddr addr)
{
	primitives_.store(pages_at(slot_of(addr), run), Value::fresh, 1);
}

} // namespace dmamap::prove
