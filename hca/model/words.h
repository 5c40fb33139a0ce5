// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace chip_model {

/// Little-endian 32-bit words in memory that the board uses at the same time.
///
/// Reads have acquire order and writes have release order, so a word that is written last
/// publishes everything before it. An offset outside of the memory ends the program: the chip
/// checks all values from outside, and this is the last line of defence behind those checks.
///
/// Invariants: the memory is aligned to 4 bytes and outlives the object.
class Words {
public:
	Words() noexcept = default;
	explicit Words(std::span<std::byte> bytes) noexcept : bytes_(bytes) {}

	uint32_t read(std::size_t offset) const noexcept
	{
		return swap(__atomic_load_n(word(offset), __ATOMIC_ACQUIRE));
	}

	void write(std::size_t offset, uint32_t value) noexcept
	{
		__atomic_store_n(word(offset), swap(value), __ATOMIC_RELEASE);
	}

	/// Reads two words as one value, low half first.
	uint64_t read_pair(std::size_t offset) const noexcept
	{
		return read(offset) | uint64_t{read(offset + 4)} << 32;
	}

	/// Part of the memory; its offsets start at 0.
	Words part(std::size_t offset, std::size_t bytes) const noexcept
	{
		return Words(range(offset, bytes));
	}

	std::span<std::byte> range(std::size_t offset, std::size_t bytes) const noexcept
	{
		if (offset > bytes_.size() || bytes > bytes_.size() - offset)
			std::abort();
		return bytes_.subspan(offset, bytes);
	}

	std::size_t size() const noexcept { return bytes_.size(); }

private:
	static constexpr uint32_t swap(uint32_t value) noexcept
	{
		if constexpr (std::endian::native == std::endian::big)
			return __builtin_bswap32(value);
		else
			return value;
	}

	// SAFETY: the memory is aligned, shared words are only touched through __atomic.
	uint32_t *word(std::size_t offset) const noexcept
	{
		if (offset % 4 != 0)
			std::abort();
		return reinterpret_cast<uint32_t *>(range(offset, 4).data());
	}

	std::span<std::byte> bytes_;
};

} // namespace chip_model
