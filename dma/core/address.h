/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "dma/core/result.h"

namespace dmamap {

/// Every machine runs with 4 KiB pages; the glue asserts that the kernel agrees.
inline constexpr unsigned kPageShift = 12;
inline constexpr std::uint64_t kPageBytes = std::uint64_t{1} << kPageShift;

/// One kind of address or number that mixes with no other kind. 64 bits
/// everywhere: with LPAE and PAE, physical addresses do not fit in an unsigned
/// long.
template <class Tag>
class Address {
public:
	constexpr Address() noexcept = default;
	explicit constexpr Address(std::uint64_t value) noexcept : value_(value) {}

	[[nodiscard]] constexpr std::uint64_t raw() const noexcept { return value_; }
	constexpr auto operator<=>(const Address &) const noexcept = default;

	[[nodiscard]] constexpr Address operator+(std::uint64_t step) const noexcept
	{
		return Address(value_ + step);
	}
	[[nodiscard]] constexpr std::uint64_t operator-(Address base) const noexcept
	{
		return value_ - base.value_;
	}

private:
	std::uint64_t value_ = 0;
};

using Pfn = Address<struct PfnTag>;         ///< page frame number
using PhysAddr = Address<struct PhysTag>;   ///< physical address
using BusAddr = Address<struct BusTag>;     ///< address that a device puts on its bus
using CpuAddr = Address<struct CpuTag>;     ///< kernel virtual address

/// A number of whole pages.
class Pages {
public:
	constexpr Pages() noexcept = default;
	explicit constexpr Pages(std::uint64_t count) noexcept : count_(count) {}

	[[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }
	[[nodiscard]] constexpr std::uint64_t bytes() const noexcept { return count_ << kPageShift; }
	constexpr auto operator<=>(const Pages &) const noexcept = default;

private:
	std::uint64_t count_ = 0;
};

[[nodiscard]] constexpr Pages least(Pages one, Pages other) noexcept
{
	return one < other ? one : other;
}

/// @pages rounded up to whole units.
[[nodiscard]] constexpr Pages whole_units(Pages pages, Pages unit) noexcept
{
	const std::uint64_t rest = pages.count() & (unit.count() - 1);   // units are powers of two

	return rest ? Pages(pages.count() - rest + unit.count()) : pages;
}

/// The number of whole pages that hold @bytes.
///
/// Errors: Errno::inval for 0 bytes, Errno::overflow when there are more pages
/// than the kernel's allocators can count.
[[nodiscard]] constexpr Result<Pages> pages_of_bytes(std::uint64_t bytes) noexcept
{
	constexpr std::uint64_t most = std::uint64_t{1} << 31;

	if (bytes == 0)
		return fail(Errno::inval);
	/* (bytes + 4095) >> 12 would wrap. */
	const std::uint64_t count = ((bytes - 1) >> kPageShift) + 1;
	if (count >= most)
		return fail(Errno::overflow);
	return Pages(count);
}

[[nodiscard]] constexpr Pfn to_pfn(PhysAddr phys) noexcept
{
	return Pfn(phys.raw() >> kPageShift);
}

[[nodiscard]] constexpr PhysAddr to_phys(Pfn pfn) noexcept
{
	return PhysAddr(pfn.raw() << kPageShift);
}

[[nodiscard]] constexpr bool page_aligned(std::uint64_t value) noexcept
{
	return (value & (kPageBytes - 1)) == 0;
}

/// Contiguous frames: the batch that one flip works on.
struct FrameRun {
	Pfn first;
	Pages pages;

	[[nodiscard]] constexpr Pfn end() const noexcept { return first + pages.count(); }
	constexpr bool operator==(const FrameRun &) const noexcept = default;
};

} // namespace dmamap
