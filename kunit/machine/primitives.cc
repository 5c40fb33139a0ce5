// SPDX-License-Identifier: GPL-2.0
#include "kunit/machine/primitives.h"

namespace dmamap::sim {

using judge::Attr;
using judge::Event;
using judge::Op;

Attr to_attr(Linear linear) noexcept
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

void Primitives::each_line(std::span<const Page> pages, unsigned lines, Event event) const
{
	for (const Page &page : pages) {
		event.va = page.va;
		event.pfn = page.pfn;
		for (event.line = 0; event.line < lines; ++event.line)
			note_(event);
	}
}

void Primitives::edit(Page page, Attr attr) const
{
	note_({.op = Op::set_pte, .attr = attr, .va = page.va, .pfn = page.pfn});
}

void Primitives::purge(std::span<const Page> pages, Around around) const
{
	const auto on = [&](std::uint8_t cpu) {
		for (const Page &page : pages)
			note_({.op = Op::purge, .cpu = cpu, .va = page.va, .pfn = page.pfn});
	};

	if (!profile_.purge_drains && around != Around::no_barrier_before)
		barrier();
	if (profile_.purging == judge::Purging::broadcast)
		on(judge::kAllCpus);
	else
		for (unsigned cpu = 0; cpu < size_.cpus; ++cpu)
			on(std::uint8_t(cpu));
	if (profile_.purge_held && around != Around::no_barrier_behind)
		barrier();
}

void Primitives::drop_lazy(std::span<const Page> pages) const
{
	for (const Page &page : pages)
		edit(page, Attr::none);
	purge(pages);
	if (profile_.flush_after_lazy)
		note_({.op = Op::flush_all});
}

void Primitives::map(std::span<const Page> pages, Attr attr) const
{
	for (const Page &page : pages)
		edit(page, attr);
	if (!profile_.purge_drains)
		barrier();   // without it the first use of the address may fault
}

void Primitives::unmap(std::span<const Page> pages) const
{
	for (const Page &page : pages)
		edit(page, Attr::none);
	purge(pages);
}

void Primitives::flush(std::span<const Page> region, std::span<const Page> home) const
{
	switch (profile_.flushing) {
	case judge::Flushing::by_region:
		flush_by(Op::flush, region, size_.lines);
		break;
	case judge::Flushing::by_alias:
		/*
		 * The alias is congruent with the address that the owner of the frame
		 * had used. For a large batch all of the cache is flushed instead, which
		 * does at least this (arch/<m>/machine.c, cases.cc).
		 */
		each_line(home, size_.lines, {.op = Op::flush_alias});
		break;
	case judge::Flushing::whole:
		for (unsigned cpu = 0; cpu < size_.cpus; ++cpu)
			note_({.op = Op::flush_all, .cpu = std::uint8_t(cpu)});
		break;
	}
}

void Primitives::flush_by(Op op, std::span<const Page> pages, unsigned lines) const
{
	each_line(pages, lines, {.op = op});
	if (!profile_.outer)
		return;
	barrier();   // lines flushed from the inner caches are in the outer one now
	each_line(pages, lines, {.op = Op::flush_outer});
}

void Primitives::store(std::span<const Page> pages, judge::Value value, unsigned lines) const
{
	each_line(pages, lines, {.op = Op::store, .value = value});
}

void Primitives::load(std::span<const Page> pages) const
{
	each_line(pages, size_.lines, {.op = Op::load});
}

void Primitives::barrier() const
{
	note_({.op = Op::barrier});
}

} // namespace dmamap::sim
