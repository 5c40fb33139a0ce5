// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace libhca {

/// Converts a little-endian word to this CPU's byte order, and back.
constexpr uint32_t le32(uint32_t value) noexcept
{
	if constexpr (std::endian::native == std::endian::big)
		return __builtin_bswap32(value);
	else
		return value;
}

/// Little-endian words in memory that the chip uses at the same time.
///
/// Each access is one load or store of the whole word, and nothing else: a store must not read
/// (the mapping may be write-only), which rules out the compiler's atomics where they are calls
/// that exchange. The caller orders accesses, with the barriers of <barrier.h>.
///
/// `Byte` is `std::byte` or `const std::byte`.
template <typename Byte>
class SharedWords {
public:
	explicit SharedWords(std::span<Byte> bytes) noexcept : bytes_(bytes) {}

	/// The words from `offset` on: all words of a packet are then near to one pointer.
	SharedWords from(std::size_t offset) const noexcept
	{
		return SharedWords(bytes_.subspan(offset));
	}

	uint32_t load(std::size_t offset) const noexcept { return le32(*word(offset)); }

	void store(std::size_t offset, uint32_t value) const noexcept
		requires(!std::is_const_v<Byte>)
	{
		*word(offset) = le32(value);
	}

private:
	using Word = std::conditional_t<std::is_const_v<Byte>, const volatile uint32_t,
					volatile uint32_t>;

	// SAFETY: mappings are page aligned and offsets multiples of 4; volatile, because the
	// chip reads and writes the same words.
	Word *word(std::size_t offset) const noexcept
	{
		return reinterpret_cast<Word *>(bytes_.data() + offset);
	}

	std::span<Byte> bytes_;
};

} // namespace libhca
