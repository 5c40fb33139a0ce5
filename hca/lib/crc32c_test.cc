// SPDX-License-Identifier: GPL-2.0
#include "hca.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
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

} // namespace
