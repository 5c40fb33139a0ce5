// SPDX-License-Identifier: GPL-2.0
#include "hca.h"

#include <array>
#include <cstdint>
#include <span>

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;	// Castagnoli, bits reversed

constexpr std::array<uint32_t, 256> make_table()
{
	std::array<uint32_t, 256> table{};

	for (uint32_t byte = 0; byte < table.size(); ++byte) {
		uint32_t value = byte;

		for (int bit = 0; bit < 8; ++bit)
			value = (value >> 1) ^ (value & 1 ? kPolynomial : 0);
		table[byte] = value;
	}
	return table;
}

constexpr auto kTable = make_table();

} // namespace

uint32_t hca_crc32c(const void *data, size_t length)
{
	uint32_t crc = ~uint32_t{0};

	for (const uint8_t byte : std::span(static_cast<const uint8_t *>(data), length))
		crc = (crc >> 8) ^ kTable[(crc ^ byte) & 0xff];
	return ~crc;
}
