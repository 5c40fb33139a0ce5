// SPDX-License-Identifier: GPL-2.0
/* The directory: the owner of each frame, or the machine itself for frames that a
   pool holds. And the lock of that pool. */
#include <utility>

#include "kunit/machine/each.h"
#include "kunit/machine/machine.h"

namespace dmamap::sim {

using judge::Op;

Result<void> SimulatedMachine::enter(FrameRun run, void *owner)
{
	bool taken = false;

	if (fails())
		return fail(Errno::nomem);
	each_frame(run, [&](Pfn pfn) { taken |= directory_.contains(pfn); });
	if (taken)
		return fail(Errno::busy);
	each_frame(run, [&](Pfn pfn) { directory_[pfn] = owner; });
	judge_table(run);
	return {};
}

Result<void> SimulatedMachine::publish(FrameRun run, void *owner) noexcept
{
	note(DMAMAP_STEP_PUBLISH, run);
	return enter(run, owner);
}

Result<void> SimulatedMachine::hold(FrameRun run) noexcept
{
	note(DMAMAP_STEP_HOLD, run);
	DMAMAP_TRY(enter(run, this));
	mark(Op::idle, run);
	return {};
}

void SimulatedMachine::lend(FrameRun run, void *owner) noexcept
{
	note(DMAMAP_STEP_LEND, run);
	each_frame(run, [&](Pfn pfn) {
		if (std::exchange(directory_[pfn], owner) != this)
			break_rule(judge::Rule::reused, "a frame lent that is not held");
	});
	mark(Op::publish, run);
}

void SimulatedMachine::recall(FrameRun run) noexcept
{
	note(DMAMAP_STEP_RECALL, run);
	each_frame(run, [&](Pfn pfn) {
		if (rested_.contains(directory_[pfn]) || std::exchange(directory_[pfn], this) == this)
			break_rule(judge::Rule::reused, "a frame recalled that is not lent");
	});
	mark(Op::idle, run);
}

/* Frames of a region that rests keep their owner, but no one may use them. */

void SimulatedMachine::rest(const Region &region, void *owner) noexcept
{
	each_frame(region.run, [&](Pfn pfn) {
		if (directory_[pfn] != owner)
			break_rule(judge::Rule::reused, "a rest of what is not the owner's");
	});
	if (!rested_.emplace(owner, region).second)
		break_rule(judge::Rule::reused, "a rest of an owner that rests");
	mark(Op::idle, region.run);
	if (!locked_)
		break_rule(judge::Rule::stuck, "a rest that begins without the lock");
}

Region SimulatedMachine::rested(void *owner) noexcept
{
	const auto found = rested_.find(owner);

	if (found != rested_.end())
		return found->second;
	break_rule(judge::Rule::reused, "no region of this owner rests");
	return {};
}

bool SimulatedMachine::reach_rested(void *device, void *owner) noexcept
{
	const auto bus = bus_address(device, rested(owner).run);

	if (bus)
		rested_[owner].bus = *bus;
	return bus.has_value();
}

Region SimulatedMachine::end_rest(void *owner)
{
	const Region region = rested(owner);

	rested_.erase(owner);
	return region;
}

void SimulatedMachine::wake(void *owner) noexcept
{
	woken_ = end_rest(owner);
	mark(Op::publish, woken_.run);
	if (!locked_)
		break_rule(judge::Rule::stuck, "a region woken without the lock");
}

void SimulatedMachine::retire(void *owner) noexcept
{
	const Region region = end_rest(owner);

	note(DMAMAP_STEP_RECALL, region.run);
	each_frame(region.run, [&](Pfn pfn) { directory_[pfn] = this; });
	retired_.push_back(owner);
	if (locked_)
		break_rule(judge::Rule::stuck, "an owner retired with the lock held");
}

std::uint64_t SimulatedMachine::lock() noexcept
{
	if (std::exchange(locked_, true))
		break_rule(judge::Rule::stuck, "a lock that is held");
	return 42;
}

void SimulatedMachine::unlock(std::uint64_t flags) noexcept
{
	if (!std::exchange(locked_, false) || flags != 42)
		break_rule(judge::Rule::stuck, "an unlock of something else");
}

void SimulatedMachine::withdraw(FrameRun run) noexcept
{
	note(DMAMAP_STEP_WITHDRAW, run);
	each_frame(run, [&](Pfn pfn) {
		if (coherent(pfn)) {
			mark(Op::withdraw, {pfn, Pages(1)});
			if (directory_[pfn] != this)
				break_rule(judge::Rule::reused, "a frame withdrawn that is lent");
		}
		if (!directory_.erase(pfn))
			break_rule(judge::Rule::reused, "a frame withdrawn that is not published");
	});
}

} // namespace dmamap::sim
