/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "dma/core/layer.h"
#include "dma/strategy/highmem.h"
#include "dma/strategy/purge.h"
#include "dma/strategy/unmap.h"
#include "kunit/machine/machine.h"

namespace dmamap::test {

/// The source of a strategy.
template <arch::Strategy S>
struct StrategyOf;
template <>
struct StrategyOf<arch::Strategy::highmem> : std::type_identity<Highmem> {};
template <>
struct StrategyOf<arch::Strategy::unmap> : std::type_identity<Unmap> {};
template <>
struct StrategyOf<arch::Strategy::unmap_cma> : std::type_identity<UnmapCma> {};
template <>
struct StrategyOf<arch::Strategy::purge> : std::type_identity<Purge<>> {};
template <>
struct StrategyOf<arch::Strategy::purge_trap> : std::type_identity<Purge<true>> {};

/// A board with a strategy that has to be right on it.
template <std::size_t N>
struct Board {
	static constexpr const sim::Profile &profile = sim::kBoards[N];
	using Strategy = typename StrategyOf<profile.strategy>::type;
};

template <std::size_t... N>
::testing::Types<Board<N>...> boards_of(std::index_sequence<N...>);
using Boards = decltype(boards_of(std::make_index_sequence<sim::kBoards.size()>()));

struct BoardName {
	template <class B>
	static std::string GetName(int)
	{
		return std::string(B::profile.name);
	}
};

/// Linear state of a frame that is coherent under a strategy.
template <class S>
inline constexpr Linear kWhileCoherent = Linear::absent;
template <>
inline constexpr Linear kWhileCoherent<Highmem> = Linear::none;
template <>
inline constexpr Linear kWhileCoherent<Purge<>> = Linear::uncached;

/// Whether the strategy edits the linear map.
template <class S>
inline constexpr bool kEdits = kWhileCoherent<S> != Linear::none;

/// How a region of a few pages lies in the linear map: units that are edited, and
/// frames that are flipped, more than the pages where a unit has more than one.
template <class B>
struct Sizes {
	static constexpr std::uint64_t kUnit = B::profile.unit.count();

	[[nodiscard]] static constexpr std::uint64_t units(std::uint64_t pages)
	{
		return (pages + kUnit - 1) / kUnit;
	}
	[[nodiscard]] static constexpr std::uint64_t flipped(std::uint64_t pages)
	{
		return units(pages) * kUnit;
	}
	/// Entries of the linear map that a flip edits.
	[[nodiscard]] static constexpr unsigned edits(std::uint64_t pages)
	{
		return kEdits<typename B::Strategy> ? unsigned(units(pages)) : 0;
	}

	/// More than one unit, and no whole ones if a unit has more than one page.
	static constexpr std::uint64_t kPages = kUnit + 2;
};

/// A machine, a device on it, and the layer with one strategy above it.
template <class S, class M = sim::SimulatedMachine>
struct Fixture {
	explicit Fixture(const sim::Profile &profile) : machine(profile) {}

	Result<Region> alloc(std::uint64_t pages = 3)
	{
		return alloc_bytes(pages << kPageShift);
	}
	Result<Region> alloc_bytes(std::uint64_t bytes)
	{
		return layer.alloc({.bytes = bytes,
				    .reach = {device.mask - device.offset},
				    .device = &device,
				    .snooping = device.snooping,
				    .write_combine = write_combine},
				   &owner);
	}
	/// The first pages of the RAM that the kernel does not know.
	Result<Region> adopt(const sim::Profile &profile, std::uint64_t pages = 2)
	{
		return layer.adopt(to_phys(profile.reserved_begin()), pages << kPageShift,
				   Behind::reserved, Attribute::uncached, &owner);
	}

	M machine;
	Layer<M, S> layer{machine};
	sim::Device device;
	bool write_combine = false;   ///< asked for
	int owner = 0;
};

/// Why a result has no value; nothing if it has one.
template <class T>
std::optional<Errno> why(const Result<T> &result)
{
	return result ? std::nullopt : std::optional(result.error());
}

/// The recorded steps in the words of dma/abi/steps.h, one for each call.
/// SET_LINEAR shows the state instead.
std::string words(const std::vector<dmamap_step> &steps);

/// Calls @fn with the offset of each line of @pages pages.
template <class Fn>
void each_line_of(std::uint64_t pages, Fn fn)
{
	for (std::uint64_t byte = 0; byte < pages * kPageBytes; byte += kPageBytes / sim::kLines)
		fn(byte);
}

} // namespace dmamap::test

/// The one rule was kept up to now.
#define EXPECT_KEPT(machine) \
	EXPECT_EQ((machine).violations(), std::vector<::dmamap::sim::Violation>{})
