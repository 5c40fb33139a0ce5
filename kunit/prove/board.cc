// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/board.h"

namespace dmamap::prove {
namespace {

template <class Fn>
void each_frame(FrameRun run, Fn fn)
{
	for (std::uint64_t i = 0; i < run.pages.count(); ++i)
		fn(run.first + i);
}

std::uint64_t va_of(Pfn pfn, Slot slot)
{
	return judge::va_of(unsigned(pfn.raw()), slot);
}

CpuAddr address_of(Pfn pfn, Slot slot)
{
	return CpuAddr(va_of(pfn, slot) << kPageShift);
}

Slot slot_of(CpuAddr addr)
{
	return Slot((addr.raw() >> kPageShift) % judge::kSlots);
}

Attr to_attr(Linear linear)
{
	switch (linear) {
	case Linear::cached:
		return Attr::cached;
	case Linear::uncached:
		return Attr::uncached;
	default:
		return Attr::none;
	}
}

} // namespace

bool Board::fails()
{
	if (chosen_ == failures_.size())
		failures_.push_back(false);
	const bool fail = failures_[chosen_++];

	note({.op = fail ? Op::fails : Op::succeeds});
	return fail;
}

void Board::mark(Op op, FrameRun run)
{
	each_frame(run, [&](Pfn pfn) { note({.op = op, .pfn = pfn.raw()}); });
}

void Board::each_line(FrameRun run, unsigned lines, Event event)
{
	const Slot slot = Slot(event.va);

	each_frame(run, [&](Pfn pfn) {
		event.pfn = pfn.raw();
		event.va = va_of(pfn, slot);
		for (event.line = 0; event.line < lines; ++event.line)
			note(event);
	});
}

/* Supply */

BoardFacts Board::facts() noexcept
{
	return {bounds_.highmem ? CmaPlacement::highmem : CmaPlacement::none};
}

Result<FrameRun> Board::take(Pages pages)
{
	if (fails())
		return fail(Errno::nomem);
	const FrameRun run{Pfn(0), pages};

	mark(Op::take, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].taken = true; });
	return run;
}

Result<FrameRun> Board::take_cma(Pages pages) noexcept
{
	return take(pages);
}

Result<FrameRun> Board::take_pages(Pages pages, Reach) noexcept
{
	return take(pages);
}

void Board::give_cma(FrameRun run) noexcept
{
	mark(Op::give, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].taken = false; });
}

void Board::give_pages(FrameRun run) noexcept
{
	give_cma(run);
}

void Board::quarantine(FrameRun run) noexcept
{
	mark(Op::quarantine, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()] = {}; });
	quarantined_ = true;
}

Result<BusAddr> Board::bus_address(void *, FrameRun run) noexcept
{
	if (fails())
		return fail(Errno::io);
	return BusAddr(to_phys(run.first).raw());
}

bool Board::as_before() const
{
	return memory_ == decltype(memory_){};
}

/* Translations */

void Board::edit(Slot slot, Pfn pfn, Attr attr)
{
	note({.op = Op::set_pte, .attr = attr, .va = va_of(pfn, slot), .pfn = pfn.raw()});
}

void Board::purge(Slot slot, FrameRun run, Around around)
{
	const auto on = [&](std::uint8_t cpu) {
		each_frame(run, [&](Pfn pfn) {
			note({.op = Op::purge, .cpu = cpu, .va = va_of(pfn, slot),
			      .pfn = pfn.raw()});
		});
	};

	if (!profile_.purge_drains && around != Around::no_barrier_before)
		barrier();
	if (profile_.purging == judge::Purging::broadcast)
		on(judge::kAllCpus);
	else
		for (std::uint8_t cpu = 0; cpu < judge::kCpus; ++cpu)
			on(cpu);
	if (profile_.purge_held && around != Around::no_barrier_behind)
		barrier();
}

void Board::drop_lazy_aliases(FrameRun run) noexcept
{
	each_frame(run, [&](Pfn pfn) { edit(Slot::lazy, pfn, Attr::none); });
	purge(Slot::lazy, run);
	if (profile_.flush_after_lazy)
		note({.op = Op::flush_all});
}

Linear Board::linear(Pfn pfn) noexcept
{
	return bounds_.highmem ? Linear::none : memory_[pfn.raw()].linear;
}

Result<void> Board::set_linear(Pfn pfn, Linear linear) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	if (bounds_.highmem || linear == Linear::none)
		return fail(Errno::nodev);
	edit(Slot::linear, pfn, to_attr(linear));
	memory_[pfn.raw()].linear = linear;
	return {};
}

