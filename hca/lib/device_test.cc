// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <limits>

extern "C" int hca_c_header_kinds(void);

namespace libhca {
namespace {

hca_context_info sane()
{
	hca_context_info info{};

	info.abi = HCA_ABI_VERSION;
	info.pio_buffers = 8;
	info.eager_buffers = 64;
	info.header_entries = 128;
	info.kind[HCA_KIND_REGISTERS].bytes = 4096;
	info.kind[HCA_KIND_PIO].bytes = 16384;
	info.kind[HCA_KIND_EAGER].bytes = 64 * 2048;
	info.kind[HCA_KIND_HEADERS].bytes = 4096;
	info.kind[HCA_KIND_PIO_AVAIL].bytes = 4096;
	return info;
}

TEST(Device, TakesAnInfoThatMakesSense)
{
	EXPECT_TRUE(makes_sense(sane()));
}

TEST(Device, RefusesAnInfoThatLeadsOutsideOfAMapping)
{
	const std::function<void(hca_context_info &)> spoilers[] = {
		[](auto &info) { info.pio_buffers = 0; },
		[](auto &info) { info.pio_buffers = 9; },
		[](auto &info) { info.eager_buffers = 0; },
		[](auto &info) { info.eager_buffers = 65; },
		[](auto &info) { info.eager_buffers = std::numeric_limits<uint32_t>::max(); },
		[](auto &info) { info.header_entries = 0; },
		[](auto &info) { info.header_entries = 127; },
		[](auto &info) { info.header_entries = 256; },
		[](auto &info) { info.header_entries = 0x80000000; },
		[](auto &info) { info.kind[HCA_KIND_REGISTERS].bytes = 0; },
		[](auto &info) { info.kind[HCA_KIND_PIO].bytes = 16383; },
		[](auto &info) { info.kind[HCA_KIND_PIO_AVAIL].bytes = 2048; },
	};

	for (std::size_t i = 0; i < std::size(spoilers); ++i) {
		hca_context_info info = sane();

		spoilers[i](info);
		EXPECT_FALSE(makes_sense(info)) << i;
	}
}

TEST(Open, ReturnsWhatTheSystemSays)
{
	hca *handle = nullptr;

	EXPECT_EQ(hca_open("/nowhere/hca0", &handle), -ENOENT);
	EXPECT_EQ(hca_open("/dev/null", &handle), -ENOTTY);
	EXPECT_EQ(handle, nullptr);
	EXPECT_EQ(hca_open("/dev/null", nullptr), -EINVAL);
	hca_close(nullptr);
}

TEST(CHeader, SaysTheSameInC)
{
	EXPECT_EQ(hca_c_header_kinds(), int{HCA_KINDS});
}

} // namespace
} // namespace libhca
