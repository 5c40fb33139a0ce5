/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kunit/machine/each.h"
#include "kunit/machine/profile.h"

namespace dmamap::sim {

/// The allocators of the kernel: CMA and the page allocator, frame by frame.
class Supply {
public:
	enum class Frame : std::uint8_t { free, taken, quarantined };

	explicit Supply(const Profile &profile)
		: profile_(profile), frames_(profile.lowmem + profile.highmem)
	{
	}

	[[nodiscard]] const std::vector<Frame> &frames() const noexcept { return frames_; }
	[[nodiscard]] std::uint64_t quarantined() const
	{
		return std::uint64_t(std::ranges::count(frames_, Frame::quarantined));
	}

	[[nodiscard]] Result<FrameRun> take_cma(Pages pages)
	{
		const auto &[first, room] = profile_.cma;

		return take_from(first, first + room.count(), pages, Reach{}, /*in_cma=*/true);
	}
	/// From lowmem outside of CMA, as the page allocator gives to a kernel.
	[[nodiscard]] Result<FrameRun> take_pages(Pages pages, Reach reach)
	{
		return take_from(Profile::kRam, profile_.highmem_begin(), pages, reach, false);
	}

	/// False if the frames had not been taken, or from the other allocator.
	[[nodiscard]] bool give(FrameRun run, bool to_cma)
	{
		return move(run, Frame::free) && all(run, [&](Pfn pfn) {
			return contains(profile_.cma, pfn) == to_cma;
		});
	}
	[[nodiscard]] bool quarantine(FrameRun run) { return move(run, Frame::quarantined); }

private:
	template <class Fn>
	[[nodiscard]] static bool all(FrameRun run, Fn fn)
	{
		bool yes = true;

		for (std::uint64_t i = 0; i < run.pages.count(); ++i)
			yes &= fn(run.first + i);
		return yes;
	}

	[[nodiscard]] Frame &at(Pfn pfn) { return frames_.at(pfn - Profile::kRam); }

	[[nodiscard]] bool move(FrameRun run, Frame to)
	{
		return all(run, [&](Pfn pfn) {
			return std::exchange(at(pfn), to) == Frame::taken;
		});
	}

	/// Takes the last fitting run. Errno::io if all that fit are out of reach.
	[[nodiscard]] Result<FrameRun> take_from(Pfn begin, Pfn end, Pages pages, Reach reach,
						 bool in_cma)
	{
		Errno why = Errno::nomem;

		for (std::uint64_t room = end - begin; room >= pages.count(); --room) {
			const FrameRun run{begin + (room - pages.count()), pages};

			/* Large runs are aligned, as the page allocator's are. */
			if (pages >= profile_.unit &&
			    (run.first.raw() & (profile_.unit.count() - 1)))
				continue;
			if (!all(run, [&](Pfn pfn) {
				    return at(pfn) == Frame::free &&
					   contains(profile_.cma, pfn) == in_cma;
			    }))
				continue;
			if (to_phys(run.end()).raw() - 1 <= reach.last_byte) {
				(void)all(run, [&](Pfn pfn) {
					at(pfn) = Frame::taken;
					return true;
				});
				return run;
			}
			why = Errno::io;
		}
		return fail(why);
	}

	Profile profile_;
	std::vector<Frame> frames_;
};

} // namespace dmamap::sim