void Board::purge_linear(FrameRun run) noexcept
{
	if (!bounds_.highmem)
		purge(Slot::linear, run);
}

Result<void> Board::claim(FrameRun run, Attribute) noexcept
{
	if (fails())
		return fail(Errno::busy);
	mark(Op::claim, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].claimed = true; });
	return {};
}

void Board::release(FrameRun run) noexcept
{
	mark(Op::release, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].claimed = false; });
}

Result<CpuAddr> Board::map(FrameRun run, Attribute attribute) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	each_frame(run, [&](Pfn pfn) {
		edit(Slot::region, pfn,
		     attribute == Attribute::cached ? Attr::cached : Attr::uncached);
		memory_[pfn.raw()].mapped = true;
	});
	if (!profile_.purge_drains)
		barrier();   // or the first use of the address may fault
	return address_of(run.first, Slot::region);
}

void Board::unmap(CpuAddr, FrameRun run) noexcept
{
	unmap_lazily(run);
	purge(Slot::region, run);
}

void Board::unmap_lazily(FrameRun run)
{
	each_frame(run, [&](Pfn pfn) {
		edit(Slot::region, pfn, Attr::none);
		memory_[pfn.raw()].mapped = false;
	});
}

CpuAddr Board::linear_address(Pfn pfn) noexcept
{
	return address_of(pfn, Slot::linear);
}

/* Memory without struct page has no flip: nothing here for a judge. */

Result<CpuAddr> Board::map_device(FrameRun run, Attribute) noexcept
{
	return address_of(run.first, Slot::region);
}

void Board::unmap_device(CpuAddr, FrameRun) noexcept
{
}

bool Board::is_kernel_memory(FrameRun) noexcept
{
	return true;
}

/* Directory */

Result<void> Board::publish(FrameRun run, void *) noexcept
{
	if (fails())
		return fail(Errno::nomem);
	mark(Op::publish, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].published = true; });
	return {};
}

void Board::withdraw(FrameRun run) noexcept
{
	mark(Op::withdraw, run);
	each_frame(run, [&](Pfn pfn) { memory_[pfn.raw()].published = false; });
}

/* Bytes */

void Board::flush(FrameRun run, CpuAddr) noexcept
{
	switch (profile_.flushing) {
	case judge::Flushing::by_region:
		flush_by(Op::flush, Slot::region, run, bounds_.lines);
		break;
	case judge::Flushing::by_alias:
		/* Congruent with the address that the owner of the frame had used. */
		each_line(run, bounds_.lines,
			  {.op = Op::flush_alias,
			   .va = std::uint64_t(bounds_.highmem ? Slot::lazy : Slot::linear)});
		break;
	case judge::Flushing::whole:
		for (std::uint8_t cpu = 0; cpu < judge::kCpus; ++cpu)
			note({.op = Op::flush_all, .cpu = cpu});
		break;
	}
}

void Board::flush_by(Op op, Slot slot, FrameRun run, unsigned lines)
{
	each_line(run, lines, {.op = op, .va = std::uint64_t(slot)});
	if (!profile_.outer)
		return;
	barrier();   // what the inner caches had is in the outer one
	each_line(run, lines, {.op = Op::flush_outer});
}

void Board::barrier() noexcept
{
	note({.op = Op::barrier});
}

void Board::zero(CpuAddr addr, Pages pages) noexcept
{
	zero_lines(slot_of(addr), {Pfn(0), pages}, bounds_.lines);
}

void Board::zero_lines(Slot slot, FrameRun run, unsigned lines)
{
	each_line(run, lines, {.op = Op::store, .value = Value::zero, .va = std::uint64_t(slot)});
}

void Board::purge_on_this_cpu(Slot slot, FrameRun run)
{
	each_frame(run, [&](Pfn pfn) {
		note({.op = Op::purge, .va = va_of(pfn, slot), .pfn = pfn.raw()});
	});
}

/* The CPUs have the first line of a frame, the device has the last. */
void Board::use(FrameRun run, CpuAddr addr)
{
	mark(Op::start, run);
	if (bounds_.lines > 1)
		write_first(run, addr);
	barrier();
	each_line(run, bounds_.lines, {.op = Op::load, .va = std::uint64_t(slot_of(addr))});
}

/* A driver may write once more, without a word, before it frees. */
void Board::quiet(FrameRun run, CpuAddr addr)
{
	mark(Op::quiet, run);
	write_first(run, addr);
}

void Board::write_first(FrameRun run, CpuAddr addr)
{
	each_line(run, 1, {.op = Op::store, .value = Value::fresh,
			   .va = std::uint64_t(slot_of(addr))});
}

} // namespace dmamap::prove
