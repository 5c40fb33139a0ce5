/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace dmamap {

namespace detail {

template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_bytes(T value) noexcept
{
	if constexpr (sizeof(T) == 1)
		return value;
	else if constexpr (sizeof(T) == 2)
		return __builtin_bswap16(value);
	else if constexpr (sizeof(T) == 4)
		return __builtin_bswap32(value);
	else
		// By halves: the builtin of 64 bits is a call into libgcc on PA-RISC.
		return static_cast<T>(swap_bytes(static_cast<std::uint32_t>(value))) << 32 |
		       swap_bytes(static_cast<std::uint32_t>(value >> 32));
}

/// An integer whose bytes lie in memory in a fixed order.
template <std::integral T, std::endian Order>
	requires(!std::same_as<T, bool>)
class Ordered {
public:
	/// Indeterminate, as an int is: descriptors stay trivial types.
	Ordered() noexcept = default;

	/// Explicit, so that a native integer never becomes a field by accident.
	explicit constexpr Ordered(T native) noexcept
		: raw_(in_order(static_cast<Raw>(native))) {}

	/// The value, in the order of this CPU.
	[[nodiscard]] constexpr T native() const noexcept
	{
		return static_cast<T>(in_order(raw_));
	}

	friend constexpr bool operator==(Ordered, Ordered) noexcept = default;

private:
	using Raw = std::make_unsigned_t<T>;

	static constexpr Raw in_order(Raw value) noexcept
	{
		return Order == std::endian::native ? value : swap_bytes(value);
	}

	Raw raw_;
};

} // namespace detail

/// Little-endian integer, the kernel's __le32 and its like.
///
/// No implicit conversion in either direction: Le<std::uint32_t>(5) makes one,
/// native() reads the value.
template <std::integral T>
using Le = detail::Ordered<T, std::endian::little>;

/// Big-endian integer, the kernel's __be32 and its like.
template <std::integral T>
using Be = detail::Ordered<T, std::endian::big>;

} // namespace dmamap
