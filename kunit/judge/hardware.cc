// SPDX-License-Identifier: GPL-2.0
/*
 * The moves: what the machine does by itself.
 *
 * Each function tries one move in a state; false means that the move is not
 * possible there, or would change nothing. A move is one indivisible change: the
 * search tries all orders of them.
 *
 * The ways of a value, from the CPU down:
 *
 *	cached store ---> cache ---> outer cache ---> memory       evicted
 *	                  cache - held_write_back -> outer cache   flushed
 *	                           outer cache - held_outer -> memory
 *	uncached store - held_store ----------------> memory
 *
 * Without an outer cache, memory is next. A fill takes the newest value that is
 * behind the caches (Line::below()); a held store is not among them. A device that
 * does not snoop reads and writes memory, and nothing else. A write of one that
 * snoops replaces every copy but a held store.
 *
 * A purge, a PTE edit, a flush and an uncached store are held only if the profile
 * says so. Each then arrives by a move, at any time; a barrier waits for all.
 */
#include "kunit/judge/hardware.h"

#include <iterator>

namespace dmamap::judge {

bool Tlb::cacheable(Slot slot) const noexcept
{
	switch (slot) {
	case Slot::linear:
		return linear_cached;
	case Slot::lazy:
		return lazy_cached;
	case Slot::region:
		break;
	}
	return region_cached;
}

bool Tlb::any(Slot slot) const noexcept
{
	return cacheable(slot) || (slot == Slot::linear && linear_uncached) ||
	       (slot == Slot::region && region_uncached);
}

void Tlb::load(Slot slot, Attr attr) noexcept
{
	const bool cached = attr == Attr::cached;

	switch (slot) {
	case Slot::linear:
		linear_cached |= cached;
		linear_uncached |= !cached;
		return;
	case Slot::lazy:
		lazy_cached = 1;
		return;
	case Slot::region:
		region_cached |= cached;
		region_uncached |= !cached;
	}
}

void Tlb::forget(Slot slot) noexcept
{
	if (slot == Slot::linear)
		linear_cached = linear_uncached = 0;
	else if (slot == Slot::region)
		region_cached = region_uncached = 0;
	else
		lazy_cached = 0;
}

void Entries::write(Slot slot, Attr attr, bool held) noexcept
{
	now = std::uint16_t((now & ~(3u << at(slot))) | unsigned(attr) << at(slot)) & 0x3f;
	if (!held)
		settle(slot);
}

void Entries::settle(Slot slot) noexcept
{
	const unsigned mask = 3u << at(slot);

	before = std::uint16_t((before & ~mask) | (now & mask)) & 0x3f;
}

unsigned Line::below() const noexcept
{
	if (held_write_back)
		return held_write_back;
	if (outer)
		return outer & 3;
	return held_outer ? held_outer : memory;
}

template <class Fn>
void Line::each_copy(Fn fn) noexcept
{
	memory = fn(memory) & 3;
	held_store = fn(held_store) & 3;
	held_write_back = fn(held_write_back) & 3;
	held_outer = fn(held_outer) & 3;
	outer = (outer & kDirty) | (fn(outer & 3) & 3);
	for (unsigned i = 0; i < 4; ++i)
		set_cache(i, (cache(i) & kDirty) | fn(cache(i) & 3));
}

void Line::outdate() noexcept
{
	each_copy([](unsigned value) {
		return value == unsigned(Value::fresh) ? unsigned(Value::old) : value;
	});
}

void Line::forget_values() noexcept
{
	each_copy([](unsigned value) { return value ? unsigned(Value::old) : 0; });
	written = 0;
}

State Hardware::initial() const noexcept
{
	State s;

	for (unsigned f = 0; f < bounds_.frames; ++f)
		s.entries[f].write(home(), Attr::cached, false);
	return s;
}

bool Hardware::quiescent(const State &s) const noexcept
{
	for (unsigned f = 0; f < bounds_.frames; ++f) {
		if (s.entries[f].now != s.entries[f].before)
			return false;
		for (unsigned cpu = 0; cpu < kCpus; ++cpu)
			if (s.tlbs[cpu][f].purging)
				return false;
		for (const Line &line : s.lines[f])
			if (line.held_store || line.held_write_back || line.held_outer)
				return false;
	}
	return true;
}

bool Hardware::walk(State &s, const Move &m, const Ownership &owner) const noexcept
{
	const Entries &entries = s.entries[m.frame];
	const Attr attr = m.which ? entries.old(m.slot) : entries.visible(m.slot);
	Tlb &tlb = s.tlbs[m.cpu][m.frame];
	const Tlb was = tlb;

	if (attr == Attr::none || !is_online(s, m.cpu))
		return false;
	/* Code that fills the TLB does so for an address in use only. */
	if (!p_.walker && m.slot != Slot::region && bounds_.guarantee &&
	    owner.of[m.frame].phase != Phase::cached)
		return false;
	tlb.load(m.slot, attr);
	return std::memcmp(&tlb, &was, sizeof(tlb)) != 0;
}

void Hardware::fill_frame(State &s, std::uint8_t f, const Ownership &owner) const noexcept
{
	using Kind = Move::Kind;
	const Entries &entries = s.entries[f];

	for (Slot slot : {Slot::linear, Slot::lazy, Slot::region})
		for (std::uint8_t cpu = 0; cpu < kCpus; ++cpu) {
			if (entries.visible(slot) != Attr::none)
				(void)walk(s, {Kind::walk, cpu, f, 0, slot, 0}, owner);
			if (entries.old(slot) != Attr::none)
				(void)walk(s, {Kind::walk, cpu, f, 0, slot, 1}, owner);
			if (!s.tlbs[cpu][f].cacheable(slot))
				continue;
			for (std::uint8_t line = 0; line < bounds_.lines; ++line)
				(void)prefetch(s, {Kind::prefetch, cpu, f, line, slot}, owner);
		}
}

void Hardware::fill(State &s, const Ownership &owner, const Move &after) const noexcept
{
	using Kind = Move::Kind;

	if (!bounds_.eager)
		return;
	switch (after.kind) {
	case Kind::program:
	case Kind::online:
		for (std::uint8_t f = 0; f < bounds_.frames; ++f)
			fill_frame(s, f, owner);
		return;
	case Kind::write_back:
	case Kind::arrive_store:
	case Kind::arrive_flush:
	case Kind::arrive_outer:
	case Kind::owner_store:
	case Kind::offline:
	case Kind::migrate:
		return;   // no line has become absent, and no translation is new
	default:
		fill_frame(s, after.frame, owner);
	}
}

bool Hardware::prefetch(State &s, const Move &m, const Ownership &owner) const noexcept
{
	Line &line = s.lines[m.frame][m.line];
	const unsigned cache = cache_of(m.cpu, m.slot);

	if (!p_.speculates || !is_online(s, m.cpu) || line.cache(cache) ||
	    !s.tlbs[m.cpu][m.frame].cacheable(m.slot))
		return false;
	/* A line that no observer reads needs no value. It is old in each cache in
	   which the owner of a cached frame does not look. */
	const bool read = owner.of[m.frame].phase != Phase::cached ||
			  cache == cache_of(p_.cpus_snoop ? 0 : m.frame % kCpus, home());

	line.set_cache(cache, read ? line.below() : unsigned(Value::old));
	if (p_.outer && !line.outer)
		line.outer = line.below();
	return true;
}

bool Hardware::evict(State &s, const Move &m) const noexcept
{
	Line &line = s.lines[m.frame][m.line];
	const bool outer = m.kind == Move::Kind::evict_outer;
	const unsigned content = outer ? line.outer : line.cache(m.cpu);
	const unsigned left = m.kind == Move::Kind::write_back ? content & 3 : Line::kAbsent;

	/* A write-back does not overtake an older one of the same line. */
	if (content == left || (content & Line::kDirty &&
				(outer ? line.held_outer : line.held_write_back)))
		return false;
	if (content & Line::kDirty) {
		if (p_.outer && !outer)
			line.outer = content;
		else
			line.memory = content & 3;
	}
	if (outer)
		line.outer = left;
	else
		line.set_cache(m.cpu, left);
	return true;
}

bool Hardware::arrive(State &s, const Move &m) const noexcept
{
	Line &line = s.lines[m.frame][m.line];
	using Kind = Move::Kind;

	if (m.kind == Kind::arrive_store && line.held_store) {
		line.memory = line.held_store;
		line.held_store = 0;
		return true;
	}
	if (m.kind == Kind::arrive_flush && line.held_write_back) {
		if (p_.outer)
			line.outer = line.held_write_back | Line::kDirty;
		else
			line.memory = line.held_write_back;
		line.held_write_back = 0;
		return true;
	}
	if (m.kind == Kind::arrive_outer && line.held_outer) {
		line.memory = line.held_outer;
		line.held_outer = 0;
		return true;
	}
	return false;
}

bool Hardware::owner_store(State &s, const Move &m, const Ownership &owner) const noexcept
{
	Line &line = s.lines[m.frame][m.line];
	const unsigned cache = cache_of(m.cpu, home());
	constexpr unsigned fresh = unsigned(Value::fresh) | Line::kDirty;

	if (owner.of[m.frame].phase != Phase::cached || !is_online(s, m.cpu) ||
	    !owner_runs_on(m.frame, m.cpu) || !s.tlbs[m.cpu][m.frame].cacheable(home()) ||
	    line.cache(cache) == fresh)
		return false;
	line.outdate();
	line.set_cache(cache, fresh);
	line.written = 1;
	return true;
}

/* The last line of a frame is for the device to write, the others are for CPUs. */
bool Hardware::device_write(State &s, const Move &m, const Ownership &owner) const noexcept
{
	Line &line = s.lines[m.frame][bounds_.lines - 1];
	const Owner &of = owner.of[m.frame];

	if (!of.running || (line.written && of.phase == Phase::coherent))
		return false;
	line.outdate();
	if (p_.device_snoops)
		line.caches = line.outer = line.held_write_back = line.held_outer = 0;
	line.memory = unsigned(of.phase == Phase::coherent ? Value::fresh : Value::old);
	line.written = of.phase == Phase::coherent;
	return true;
}

bool Hardware::stray(const State &s, const Move &m, const Ownership &owner,
		     Rules &broken) const noexcept
{
	/* The linear address of a snooped region is the region's own. */
	if (bounds_.guarantee || p_.device_snoops ||
	    !owner.of[m.frame].flipped() || !is_online(s, m.cpu))
		return false;
	if (!s.tlbs[m.cpu][m.frame].any(Slot::linear) &&
	    s.entries[m.frame].visible(Slot::linear) == Attr::none)
		return false;   // the access traps, as it should
	broken |= Rule::neighbour;
	return true;
}

bool Hardware::hotplug(State &s, const Move &m) const noexcept
{
	if (m.kind == Move::Kind::migrate) {
		/* A context switch ends with a barrier: arch/<m>/facts.h. */
		if (s.online != 3 || !quiescent(s))
			return false;
		s.self ^= 1;
		return true;
	}
	if (m.kind == Move::Kind::online) {
		if (s.online == 3)
			return false;
		s.online = 3;
		if (p_.online_purges)
			s.tlbs[1] = {};
		return true;
	}
	if (s.online != 3 || s.self != 0)
		return false;
	/* The caches of CPU 1 are emptied on the way down, its TLB is not. */
	if (!p_.cpus_snoop)
		flush_all(s, 1);
	s.online = 1;
	return true;
}

bool Hardware::move(State &s, const Move &m, const Ownership &owner,
		    Rules &broken) const noexcept
{
	using Kind = Move::Kind;
	Tlb &tlb = s.tlbs[m.cpu & 1][m.frame];
	Entries &entries = s.entries[m.frame];

	switch (m.kind) {
	case Kind::walk:
		return walk(s, m, owner);
	case Kind::forget:
		if (!tlb.any(m.slot))
			return false;
		tlb.forget(m.slot);
		return true;
	case Kind::prefetch:
		return prefetch(s, m, owner);
	case Kind::write_back:
	case Kind::evict:
	case Kind::evict_outer:
		return evict(s, m);
	case Kind::arrive_store:
	case Kind::arrive_flush:
	case Kind::arrive_outer:
		return arrive(s, m);
	case Kind::see_pte:
		if (entries.visible(m.slot) == entries.old(m.slot))
			return false;
		entries.settle(m.slot);
		return true;
	case Kind::purge:
		if (!(tlb.purging >> unsigned(m.slot) & 1))
			return false;
		tlb.purging &= ~(1u << unsigned(m.slot)) & 7;
		tlb.forget(m.slot);
		return true;
	case Kind::owner_store:
		return owner_store(s, m, owner);
	case Kind::alias_made:
		if (owner.of[m.frame].phase != Phase::cached)
			return false;
		entries.write(Slot::lazy, entries.visible(Slot::lazy) == Attr::none ?
					  Attr::cached : Attr::none, false);
		return true;
	case Kind::device_write:
		return device_write(s, m, owner);
	case Kind::stray:
		return stray(s, m, owner, broken);
	case Kind::offline:
	case Kind::online:
	case Kind::migrate:
		return hotplug(s, m);
	case Kind::program:
		break;
	}
	return false;
}

std::string to_string(const Move &m)
{
	static constexpr const char *kinds[] = {
		"program", "TLB loads", "TLB forgets", "line prefetched", "line written back",
		"line evicted", "line evicted from the outer cache", "held store arrives",
		"flushed line arrives", "flushed line arrives from the outer cache",
		"walkers see the new PTE", "TLB purge done", "owner stores",
		"lazy alias made or dropped", "device write arrives", "stray access",
		"CPU 1 goes offline", "CPU 1 comes online", "task migrates",
	};
	static constexpr const char *slots[] = {"linear", "lazy", "region"};
	std::string text = kinds[std::size_t(m.kind)];

	static_assert(std::size(kinds) == kMoveKinds);
	if (m.kind >= Move::Kind::offline)
		return text;
	text += ": frame " + std::to_string(m.frame) + " line " + std::to_string(m.line) +
		" cpu/cache " + std::to_string(m.cpu) + " " + slots[std::size_t(m.slot)];
	return m.which ? text + " (old PTE)" : text;
}

} // namespace dmamap::judge
