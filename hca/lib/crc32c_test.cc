// SPDX-License-Identifier: GPL-2.0
#include "hca.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

namespace {

// Check values of RFC 3720 (iSCSI), B.4, and the usual one of "123456789".
TEST(Crc32c, AgreesWithPublishedValues)
{
	std::vector<uint8_t> bytes(32);

	EXPECT_EQ(hca_crc32c("123456789", 9), 0xe3069283u);
	EXPECT_EQ(hca_crc32c(nullptr, 0), 0u);
	EXPECT_EQ(hca_crc32c(bytes.data(), bytes.size()), 0x8a9136aau);

	std::ranges::fill(bytes, 0xff);
	EXPECT_EQ(hca_crc32c(bytes.data(), bytes.size()), 0x62a8ab43u);

	std::iota(bytes.begin(), bytes.end(), 0);
	EXPECT_EQ(hca_crc32c(bytes.data(), bytes.size()), 0x46dd794eu);

	std::ranges::reverse(bytes);
	EXPECT_EQ(hca_crc32c(bytes.data(), bytes.size()), 0x113fdb5cu);
}

uint32_t by_the_definition(std::span<const uint8_t> bytes)
{
	uint32_t crc = ~uint32_t{0};

	for (const uint8_t byte : bytes) {
		crc ^= byte;
		for (int bit = 0; bit < 8; ++bit)
			crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

// Whole words and the bytes beside them, at every place of the payload.
TEST(Crc32c, IsTheSameForEachLengthAndPlace)
{
	std::vector<uint8_t> bytes(64);
	uint32_t random = 1;

	for (uint8_t &byte : bytes)
		byte = static_cast<uint8_t>((random = random * 1664525 + 1013904223) >> 24);
	for (std::size_t begin = 0; begin < 8; ++begin) {
		for (std::size_t length = 0; length <= bytes.size() - begin; ++length) {
			const auto part = std::span(bytes).subspan(begin, length);

			EXPECT_EQ(hca_crc32c(part.data(), length), by_the_definition(part))
				<< begin << " " << length;
		}
	}
}

} // namespace
