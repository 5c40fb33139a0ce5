// SPDX-License-Identifier: GPL-2.0
/* What the machine does by itself after each step, and what it is judged by. */
#include "kunit/machine/machine.h"

#include "kunit/machine/each.h"

namespace dmamap::sim {

void SimulatedMachine::settle()
{
	speculate();
	for (Pfn pfn = Profile::kRam; pfn < profile_.end(); pfn = pfn + 1)
		judge(pfn);
	for (const auto &[pfn, owner] : directory_)   // windows lie outside of RAM
		judge(pfn);
}

void SimulatedMachine::speculate()
{
	if (profile_.walker)
		translations_.walk();
	translations_.each_in_tlb([&](const Translation &to) {
		if (to.cacheable)
			each_line(to.pfn, [&](Line line) {
				cache_.load(line, memory_.latest(line));
			});
	});
}

void SimulatedMachine::judge(Pfn pfn)
{
	const bool cacheable = translations_.any([&](const Translation &to) {
		return to.pfn == pfn && to.cacheable;
	});
	const bool mapped = translations_.any([&](const Translation &to) {
		return to.pfn == pfn && !to.cacheable &&
		       (to.use == Use::region || to.use == Use::device);
	});

	if (cacheable && (mapped || coherent(pfn)))
		break_rule(Rule::alias, pfn);
	if (coherent(pfn) && cache_.holds(pfn))
		break_rule(Rule::line, pfn);
}

void SimulatedMachine::judge_published(FrameRun run)
{
	each_frame(run, [&](Pfn pfn) {
		if (!known(pfn) || !coherent(pfn))
			return;   // adopted: not ours to zero; snooped: zeroed in the cache
		if (memory_.in_flight(pfn))
			break_rule(Rule::in_flight, pfn);
		each_line(pfn, [&](Line line) {
			if (memory_.read(line) != 0)
				break_rule(Rule::secret, pfn);
		});
	});
}

/* Whoever gets the frames next, nothing of the region may be left. */
void SimulatedMachine::judge_parting(FrameRun run)
{
	each_frame(run, [&](Pfn pfn) {
		if (translations_.any([&](const Translation &to) {
			    return to.pfn == pfn && to.use == Use::region;
		    }))
			break_rule(Rule::given_mapped, pfn);
		if (claims_.contains(pfn))
			break_rule(Rule::given_claimed, pfn);
		if (directory_.contains(pfn))
			break_rule(Rule::given_published, pfn);
	});
}

void SimulatedMachine::break_rule(Rule rule, Pfn pfn)
{
	if (broken_.insert({rule, pfn}).second)
		violations_.push_back({rule, pfn, steps_.size()});
}

} // namespace dmamap::sim
