// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <array>
#include <cstdint>

namespace libhca {

/// Four bytes as a number, the first in the lowest bits. One load where the CPU is little-endian
/// and takes any address: compilers know this form.
inline uint32_t word_at(const uint8_t *bytes) noexcept
{
	return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 |
	       uint32_t{bytes[3]} << 24;
}

/// CRC-32C of bytes that are added one after the other.
class Crc32c {
public:
	/// The effect of a byte on the CRC, by the number of bytes after it: 0, 1, 2 or 3.
	using Tables = std::array<std::array<uint32_t, 256>, 4>;

	/// Adds four bytes, as word_at() returns them.
	void add_word(uint32_t word) noexcept
	{
		const uint32_t mixed = crc_ ^ word;

		crc_ = tables[3][mixed & 0xff] ^ tables[2][mixed >> 8 & 0xff] ^
		       tables[1][mixed >> 16 & 0xff] ^ tables[0][mixed >> 24];
	}

	void add_byte(uint8_t byte) noexcept
	{
		crc_ = (crc_ >> 8) ^ tables[0][(crc_ ^ byte) & 0xff];
	}

	/// The CRC of all bytes so far; 0 without any.
	uint32_t value() const noexcept { return ~crc_; }

private:
	static const Tables tables;

	uint32_t crc_ = ~uint32_t{0};
};

} // namespace libhca
