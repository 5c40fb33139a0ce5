// SPDX-License-Identifier: GPL-2.0
/*
 * What the machine may do by itself between two events, and the rules that the
 * sets break once it has.
 *
 * spread() closes the sets: TLBs first, because a line comes in through a TLB
 * entry, then each line until it is stable. That ends, because sets only grow and
 * are finite.
 *
 * After that there may be an old translation in a TLB beside a new PTE, copies of
 * one line in several caches, and a held store beside write-backs of the same
 * line. What must not be beside what:
 * - a cacheable translation and a non-cacheable one of a region (I1);
 * - a coherent or idle frame and a cacheable translation (I1) or a cached line
 *   (I2), unless the device snoops;
 * - a running device and a write-back, or a store of zeroes, that has yet to
 *   arrive and may overwrite what the device writes (I4), unless it snoops.
 * judge_line() adds what the values break that an observer may read, and
 * judge_gift() what the next owner of a frame may find.
 */
#include "kunit/judge/oracle.h"

namespace dmamap::judge {

/* Loads every PTE that a walker may see. Where code fills the TLB, it does so
   only for an address in use: by the owner of cached memory, or by the users of
   a region. */
void Oracle::load_tlbs()
{
	for (auto &[va, a] : addresses_) {
		if (!p_.walker && a.owners && frame(a.now.pfn).owner.phase != Phase::cached)
			continue;
		for (auto &tlb : a.tlbs) {
			tlb.insert(a.before.begin(), a.before.end());
			tlb.insert(a.now);
		}
	}
}

/* The caches that speculation may fill with lines of the frame: those of a CPU
   with a cacheable TLB entry. */
std::set<unsigned> Oracle::loadable(const Frame &of, std::uint64_t pfn) const
{
	std::set<unsigned> caches;

	for (std::uint64_t va : of.addresses)
		for (unsigned cpu = 0; cpu < machine_.cpus; ++cpu)
			if (addresses_.at(va).tlbs[cpu].contains({pfn, Attr::cached}))
				caches.insert(cache_of(cpu, va));
	return caches;
}

void Oracle::spread_line(const Frame &of, Line &line, const std::set<unsigned> &loadable) const
{
	Values &behind = p_.outer ? line.outer.dirty : line.memory;

	behind |= line.held_write_back;
	for (auto &[cache, copy] : line.caches) {
		behind |= copy.dirty;
		copy.clean |= copy.dirty;
	}
	line.memory |= line.held_store;
	line.memory |= line.held_outer;
	line.memory |= line.outer.dirty;
	line.outer.clean |= line.outer.dirty;
	if (of.owner.running) {
		const Value value = of.owner.phase == Phase::coherent ? Value::fresh : Value::old;

		line.memory |= value;
		line.latest |= value;
	}
	if (!p_.speculates)
		return;
	for (unsigned cache : loadable) {
		Line::Copy &copy = line.caches[cache];

		copy.clean |= line.below();
		if (p_.outer)
			line.outer.clean |= line.below();
		if (of.owner.phase == Phase::cached)
			copy.dirty |= Value::old;
	}
}

void Oracle::spread()
{
	load_tlbs();
	for (auto &[pfn, frame] : frames_) {
		const std::set<unsigned> caches = loadable(frame, pfn);

		for (Line &line : frame.lines)
			for (bool stable = false; !stable;) {
				const Line before = line;

				spread_line(frame, line, caches);
				stable = before == line;
			}
	}
}

bool Oracle::may_reach(std::uint64_t va, const Target &target) const
{
	const Address &a = addresses_.at(va);

	if (a.now == target || a.before.contains(target))
		return true;
	for (const auto &tlb : a.tlbs)
		if (tlb.contains(target))
			return true;
	return false;
}

Rules Oracle::judge_line(const Frame &of, const Line &line) const
{
	const Values moving = line.on_its_way();
	Values cpu = line.held_store.none() ? line.memory : line.held_store;
	Rules broken;

	if (!line.held_store.none())
		cpu |= moving;   // may arrive after the store, and replace it
	/* A fresh write of a CPU may still be on its way to the device. No other
	   value may be. */
	const bool own = line.held_store == Value::fresh;
	Values device = of.owner.running && !own ? line.memory : Values();

	if (p_.device_snoops)
		cpu = device = line.latest;
	else if (line.in_a_cache())
		broken |= Rule::line;
	if (of.owner.phase == Phase::idle)
		return broken;   // values of an idle frame have no observer
	if (cpu.has(Value::old) || device.has(Value::old))
		broken |= line.written ? Rule::lost_write : Rule::secret;
	if (line.written && line.held_store.none() &&
	    (cpu.has(Value::zero) || device.has(Value::zero)))
		broken |= Rule::lost_write;
	if (of.owner.running && !p_.device_snoops &&
	    (!moving.none() || line.held_store.has(Value::zero)))
		broken |= Rule::lost_write;
	return broken;
}

Rules Oracle::judge(const Frame &of, std::uint64_t pfn) const
{
	bool cacheable = false;
	bool uncached_region = false;
	Rules broken;

	for (std::uint64_t va : of.addresses) {
		cacheable |= may_reach(va, {pfn, Attr::cached});
		uncached_region |= !addresses_.at(va).owners &&
				   may_reach(va, {pfn, Attr::uncached});
	}
	if (cacheable && (uncached_region ||
			  (of.owner.flipped() && !p_.device_snoops)))
		broken |= Rule::alias;
	if (of.owner.phase == Phase::cached && of.owner.running)
		broken |= Rule::reused;
	if (of.owner.flipped())
		for (const Line &line : of.lines)
			broken |= judge_line(of, line);
	return broken;
}

Rules Oracle::judge_gift(const Frame &of, std::uint64_t pfn) const
{
	Rules broken;

	for (std::uint64_t va : of.addresses) {
		const Address &a = addresses_.at(va);

		if (may_reach(va, {pfn, Attr::uncached}) ||
		    (!a.owners && may_reach(va, {pfn, Attr::cached})))
			broken |= Rule::reused;
		if (a.permanent && a.now != Target{pfn, Attr::cached})
			broken |= Rule::not_undone;
	}
	for (const Line &line : of.lines) {
		Values seen = line.below();

		if (!line.held_store.none())
			broken |= Rule::stale_read;
		if (of.owner.phase != Phase::withdrawn)
			continue;
		for (const auto &[cache, copy] : line.caches) {
			seen |= copy.clean;
			seen |= copy.dirty;
		}
		if (p_.device_snoops)
			seen = line.latest;
		if (seen.has(Value::old) || (line.written && seen.has(Value::zero)))
			broken |= Rule::stale_read;
	}
	return broken;
}

} // namespace dmamap::judge
