// SPDX-License-Identifier: GPL-2.0
/*
 * The steps: what the program makes the machine do, and the rules that a step or
 * the state after it breaks.
 *
 * A step is executed exactly, on the CPU that runs the task, and what it starts
 * is held where the profile holds it. The rules of single steps are looked at
 * here (edits, flushes, stores, release, give, quarantine). judge() looks at what
 * each observer would read in a state as it stands; the search calls it for
 * every state that it reaches.
 */
#include "kunit/judge/hardware.h"

#include <span>

namespace dmamap::judge {
namespace {

constexpr Slot slot_of(std::uint64_t va) noexcept
{
	return Slot(va % kSlots);
}

constexpr unsigned frame_of(std::uint64_t va) noexcept
{
	return unsigned(va / kSlots) % kFrames;
}

/* A hand-over: what was written is a secret of the last owner from now on. */
constexpr void disown(std::span<Line> lines) noexcept
{
	for (Line &line : lines) {
		line.outdate();
		line.written = 0;
	}
}

constexpr bool is(unsigned content, Value value) noexcept
{
	return content == unsigned(value);
}

} // namespace

/* Code that uses an address brings its translation into the TLB. */
void Hardware::touch(State &s, unsigned cpu, unsigned frame, Slot slot) const noexcept
{
	Tlb &tlb = s.tlbs[cpu][frame];

	if (!tlb.any(slot) && s.entries[frame].visible(slot) != Attr::none)
		tlb.load(slot, s.entries[frame].visible(slot));
}

/* Whether the task has a translation for @e. A TLB entry alone breaks
   Rule::bad_flush: it may be gone the next moment, so only a PTE counts. */
bool Hardware::translated(State &s, const Event &e, Rules &broken) const noexcept
{
	const unsigned frame = frame_of(e.va);
	const Slot slot = slot_of(e.va);

	if (s.entries[frame].visible(slot) == Attr::none)
		broken |= Rule::bad_flush;
	touch(s, s.self, frame, slot);
	return s.tlbs[s.self][frame].any(slot);
}

void Hardware::purge(State &s, const Event &e, const Ownership &owner,
		     Rules &broken) const noexcept
{
	const unsigned frame = frame_of(e.va);
	const Slot slot = slot_of(e.va);

	if (p_.purge_drains)
		for (Entries &entries : s.entries)
			for (Slot each : {Slot::linear, Slot::lazy, Slot::region})
				entries.settle(each);
	if (owner.irqs_off && p_.purging == Purging::by_ipi && e.cpu != kSelf && e.cpu != s.self)
		broken |= Rule::stuck;
	for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
		const bool meant = e.cpu == kAllCpus || e.cpu == cpu ||
				   (e.cpu == kSelf && cpu == s.self);

		if (!meant || !is_online(s, cpu))
			continue;
		if (p_.purge_held)
			s.tlbs[cpu][frame].purging |= 1u << unsigned(slot) & 7;
		else
			s.tlbs[cpu][frame].forget(slot);
	}
}

void Hardware::work_on(Line &line, unsigned cache, Op op) const noexcept
{
	const unsigned content = line.cache(cache);

	if (content & Line::kDirty && op != Op::invalidate) {
		if (p_.flush_held)
			line.held_write_back = content & 3;
		else if (p_.outer)
			line.outer = content;
		else
			line.memory = content & 3;
	}
	line.set_cache(cache, op == Op::clean ? content & 3 : Line::kAbsent);
}

void Hardware::flush_all(State &s, unsigned cpu) const noexcept
{
	const unsigned colours = p_.coloured ? 2 : 1;
	const unsigned first = p_.cpus_snoop ? 0 : cpu * colours;

	for (unsigned f = 0; f < bounds_.frames; ++f)
		for (Line &line : s.lines[f])
			for (unsigned i = first; i < first + colours; ++i)
				work_on(line, i, Op::flush);
}

