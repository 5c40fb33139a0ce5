// SPDX-License-Identifier: GPL-2.0
#include "dma/core/address.h"

#include <type_traits>

#include <gtest/gtest.h>

namespace dmamap::test {
namespace {

template <class A, class B>
concept Compares = requires(A a, B b) { a < b; };

template <class A, class B>
concept Subtracts = requires(A a, B b) { a - b; };

/* Kinds of addresses that mix are a bug that no test of behaviour finds. */
static_assert(!std::is_convertible_v<std::uint64_t, PhysAddr>);
static_assert(!std::is_constructible_v<PhysAddr, BusAddr>);
static_assert(!std::is_convertible_v<PhysAddr, std::uint64_t>);
static_assert(Compares<CpuAddr, CpuAddr> && !Compares<CpuAddr, BusAddr>);
static_assert(Subtracts<Pfn, Pfn> && !Subtracts<Pfn, PhysAddr>);

TEST(PagesTest, RoundsBytesUp)
{
	struct Case {
		std::uint64_t bytes;
		std::uint64_t pages;
	};
	const Case cases[] = {
		{1, 1},
		{4095, 1},
		{4096, 1},
		{4097, 2},
		{8192, 2},
		{((std::uint64_t{1} << 31) - 1) * 4096, (std::uint64_t{1} << 31) - 1},
	};

	for (const Case &c : cases) {
		auto pages = pages_of_bytes(c.bytes);

		ASSERT_TRUE(pages) << c.bytes;
		EXPECT_EQ(pages->count(), c.pages) << c.bytes;
		EXPECT_GE(pages->bytes(), c.bytes);
		EXPECT_LT(pages->bytes() - c.bytes, kPageBytes);
	}
}

TEST(PagesTest, RefusesNothingAndTooMuch)
{
	constexpr std::uint64_t most = ((std::uint64_t{1} << 31) - 1) * 4096;

	EXPECT_EQ(pages_of_bytes(0), fail(Errno::inval));
	for (std::uint64_t bytes : {most + 1, std::uint64_t{1} << 63, ~std::uint64_t{0} - 4095,
				    ~std::uint64_t{0} - 4094, ~std::uint64_t{0}})
		EXPECT_EQ(pages_of_bytes(bytes), fail(Errno::overflow)) << bytes;
}

TEST(PagesTest, AreRoundedUpToWholeUnits)
{
	for (std::uint64_t unit : {1, 4, 512, 1024})
		for (std::uint64_t units : {1, 2, 7})
			for (std::uint64_t less : {std::uint64_t{0}, unit / 2, unit - 1}) {
				const std::uint64_t pages = units * unit - less;

				EXPECT_EQ(whole_units(Pages(pages), Pages(unit)).count(),
					  units * unit)
					<< pages << " in units of " << unit;
			}
	EXPECT_EQ(whole_units(Pages(), Pages(4)), Pages());
}

TEST(AddressTest, StartsAtNothing)
{
	EXPECT_EQ(CpuAddr().raw(), 0u);
	EXPECT_EQ(Pages().count(), 0u);
}

TEST(AddressTest, FramesAndBytesConvert)
{
	EXPECT_EQ(to_pfn(PhysAddr(0x12345fff)), Pfn(0x12345));
	EXPECT_EQ(to_phys(Pfn(0x12345)), PhysAddr(0x12345000));
	/* Physical addresses of LPAE and PAE have more than 32 bits. */
	EXPECT_EQ(to_phys(Pfn(0xfffffff)), PhysAddr(0xfffffff000));
	EXPECT_TRUE(page_aligned(0));
	EXPECT_TRUE(page_aligned(0x12345000));
	EXPECT_FALSE(page_aligned(0x12345001));
	EXPECT_FALSE(page_aligned(0x12345fff));
}

TEST(FrameRunTest, EndsBehindItsLastFrame)
{
	EXPECT_EQ((FrameRun{Pfn(10), Pages(3)}).end(), Pfn(13));
	EXPECT_EQ((FrameRun{Pfn(10), Pages()}).end(), Pfn(10));
}

} // namespace
} // namespace dmamap::test
