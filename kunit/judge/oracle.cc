// SPDX-License-Identifier: GPL-2.0
/*
 * How each event changes the sets of possible values.
 *
 * A set loses members here, never in spread(), and only by an event that ends a
 * possibility on every schedule:
 * - a purge takes the address out of the TLB of a named CPU, or of all. Where
 *   there is a walker, it may load the old PTE again at once, so those of `before`
 *   stay; but where purges drain, `before` is empty by then.
 * - a barrier makes walkers forget `before`, ends purges that are held, and lets
 *   all that is on its way arrive. A barrier of one CPU does so for what the task
 *   issued on another: in between it has migrated, and a context switch ends
 *   with a barrier.
 * - a flush takes the line out of the cache of a named CPU, or the one cache of
 *   CPUs that snoop. A dirty value moves on: to where it is held, or to what is
 *   behind. So does one that is invalidated: the line may have been evicted a
 *   moment before.
 * - a store replaces what its own place held: the one cache of CPUs that snoop
 *   or that of a named CPU, the held store, or memory.
 * What none of these reaches stays possible. Which CPU is meant by kSelf is not
 * known, so where CPUs differ such an event adds to all and removes from none.
 *
 * Some rules are broken by an event, whatever is in the sets: an edit or a store
 * outside of the layer's frames (I9), a region mapping without a claim (I1), a
 * flush or store without a translation, or a flush in the wrong colour (I6), an
 * IPI with interrupts off (I11), a mark out of turn (I7), work done twice (I10).
 */
#include "kunit/judge/oracle.h"

#include <algorithm>