void Hardware::maintain(State &s, const Event &e, Rules &broken) const noexcept
{
	const Slot slot = slot_of(e.va);

	switch (e.op) {
	case Op::flush:
	case Op::clean:
	case Op::invalidate: {
		/* The cache is searched by virtual address: through an alias that is
		   not congruent, the line is not found. */
		if (cache_of(s.self, slot) != cache_of(s.self, home()))
			broken |= Rule::bad_flush;
		if (translated(s, e, broken))
			work_on(s.lines[frame_of(e.va)][e.line], cache_of(s.self, slot), e.op);
		return;
	}
	case Op::flush_alias:
		work_on(s.lines[e.pfn % kFrames][e.line], cache_of(s.self, home()), Op::flush);
		return;
	case Op::flush_outer: {
		Line &line = s.lines[e.pfn % kFrames][e.line];

		if (line.outer & Line::kDirty)
			line.held_outer = line.outer & 3;
		line.outer = Line::kAbsent;
		return;
	}
	case Op::flush_all:
		if (e.cpu == kSelf || is_online(s, e.cpu))
			flush_all(s, e.cpu == kSelf ? s.self : e.cpu);
		return;
	default:
		return;
	}
}

void Hardware::store(State &s, const Event &e, const Ownership &owner,
		     Rules &broken) const noexcept
{
	const unsigned frame = frame_of(e.va);
	const Slot slot = slot_of(e.va);
	Line &line = s.lines[frame][e.line];

	if (!translated(s, e, broken))
		return;   // the store faults
	if (e.value == Value::fresh || owner.of[frame].phase == Phase::idle) {
		line.outdate();
		line.written = e.value == Value::fresh;
	}
	if (s.tlbs[s.self][frame].cacheable(slot))
		line.set_cache(cache_of(s.self, slot), unsigned(e.value) | Line::kDirty);
	else if (p_.store_held)
		line.held_store = unsigned(e.value);
	else
		line.memory = unsigned(e.value);
}

bool Hardware::step(State &s, const Event &e, const Ownership &owner,
		    Rules &broken) const noexcept
{
	const unsigned by_va = frame_of(e.va);
	const unsigned by_pfn = unsigned(e.pfn) % kFrames;

	switch (e.op) {
	case Op::set_pte:
		if (!owner.of[by_va].in_layer() || by_va != by_pfn)
			broken |= Rule::neighbour;
		/* The next mapping of a frame that is not claimed is cacheable, where the
		   kernel records attributes. */
		if (slot_of(e.va) == Slot::region && e.attr != Attr::none &&
		    !owner.of[by_va].claimed)
			broken |= Rule::alias;
		s.entries[by_va].write(slot_of(e.va), e.attr, p_.pte_held);
		break;
	case Op::purge:
		purge(s, e, owner, broken);
		break;
	case Op::barrier:
		return quiescent(s);
	case Op::store:
		if (!owner.of[by_va].in_layer())
			broken |= Rule::neighbour;
		store(s, e, owner, broken);
		break;
	case Op::load:
		(void)translated(s, e, broken);
		break;
	case Op::take:
		disown(s.lines[by_pfn]);
		break;
	case Op::publish:
		if (owner.of[by_pfn].phase == Phase::idle)
			disown(s.lines[by_pfn]);
		break;
	case Op::give:
		broken |= judge_gift(s, by_pfn, owner.of[by_pfn]);
		/* The values mean nothing to the next owner. */
		for (Line &line : s.lines[by_pfn])
			line.forget_values();
		break;
	case Op::release:
		/* The next mapping of the frame would not know of the attribute. */
		if (s.entries[by_pfn].visible(Slot::region) != Attr::none)
			broken |= Rule::alias;
		break;
	case Op::quarantine:
		if (s.entries[by_pfn].visible(Slot::region) != Attr::none)
			broken |= Rule::reused;
		break;
	default:
		maintain(s, e, broken);
	}
	return true;
}

/* Properties of a state */

Value Hardware::seen_by_owner(const Line &line, unsigned cpu) const noexcept
{
	const unsigned content = line.cache(cache_of(cpu, home()));

	return Value(content ? content & 3 : line.below());
}

Value Hardware::seen_by_device(const Line &line) const noexcept
{
	if (!p_.device_snoops)
		return Value(line.memory);
	for (unsigned i = 0; i < caches(); ++i)
		if (line.cache(i) & Line::kDirty)
			return Value(line.cache(i) & 3);
	return Value(line.below());
}

