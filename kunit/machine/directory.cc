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
		if (std::exchange(directory_[pfn], this) == this)
			break_rule(judge::Rule::reused, "a frame recalled that is not lent");
	});
	mark(Op::idle, run);
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