namespace dmamap::judge {

Values Oracle::Line::below() const noexcept
{
	Values values = memory;

	values |= held_write_back;
	values |= held_outer;
	values |= outer.clean;
	values |= outer.dirty;
	return values;
}

Values Oracle::Line::on_its_way() const noexcept
{
	Values values = held_write_back;

	values |= held_outer;
	values |= outer.dirty;
	for (const auto &[cache, copy] : caches)
		values |= copy.dirty;
	return values;
}

bool Oracle::Line::in_a_cache() const noexcept
{
	return outer != Copy{} ||
	       std::ranges::any_of(caches, [](auto &entry) { return entry.second != Copy{}; });
}

template <class Fn>
void Oracle::Line::each_copy(Fn fn) noexcept
{
	for (Values *values : {&memory, &held_store, &held_write_back, &held_outer, &latest,
			       &outer.clean, &outer.dirty})
		fn(*values);
	for (auto &[cache, copy] : caches) {
		fn(copy.clean);
		fn(copy.dirty);
	}
}

void Oracle::Line::outdate() noexcept
{
	each_copy([](Values &values) { values.outdate(); });
}

void Oracle::Line::forget_values() noexcept
{
	each_copy([](Values &values) {
		if (!values.none())
			values = Value::old;
	});
	written = false;
}

Oracle::Frame &Oracle::frame(std::uint64_t pfn)
{
	Frame &frame = frames_[pfn];

	frame.lines.resize(machine_.lines);
	return frame;
}

Oracle::Address &Oracle::address(std::uint64_t va)
{
	Address &address = addresses_[va];

	address.tlbs.resize(machine_.cpus);
	address.purging.resize(machine_.cpus);
	return address;
}

template <class Fn>
void Oracle::each_cpu(const Event &e, Fn fn) const
{
	for (unsigned cpu = 0; cpu < machine_.cpus; ++cpu)
		if (e.cpu == kSelf || e.cpu == kAllCpus || e.cpu == cpu)
			fn(cpu);
}

template <class Fn>
void Oracle::each_line(Fn fn)
{
	for (auto &[pfn, frame] : frames_)
		for (Line &line : frame.lines)
			fn(line);
}

void Oracle::exists(std::uint64_t va, std::uint64_t pfn, bool permanent)
{
	Address &a = address(va);
	Frame &f = frame(pfn);

	if (f.addresses.empty())
		f.home = va;
	f.addresses.insert(va);
	a.now = {pfn, Attr::cached};
	a.owners = true;
	a.permanent = permanent;
	spread();
}

Oracle::Verdict Oracle::feed(const Event &e)
{
	Verdict verdict;
	std::set<std::uint64_t> guilty;

	waste_.follow(e, verdict.broken);
	apply(e, verdict.broken);
	spread();
	if (!verdict.broken.none())
		guilty.insert(e.pfn);
	for (auto &[pfn, f] : frames_) {
		if (e.op == Op::take && e.pfn == pfn)
			f.history.clear();
		if (f.owner.in_layer() || e.pfn == pfn)
			f.history.push_back(e);
		if (const Rules broken = judge(f, pfn); !broken.none()) {
			verdict.broken |= broken;
			guilty.insert(pfn);
		}
	}
	for (std::uint64_t pfn : guilty)
		verdict.history.insert(verdict.history.end(), frame(pfn).history.begin(),
				       frame(pfn).history.end());
	return verdict;
}

void Oracle::apply(const Event &e, Rules &broken)
{
	switch (e.op) {
	case Op::set_pte:
		return set_pte(e, broken);
	case Op::purge:
		return purge(e, broken);
	case Op::store:
		return store(e, broken);
	case Op::load:
	case Op::flush:
	case Op::clean:
	case Op::invalidate:
	case Op::flush_alias:
	case Op::flush_outer:
		return maintain(e, broken);
	case Op::flush_all:
		return flush_all(e);
	case Op::barrier:
		return barrier();
	case Op::irq_off:
	case Op::irq_on:
		irqs_off_ = e.op == Op::irq_off;
		return;
	case Op::flush_icache:
	case Op::succeeds:
	case Op::fails:
		return;
	default:
		return mark(e, broken);
	}
}

void Oracle::set_pte(const Event &e, Rules &broken)
{
	Address &a = address(e.va);
	Frame &f = frame(e.pfn);
	const Target target{e.pfn, e.attr};

	if (!f.owner.in_layer() || (a.now.attr != Attr::none && a.now.pfn != e.pfn))
		broken |= Rule::neighbour;
	if (!a.owners && e.attr != Attr::none && !f.owner.claimed)
		broken |= Rule::alias;
	f.addresses.insert(e.va);
	if (p_.pte_held && a.now != target)
		a.before.insert(a.now);
	a.now = target;
}

/* A walker that still sees the old PTE may load it again at once. */
void Oracle::forget(Address &a, unsigned cpu) const
{
	a.tlbs[cpu].clear();
	if (p_.walker)
		a.tlbs[cpu] = a.before;
}

void Oracle::purge(const Event &e, Rules &broken)
{
	if (p_.purge_drains)
		for (auto &[va, a] : addresses_)
			a.before.clear();
	if (irqs_off_ && p_.purging == Purging::by_ipi && e.cpu != kSelf)
		broken |= Rule::stuck;
	/* kSelf may be any CPU, so none of them is sure to have been purged. */
	if (e.cpu == kSelf && machine_.cpus > 1)
		return;
	each_cpu(e, [&](unsigned cpu) {
		if (p_.purge_held)
			address(e.va).purging[cpu] = true;
		else
			forget(address(e.va), cpu);
	});
}

void Oracle::barrier()
{
	for (auto &[va, a] : addresses_) {
		for (unsigned cpu = 0; cpu < machine_.cpus; ++cpu)
			if (a.purging[cpu]) {
				forget(a, cpu);
				a.purging[cpu] = false;
			}
		a.before.clear();
	}
	each_line([&](Line &line) {
		/* The held store is in memory by now and has replaced what was there. */
		if (!line.held_store.none())
			line.memory = line.held_store;
		(p_.outer ? line.outer.dirty : line.memory) |= line.held_write_back;
		line.memory |= line.held_outer;
		line.held_store = line.held_write_back = line.held_outer = {};
	});
}

void Oracle::work_on(Line &line, Line::Copy &copy, Op op) const
{
	/* An invalidated value counts too: the line may have been evicted just before. */
	if (p_.flush_held)
		line.held_write_back |= copy.dirty;
	else
		(p_.outer ? line.outer.dirty : line.memory) |= copy.dirty;
	if (op == Op::clean)
		copy.clean |= copy.dirty;
	else
		copy.clean = {};
	copy.dirty = {};
}

void Oracle::maintain(const Event &e, Rules &broken)
{
	Line &line = frame(e.pfn).lines[e.line % machine_.lines];
	Address &a = address(e.va);

	if (e.op == Op::flush_outer) {
		line.held_outer |= line.outer.dirty;
		line.outer = {};
		return;
	}
	if (e.op != Op::flush_alias) {
		const auto colour = [&](std::uint64_t va) { return cache_of(0, va); };

		if (e.op != Op::load && colour(e.va) != colour(frame(e.pfn).home))
			broken |= Rule::bad_flush;
		/* Without a PTE the flush may be skipped: the TLB entry may be gone. */
		if (a.now.attr == Attr::none) {
			broken |= Rule::bad_flush;
			return;
		}
		each_cpu(e, [&](unsigned cpu) { a.tlbs[cpu].insert(a.now); });
		if (e.op == Op::load)
			return;
	}
	each_cpu(e, [&](unsigned cpu) {
		if (e.cpu == cpu || p_.cpus_snoop)
			work_on(line, line.caches[cache_of(cpu, e.va)],
				e.op == Op::flush_alias ? Op::flush : e.op);
	});
}

void Oracle::flush_all(const Event &e)
{
	/* All caches of one CPU, of every colour. */
	each_line([&](Line &line) {
		for (auto &[cache, copy] : line.caches)
			if (p_.cpus_snoop || e.cpu == cache % machine_.cpus)
				work_on(line, copy, Op::flush);
	});
}

void Oracle::store(const Event &e, Rules &broken)
{
	Frame &f = frame(e.pfn);
	Line &line = f.lines[e.line % machine_.lines];
	Address &a = address(e.va);

	if (!f.owner.in_layer())
		broken |= Rule::neighbour;
	if (a.now.attr == Attr::none) {
		broken |= Rule::bad_flush;
		return;
	}
	each_cpu(e, [&](unsigned cpu) { a.tlbs[cpu].insert(a.now); });
	if (e.value == Value::fresh || f.owner.phase == Phase::idle) {
		line.outdate();
		line.written = e.value == Value::fresh;
	}
	line.latest = e.value;
	if (a.now.attr == Attr::cached) {
		each_cpu(e, [&](unsigned cpu) {
			Line::Copy &copy = line.caches[cache_of(cpu, e.va)];

			if (p_.cpus_snoop || e.cpu == cpu)
				copy = {{}, e.value};
			else
				copy.dirty |= e.value;
		});
	} else if (p_.store_held) {
		line.held_store = e.value;
	} else {
		line.memory = e.value;
	}
}

void Oracle::mark(const Event &e, Rules &broken)
{
	Frame &f = frame(e.pfn);

	if (e.op == Op::give)
		broken |= judge_gift(f, e.pfn);
	if (e.op == Op::quarantine || e.op == Op::release)
		for (std::uint64_t va : f.addresses)
			if (!address(va).owners && address(va).now == Target{e.pfn, Attr::uncached})
				broken |= e.op == Op::release ? Rule::alias : Rule::reused;
	/* A hand-over: what was written is a secret of the last owner from now on. */
	if (e.op == Op::publish && f.owner.phase == Phase::idle)
		for (Line &line : f.lines) {
			line.outdate();
			line.written = false;
		}
	follow(f.owner, e.op, broken);
	if (e.op == Op::take || e.op == Op::give)
		for (Line &line : f.lines)
			line.forget_values();
}

} // namespace dmamap::judge