bool Hardware::cacheable(const State &s, unsigned frame) const noexcept
{
	for (Slot slot : {Slot::linear, Slot::lazy, Slot::region}) {
		if (s.entries[frame].has(slot, Attr::cached))
			return true;
		for (unsigned cpu = 0; cpu < kCpus; ++cpu)
			if (is_online(s, cpu) && s.tlbs[cpu][frame].cacheable(slot))
				return true;
	}
	return false;
}

/* An old value is a secret of the last user where the owner has not written yet,
   and stands for a lost write where it has. */
static Rules judge_value(Value seen, bool written) noexcept
{
	if (seen == Value::old)
		return written ? Rule::lost_write : Rule::secret;
	return written && seen != Value::fresh ? Rules(Rule::lost_write) : Rules();
}

Rules Hardware::judge_coherent(const State &s, unsigned frame, const Owner &owner) const noexcept
{
	Rules broken;

	if (!p_.device_snoops && cacheable(s, frame))
		broken |= Rule::alias;
	for (unsigned i = 0; i < bounds_.lines; ++i) {
		const Line &line = s.lines[frame][i];

		if (!p_.device_snoops && (line.caches || line.outer))
			broken |= Rule::line;
		if (owner.phase == Phase::idle)
			continue;   // values of an idle frame have no observer
		const Value cpu = p_.device_snoops ? seen_by_owner(line, s.self) :
				  Value(line.held_store ? line.held_store : line.memory);

		broken |= judge_value(cpu, line.written);
		/* A fresh write of a CPU may still be on its way to the device. */
		if (owner.running && !(is(line.held_store, Value::fresh)))
			broken |= judge_value(seen_by_device(line), line.written);
	}
	return broken;
}

Rules Hardware::judge_gift(const State &s, unsigned frame, const Owner &before) const noexcept
{
	const Attr linear = bounds_.highmem ? Attr::none : Attr::cached;
	const Entries &entries = s.entries[frame];
	Rules broken;

	if (entries.visible(Slot::linear) != linear)
		broken |= Rule::not_undone;
	if (entries.visible(Slot::region) != Attr::none ||
	    entries.old(Slot::region) != Attr::none)
		broken |= Rule::reused;
	for (unsigned cpu = 0; cpu < kCpus; ++cpu)
		if (is_online(s, cpu) && (s.tlbs[cpu][frame].any(Slot::region) ||
					  s.tlbs[cpu][frame].linear_uncached))
			broken |= Rule::reused;
	for (unsigned i = 0; i < bounds_.lines; ++i) {
		const Line &line = s.lines[frame][i];

		if (line.held_store)
			broken |= Rule::stale_read;
		if (before.phase != Phase::withdrawn)
			continue;
		for (unsigned cpu = 0; cpu < kCpus; ++cpu)
			if (is_online(s, cpu) && owner_runs_on(frame, cpu) &&
			    seen_by_owner(line, cpu) != (line.written ? Value::fresh : Value::zero))
				broken |= Rule::stale_read;
	}
	return broken;
}

Rules Hardware::judge(const State &s, const Ownership &owner) const noexcept
{
	Rules broken;

	for (unsigned f = 0; f < bounds_.frames; ++f) {
		const Owner &of = owner.of[f];
		bool uncached = s.entries[f].has(Slot::region, Attr::uncached);

		for (unsigned cpu = 0; cpu < kCpus; ++cpu)
			uncached |= is_online(s, cpu) && s.tlbs[cpu][f].region_uncached;
		if (uncached && cacheable(s, f))
			broken |= Rule::alias;
		if (of.flipped())
			broken |= judge_coherent(s, f, of);
		if (of.phase != Phase::cached)
			continue;
		if (of.running)
			broken |= Rule::reused;
		for (unsigned i = 0; i < bounds_.lines; ++i)
			for (unsigned cpu = 0; cpu < kCpus; ++cpu)
				if (s.lines[f][i].written && owner_runs_on(f, cpu) &&
				    seen_by_owner(s.lines[f][i], cpu) != Value::fresh)
					broken |= Rule::neighbour;
	}
	return broken;
}

} // namespace dmamap::judge
