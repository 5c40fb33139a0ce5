/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <string_view>

#include "arch/machines.h"
#include "dma/core/machine.h"
#include "kunit/judge/profile.h"

namespace dmamap::sim {

/// The differences between boards, as far as flips depend on them: a row of
/// arch/<m>/facts.h in the words of the layer. RAM starts at frame kRam.
struct Profile {
	static constexpr Pfn kRam{0x100};

	std::string_view name;
	arch::Strategy strategy;
	judge::Profile judged;         ///< what its CPUs may do
	unsigned cpus;
	bool linear_editable;
	bool combines;
	Pages unit;
	Pages chunk;
	std::uint64_t lowmem;
	std::uint64_t highmem;
	std::uint64_t reserved;
	FrameRun cma;
	CmaPlacement placement;        ///< what the kernel thinks of it
	CpuFit cpu;

	[[nodiscard]] constexpr Pfn highmem_begin() const noexcept { return kRam + lowmem; }
	[[nodiscard]] constexpr Pfn reserved_begin() const noexcept
	{
		return highmem_begin() + highmem;
	}
	[[nodiscard]] constexpr Pfn end() const noexcept { return reserved_begin() + reserved; }
};

[[nodiscard]] constexpr CmaPlacement to_placement(arch::Cma cma) noexcept
{
	switch (cma) {
	case arch::Cma::lowmem:
		return CmaPlacement::lowmem;
	case arch::Cma::highmem:
		return CmaPlacement::highmem;
	default:
		return CmaPlacement::none;
	}
}

[[nodiscard]] constexpr CpuFit to_fit(arch::Lack lack) noexcept
{
	switch (lack) {
	case arch::Lack::uncached:
		return CpuFit::ignores_uncached;
	case arch::Lack::flush:
		return CpuFit::keeps_lines;
	case arch::Lack::one_address:
		return CpuFit::aliases;
	default:
		return CpuFit::fit;
	}
}

[[nodiscard]] constexpr Profile to_profile(const arch::Cpu &cpu, const arch::Board &board)
{
	Profile profile{
		.name = board.name,
		.strategy = board.strategy,
		.judged = cpu,
		.cpus = board.cpus,
		.linear_editable = board.linear_editable,
		.combines = board.combines,
		.unit = Pages(board.unit),
		.chunk = Pages(board.chunk),
		.lowmem = board.lowmem,
		.highmem = board.highmem,
		.reserved = board.reserved,
		.cma = {},
		.placement = to_placement(board.cma),
		.cpu = to_fit(board.lack),
	};

	profile.judged.walker |= board.walker;
	if (board.cma != arch::Cma::none)
		profile.cma = {Profile::kRam + board.cma_first, Pages(board.cma_pages)};
	return profile;
}

/// The boards of all machines, those that @list of arch::Facts has.
template <std::span<const arch::Board> arch::Facts::*list>
[[nodiscard]] consteval auto boards_of_all()
{
	constexpr std::size_t count = [] {
		std::size_t sum = 0;

		for (const arch::Facts &machine : arch::kMachines)
			sum += (machine.*list).size();
		return sum;
	}();
	std::array<Profile, count> all{};
	std::size_t i = 0;

	for (const arch::Facts &machine : arch::kMachines)
		for (const arch::Board &board : machine.*list)
			all[i++] = to_profile(machine.cpu, board);
	return all;
}

/// Boards whose strategy has to keep the rule, and boards that it has to refuse.
inline constexpr auto kBoards = boards_of_all<&arch::Facts::boards>();
inline constexpr auto kRefused = boards_of_all<&arch::Facts::refused>();

/// The first of @boards that @fits; it does not compile without one.
[[nodiscard]] consteval const Profile &first_board(const auto &boards, auto fits)
{
	for (const Profile &board : boards)
		if (fits(board))
			return board;
	throw "no machine has such a board";
}

/* Boards by what a test needs of them. */
inline constexpr const Profile &kSmallPages = first_board(kBoards, [](const Profile &p) {
	return p.strategy == arch::Strategy::unmap && p.unit == Pages(1);
});
inline constexpr const Profile &kLargePages = first_board(kBoards, [](const Profile &p) {
	return p.strategy == arch::Strategy::unmap && p.unit > Pages(1);
});
inline constexpr const Profile &kCmaInHighmem = first_board(kBoards, [](const Profile &p) {
	return p.placement == CmaPlacement::highmem && !p.linear_editable;
});
inline constexpr const Profile &kCmaInLowmem = first_board(kRefused, [](const Profile &p) {
	return p.placement == CmaPlacement::lowmem && p.cpu == CpuFit::fit;
});
inline constexpr const Profile &kCmaAcross = first_board(kRefused, [](const Profile &p) {
	return p.placement == CmaPlacement::highmem && p.cma.first < p.highmem_begin();
});
inline constexpr const Profile &kWithoutCma = first_board(kRefused, [](const Profile &p) {
	return p.placement == CmaPlacement::none && p.highmem > 0;
});
inline constexpr const Profile &kAliasingCaches = first_board(kRefused, [](const Profile &p) {
	return p.cpu == CpuFit::aliases;
});
inline constexpr const Profile &kKeepsLines = first_board(kRefused, [](const Profile &p) {
	return p.cpu == CpuFit::keeps_lines && p.strategy == arch::Strategy::unmap;
});
inline constexpr const Profile &kIgnoresUncached = first_board(kRefused, [](const Profile &p) {
	return p.cpu == CpuFit::ignores_uncached;
});

} // namespace dmamap::sim
