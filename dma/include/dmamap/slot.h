/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "boundary.h"

namespace dmamap {

template <class T, class Owner>
class Coherent;

namespace detail {

/// The unsigned integer of @Bytes bytes, as a value ...
template <std::size_t Bytes>
struct Unsigned {};
template <>
struct Unsigned<1> {
	using type = std::uint8_t;
};
template <>
struct Unsigned<2> {
	using type = std::uint16_t;
};
template <>
struct Unsigned<4> {
	using type = std::uint32_t;
};
template <>
struct Unsigned<8> {
	using type = std::uint64_t;
};

template <std::size_t Bytes>
using Value = typename Unsigned<Bytes>::type;

/// ... and in memory, where the compiler must take it for any field of T.
template <std::size_t Bytes>
struct Memory {
	typedef Value<Bytes> __attribute__((may_alias)) word;
};

inline constexpr std::size_t kMachineWord = sizeof(long);

inline void check_bound([[maybe_unused]] const dmamap_region *region,
			[[maybe_unused]] std::size_t n, [[maybe_unused]] std::size_t count) noexcept
{
#ifdef CONFIG_DMAMAP_DEBUG_BOUNDS
	if (n >= count) [[unlikely]]
		dmamap_cxx_out_of_bounds(region, n, count);
#endif
}

} // namespace detail

/// A type that one load reads and one store writes, so that neither side ever sees
/// half of a value: a machine word or less, aligned to its size.
template <class T>
concept OneAccess = std::is_trivially_copyable_v<T> && !std::is_array_v<T> &&
		    std::has_single_bit(sizeof(T)) && sizeof(T) <= detail::kMachineWord &&
		    alignof(T) >= sizeof(T);

/// A type of 64 bits, accessed in two halves on a CPU without 64-bit accesses.
template <class T>
concept SplitAccess = OneAccess<T> || (std::is_trivially_copyable_v<T> && !std::is_array_v<T> &&
				       sizeof(T) == 8 && alignof(T) >= 4);

/// One element of a Coherent<T>, or a field of it, in the place where the device
/// sees it. Every read is a load and every write a store, neither repeated nor
/// left out nor torn nor merged (READ_ONCE() and WRITE_ONCE() of the kernel).
///
/// There is no way to read or write a whole descriptor: that would take several
/// accesses, and the device may change the rest after the first. Name each field, in
/// the order of the accesses:
///
///	ring[i].write(&Entry::length, Le<std::uint32_t>(64));
///	ring[i].publish(&Entry::flags, kReady);
///
/// A slot can't be kept, only used where it is named: a kept one would still reach
/// memory that the device has got, or that is gone.
///
/// Context of all functions: any.
template <class T>
class Slot {
public:
	Slot(const Slot &) = delete;
	Slot &operator=(const Slot &) = delete;

	/// Reads the value; T is a field, or a descriptor of one word.
	[[nodiscard]] T read() && noexcept
		requires OneAccess<T>
	{
		const detail::Value<sizeof(T)> value = *words<sizeof(T)>();

		return std::bit_cast<T>(value);
	}

	void write(T value) && noexcept
		requires OneAccess<T>
	{
		*words<sizeof(T)>() = std::bit_cast<detail::Value<sizeof(T)>>(value);
	}

	/// Reads a field of 64 bits, on every board: in one load where the CPU has such,
	/// else in two, between which the device may write.
	[[nodiscard]] T read_split() && noexcept
		requires SplitAccess<T>
	{
		if constexpr (OneAccess<T>) {
			return std::move(*this).read();
		} else {
			const std::array halves{half(0), half(1)};

			return std::bit_cast<T>(halves);
		}
	}

	/// The same for a store: the device may see one half without the other,
	/// so it must not look yet (publish() another field afterwards).
	void write_split(T value) && noexcept
		requires SplitAccess<T>
	{
		if constexpr (OneAccess<T>) {
			std::move(*this).write(value);
		} else {
			const auto halves = std::bit_cast<std::array<std::uint32_t, 2>>(value);

			words<4>()[0] = halves[0];
			words<4>()[1] = halves[1];
		}
	}

	/// A field as a slot: to reach its own fields, or for the functions above. C is
	/// always T, but with T in its place a T without fields would not compile.
	template <class F, std::same_as<T> C>
		requires(!std::is_array_v<F>)
	[[nodiscard]] Slot<F> at(F C::*field) && noexcept
	{
		static_assert(alignof(T) >= alignof(F),
			      "T is packed: the field may lie across words, so it can't be accessed at once");
		return Slot<F>(&(place_->*field), region_);
	}

	/// Element @n of an array in T; @n is checked only with
	/// CONFIG_DMAMAP_DEBUG_BOUNDS.
	template <class F, std::same_as<T> C, std::size_t N>
	[[nodiscard]] Slot<F> at(F (C::*field)[N], std::size_t n) && noexcept
	{
		static_assert(alignof(T) >= alignof(F),
			      "T is packed: the field may lie across words, so it can't be accessed at once");
		detail::check_bound(region_, n, N);
		return Slot<F>(&(place_->*field)[n], region_);
	}

	template <OneAccess F, std::same_as<T> C>
	[[nodiscard]] F read(F C::*field) && noexcept
	{
		return std::move(*this).at(field).read();
	}

	template <OneAccess F, std::same_as<T> C>
	void write(F C::*field, std::type_identity_t<F> value) && noexcept
	{
		std::move(*this).at(field).write(value);
	}

	template <SplitAccess F, std::same_as<T> C>
	[[nodiscard]] F read_split(F C::*field) && noexcept
	{
		return std::move(*this).at(field).read_split();
	}

	template <SplitAccess F, std::same_as<T> C>
	void write_split(F C::*field, std::type_identity_t<F> value) && noexcept
	{
		std::move(*this).at(field).write_split(value);
	}

	/// Writes the field that tells the device to look: all earlier writes, to any
	/// field or region, are in memory first.
	template <OneAccess F, std::same_as<T> C>
	void publish(F C::*field, std::type_identity_t<F> value) && noexcept
	{
		dmamap_cxx_wmb();	// the other fields before this one
		std::move(*this).at(field).write(value);
	}

	/// Reads the field by which the device says that it has written: later reads,
	/// of any field or region, get nothing older.
	template <OneAccess F, std::same_as<T> C>
	[[nodiscard]] F observe(F C::*field) && noexcept
	{
		const F value = std::move(*this).at(field).read();

		dmamap_cxx_rmb();	// this field before the others
		return value;
	}

private:
	template <class>
	friend class Slot;
	template <class, class>
	friend class Coherent;

	Slot(T *place, const dmamap_region *region) noexcept : place_(place), region_(region) {}

	/// SAFETY: @place_ is inside of a live region and, as the concepts demand,
	/// aligned to the word. Volatile, because a device shares the memory.
	template <std::size_t Bytes>
	[[nodiscard]] auto words() const noexcept
	{
		return reinterpret_cast<volatile typename detail::Memory<Bytes>::word *>(place_);
	}

	[[nodiscard]] std::uint32_t half(std::size_t n) const noexcept { return words<4>()[n]; }

	T *place_;
	const dmamap_region *region_;  // for the report of check_bound()
};

} // namespace dmamap
