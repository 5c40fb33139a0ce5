// SPDX-License-Identifier: GPL-2.0
#include "crc32c.h"

#include "hca.h"

#include <cstddef>
#include <span>

namespace libhca {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;	// Castagnoli, bits reversed

constexpr Crc32c::Tables make_tables()
{
	Crc32c::Tables tables{};

	for (uint32_t byte = 0; byte < 256; ++byte) {
		uint32_t value = byte;

		for (int bit = 0; bit < 8; ++bit)
			value = (value >> 1) ^ (value & 1 ? kPolynomial : 0);
		tables[0][byte] = value;
	}
	for (std::size_t after = 1; after < tables.size(); ++after) {
		for (uint32_t byte = 0; byte < 256; ++byte) {
			const uint32_t before = tables[after - 1][byte];

			tables[after][byte] = (before >> 8) ^ tables[0][before & 0xff];
		}
	}
	return tables;
}

} // namespace

constinit const Crc32c::Tables Crc32c::tables = make_tables();

} // namespace libhca

uint32_t hca_crc32c(const void *data, size_t length)
{
	std::span bytes(static_cast<const uint8_t *>(data), length);
	libhca::Crc32c crc;

	for (; bytes.size() >= 4; bytes = bytes.subspan(4))
		crc.add_word(libhca::word_at(bytes.data()));
	for (const uint8_t byte : bytes)
		crc.add_byte(byte);
	return crc.value();
}
