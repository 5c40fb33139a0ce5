/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "kunit/prove/program.h"

/*
 * Orders on which the two engines are known to disagree. Each entry says which
 * engine is wrong and why, and has a test for the orders that it is about. None
 * of them is an order of the layer. An entry is removed when its engine is put
 * right.
 */
namespace dmamap::prove {

using judge::Attr;
using judge::Event;
using judge::Op;
using judge::Profile;
using judge::Rule;
using judge::Rules;
using judge::Value;

using Events = std::vector<Event>;

struct Known {
	const char *why;
	Rules search;       ///< the search may say these, and no others
	Rules oracle;       ///< the same of the oracle
	bool (*applies)(const Profile &profile, const Events &events);
};

/// The events of an order: one edge leads out of each node.
[[nodiscard]] inline Events events_of(const Program &program)
{
	Events events;

	for (std::uint32_t node = 0; !program.nodes()[node].edges.empty();) {
		events.push_back(program.nodes()[node].edges.front().event);
		node = program.nodes()[node].edges.front().to;
		if (node == 0)
			break;
	}
	return events;
}

[[nodiscard]] inline bool has(const Events &events, Op op)
{
	return std::ranges::find(events, op, &Event::op) != events.end();
}

/// Whether there is a store through a cacheable translation.
[[nodiscard]] inline bool stores_cached(const Events &events)
{
	std::array<Attr, judge::kSlots> attrs{Attr::cached, Attr::cached, Attr::none};

	for (const Event &e : events) {
		Attr &attr = attrs[e.va % judge::kSlots];

		if (e.op == Op::set_pte)
			attr = e.attr;
		else if (e.op == Op::store && attr == Attr::cached)
			return true;
	}
	return false;
}

[[nodiscard]] inline bool maps_uncached(const Events &events)
{
	return std::ranges::any_of(events, [](const Event &e) {
		return e.op == Op::set_pte && e.attr == Attr::uncached;
	});
}

/// Whether zeroes are stored after the CPU or the device has written.
[[nodiscard]] inline bool zeroes_late(const Events &events)
{
	bool written = false;

	for (const Event &e : events) {
		written |= e.op == Op::start || (e.op == Op::store && e.value == Value::fresh);
		if (written && e.op == Op::store && e.value == Value::zero)
			return true;
	}
	return false;
}

/// Whether zeroes are stored to the CPUs' line, but not to the device's.
[[nodiscard]] inline bool zeroes_one_line(const Events &events)
{
	for (std::size_t i = 0; i < events.size(); ++i)
		if (events[i].op == Op::store && events[i].value == Value::zero &&
		    events[i].line == 0 &&
		    (i + 1 == events.size() || events[i + 1].op != Op::store))
			return true;
	return false;
}

inline constexpr Known kKnown[] = {
	{"The oracle: with a device that snoops it knows the latest value only, and an "
	 "invalidation, which takes it away, does not change that.",
	 Rules::all(), {},
	 [](const Profile &p, const Events &e) {
		 return p.device_snoops && has(e, Op::invalidate);
	 }},

	{"The oracle: the same for an uncached store, which is not what the caches have.",
	 Rules::all(), {},
	 [](const Profile &p, const Events &e) { return p.device_snoops && maps_uncached(e); }},

	{"The oracle: a store leaves the values that it replaces as fresh as they were, and "
	 "nobody looks at the values of cached memory. Where caches do not know of each other, "
	 "a cached store of the layer may be on another CPU than all that came before.",
	 Rule::stale_read | Rule::neighbour | Rule::lost_write, {},
	 [](const Profile &p, const Events &e) { return !p.cpus_snoop && stores_cached(e); }},

	{"The oracle: what a cached store has replaced is still behind the cache, and it does not "
	 "know that the line is sure to be before it.",
	 {}, Rule::stale_read,
	 [](const Profile &, const Events &e) { return stores_cached(e); }},

	{"The oracle: zeroes over what was written are a loss to it when they have arrived, "
	 "not before, and of what the device has written it does not know.",
	 Rule::stale_read | Rule::lost_write, {},
	 [](const Profile &, const Events &e) { return zeroes_late(e); }},

	{"The search: its device writes to the last line only, so zeroes for the first one that "
	 "are on their way when it starts do no harm. On a machine they do.",
	 {}, Rule::lost_write,
	 [](const Profile &p, const Events &e) { return p.store_held && zeroes_one_line(e); }},
};

} // namespace dmamap::prove
