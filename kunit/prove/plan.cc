// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/plan.h"

#include "arch/machines.h"

namespace dmamap::prove {
namespace {

struct Size {
	unsigned frames;
	unsigned lines;
	unsigned pages;
	bool eager;
};

/// The whole machine: a region of all frames, and a region with a neighbour.
constexpr Size kWhole{2, 2, 2, true};
constexpr Size kWithNeighbour{2, 2, 1, true};
/// Smaller machines, in which every fill of a TLB or a cache is a move of its own.
constexpr Size kOneFrame{1, 2, 1, false};
constexpr Size kOneLine{2, 1, 2, false};

constexpr Size kOneFrameEager{1, 2, 1, true};
constexpr Size kOneLineEager{2, 1, 2, true};

/// Sizes for a pool. Its chunk is all frames, which it lends one by one: each frame
/// is the neighbour of the other.
constexpr Size kChunk{2, 2, 1, true};
constexpr Size kChunkOneLine{2, 1, 1, true};

/* Four caches that do not snoop each other need by far the most states. */
std::size_t room_for(const StrategyInfo &strategy, const judge::Profile &profile,
		     const Size &size)
{
	const bool largest = profile.coloured && !profile.cpus_snoop && !strategy.highmem &&
			     size.frames == 2 && size.lines == 2 && size.pages == 2;

	return largest ? kMostStates : kMostStates / 2;
}

std::vector<Size> sizes_of_pool(Part part, bool small)
{
	switch (part) {
	case Part::quick:
		return small ? std::vector{kOneFrameEager, kChunkOneLine} :
			       std::vector{kOneFrameEager};
	case Part::check:
		return {small ? kOneFrame : kOneFrameEager, kChunkOneLine};
	case Part::full:
		break;
	}
	return {kOneFrame, small ? kChunk : kChunkOneLine};
}

std::vector<Size> sizes_of(Part part, const StrategyInfo &strategy, const judge::Profile &profile)
{
	const bool small = !profile.outer && profile.cpus_snoop;   // a line has few places

	if (strategy.pooled)
		return sizes_of_pool(part, small);
	switch (part) {
	case Part::quick:
		return {kOneFrameEager, kOneLineEager};
	case Part::check:
		return small ? std::vector{kWhole, kWithNeighbour, kOneFrame} :
			       std::vector{kOneFrame, kOneLineEager};
	case Part::full:
		break;
	}
	return {kWhole, kWithNeighbour, small ? kOneLine : kOneFrame};
}

} // namespace

const judge::Profile *machine_of(const StrategyInfo &strategy)
{
	for (const judge::Profile &profile : judge::profiles())
		if (strategy.snooped && profile.device_snoops)
			return &profile;
	for (const arch::Facts &machine : arch::kMachines)
		for (const arch::Board &board : machine.boards)
			if (strategy.name.starts_with(name_of(board.strategy)))
				return judge::find_profile(machine.cpu.name);
	return nullptr;
}

std::string Task::name() const
{
	return std::string(strategy->name) + " on " + std::string(profile->name) + ", " +
	       std::to_string(bounds.frames) + " frames of " + std::to_string(bounds.lines) +
	       " lines, region of " + std::to_string(pages) + (bounds.eager ? ", eager" : "");
}

std::vector<Task> plan(Part part, const StrategyInfo *strategy, const judge::Profile *profile)
{
	std::vector<Task> tasks;

	for (const StrategyInfo &s : strategies())
		for (const judge::Profile &p : judge::profiles()) {
			if ((strategy && strategy != &s) || (profile && profile != &p) ||
			    s.snooped != p.device_snoops)
				continue;
			for (const Size &size : sizes_of(part, s, p))
				tasks.push_back({&s, &p,
						 {.frames = size.frames, .lines = size.lines,
						  .highmem = s.highmem, .eager = size.eager},
						 size.pages, room_for(s, p, size)});
		}
	return tasks;
}

} // namespace dmamap::prove
