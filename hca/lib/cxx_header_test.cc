// SPDX-License-Identifier: GPL-2.0
// The C++ header compiles, and errors are values.
#include "hca.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <type_traits>

namespace libhca {
namespace {

static_assert(std::is_nothrow_move_constructible_v<Context> &&
	      !std::is_copy_constructible_v<Context>);

TEST(CxxHeader, ErrorsAreValues)
{
	EXPECT_EQ(Context::open({}, "/nowhere").error(), Error{-ENOENT});
	EXPECT_EQ(Context::open({}, "/dev/null").error(), Error{-ENOTTY});
	EXPECT_EQ(Context::open({.flags = 0, .context = 0, .partition = 0,
				 .reserved = {0, 0, 0, 0, 1}}, "/dev/null").error(), Error{-EINVAL});
}

TEST(CxxHeader, Addresses)
{
	EXPECT_EQ(static_cast<uint32_t>(address(2, 5)), 0x20005u);
}

TEST(CxxHeader, AMessageKnowsWhetherItIsIntact)
{
	const std::byte payload[] = {std::byte{1}, std::byte{2}};
	Message message{payload, address(0, 0), 0, hca_crc32c(payload, sizeof(payload))};

	EXPECT_TRUE(message.intact());
	++message.checksum;
	EXPECT_FALSE(message.intact());
}

} // namespace
} // namespace libhca
