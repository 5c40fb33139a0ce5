// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/verdict.h"

#include "kunit/judge/oracle.h"

namespace dmamap::prove {

using judge::Slot;

std::optional<Rules> searched(const Program &program, const judge::Profile &profile,
			      judge::Bounds bounds, Search::Limits limits)
{
	Search search(program, judge::Hardware(profile, bounds), limits);
	const Search::Outcome outcome = search.run();

	if (!outcome.complete && (outcome.broken.none() || !limits.stop_at_first))
		return std::nullopt;
	return outcome.broken;
}

Rules by_oracle(const Program &program, const judge::Profile &profile, judge::Bounds bounds,
		unsigned laps)
{
	const auto va = [](Slot slot) { return judge::va_of(0, slot); };
	const Slot home = bounds.highmem ? Slot::lazy : Slot::linear;
	judge::Oracle oracle(profile, {.colour = [&](std::uint64_t at) {
					       return unsigned(at != va(home));
				       }});
	Rules broken;

	oracle.exists(va(home), 0, !bounds.highmem);
	if (!bounds.highmem)
		oracle.exists(va(Slot::lazy), 0, false);
	/* The graph of an order is a line: one edge leads out of each node, and none out
	   of the last if the order does not end as it began. */
	std::uint32_t node = 0;

	for (unsigned lap = 0; lap < laps && !program.nodes()[node].edges.empty();) {
		const Program::Edge &edge = program.nodes()[node].edges.front();
		const Rules now = oracle.feed(edge.event).broken;

		/* The search counts waste anew in each run, so only the first lap may add it. */
		broken |= lap == 0 ? now : now.without(Rule::wasteful);
		node = edge.to;
		lap += node == 0;
	}
	return broken;
}

} // namespace dmamap::prove
