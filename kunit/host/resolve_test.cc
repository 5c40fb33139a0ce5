// SPDX-License-Identifier: GPL-2.0
#include "dma/core/region.h"

#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

constexpr Region kRegion{
	.run = {Pfn(0x400), Pages(3)},
	.cpu = CpuAddr(0xf0010000),
	.bus = BusAddr(0x80400000),
	.strategy = StrategyId::unmap,
	.attribute = Attribute::coherent,
	.behind = Behind::reserved,
};
constexpr std::uint64_t kBytes = kRegion.run.pages.bytes();

TEST(ResolveTest, EveryByteNamesItsFrame)
{
	for (std::uint64_t byte = 0; byte < kBytes; ++byte) {
		auto found = resolve(kRegion, kRegion.cpu + byte, kRegion.bus + byte);

		ASSERT_TRUE(found) << byte;
		ASSERT_EQ(found->pfn, Pfn(0x400 + byte / 4096)) << byte;
		ASSERT_EQ(found->behind, Behind::reserved);
		ASSERT_EQ(found->attribute, Attribute::coherent);
	}
}

TEST(ResolveTest, PairsThatNameDifferentBytesAreRefused)
{
	/* Every line edge and its neighbours, in all pairs. */
	std::vector<std::uint64_t> bytes;

	for (std::uint64_t edge = 0; edge <= kBytes; edge += 512)
		for (std::uint64_t byte : {edge - 1, edge, edge + 1})
			bytes.push_back(byte);
	for (std::uint64_t cpu : bytes)
		for (std::uint64_t bus : bytes) {
			auto found = resolve(kRegion, kRegion.cpu + cpu, kRegion.bus + bus);

			ASSERT_EQ(found.has_value(), cpu == bus && cpu < kBytes)
				<< cpu << " " << bus;
			ASSERT_EQ(why(found).value_or(Errno::inval), Errno::inval);
		}
}

TEST(ResolveTest, AddressesOutsideAreRefused)
{
	struct Case {
		const char *name;
		CpuAddr cpu;
		BusAddr bus;
	};
	constexpr std::uint64_t far = ~std::uint64_t{0};
	const Case cases[] = {
		{"both before", CpuAddr(kRegion.cpu.raw() - 1), BusAddr(kRegion.bus.raw() - 1)},
		{"one past the end", kRegion.cpu + kBytes, kRegion.bus + kBytes},
		{"null", CpuAddr(), BusAddr()},
		{"cpu null", CpuAddr(), kRegion.bus},
		{"bus null", kRegion.cpu, BusAddr()},
		{"last addresses", CpuAddr(far), BusAddr(far)},
		{"bus of another region", kRegion.cpu, kRegion.bus + (1 << 20)},
		{"bus 4 GiB off", kRegion.cpu, kRegion.bus + (std::uint64_t{1} << 32)},
		{"cpu of another region", kRegion.cpu + (1 << 20), kRegion.bus},
	};

	for (const Case &c : cases)
		EXPECT_EQ(why(resolve(kRegion, c.cpu, c.bus)), Errno::inval) << c.name;
}

TEST(ResolveTest, WrongOffsetOfTheDeviceIsRefused)
{
	/* A physical address where the bus address belongs. */
	EXPECT_EQ(why(resolve(kRegion, kRegion.cpu, BusAddr(to_phys(kRegion.run.first).raw()))),
		  Errno::inval);
}

TEST(ResolveTest, RegionAtTheEndOfTheAddressSpace)
{
	constexpr std::uint64_t last = std::uint64_t{0} - 4096;
	const Region top{
		.run = {Pfn(1), Pages(1)}, .cpu = CpuAddr(last), .bus = BusAddr(last)};

	EXPECT_TRUE(resolve(top, CpuAddr(last), BusAddr(last)));
	EXPECT_TRUE(resolve(top, CpuAddr(~std::uint64_t{0}), BusAddr(~std::uint64_t{0})));
	EXPECT_FALSE(resolve(top, CpuAddr(last - 1), BusAddr(last - 1)));
	EXPECT_FALSE(resolve(top, CpuAddr(), BusAddr()));
}

TEST(ResolveTest, FramesAndRegionsMayNeedMoreThan32Bits)
{
	constexpr std::uint64_t four_gib = std::uint64_t{1} << 32;
	Region large = kRegion;

	large.run = {Pfn(four_gib), Pages(2 << 20)};
	for (std::uint64_t offset : {std::uint64_t{0}, four_gib, 2 * four_gib - 1}) {
		auto found = resolve(large, large.cpu + offset, large.bus + offset);

		ASSERT_TRUE(found) << offset;
		EXPECT_EQ(found->pfn, Pfn(four_gib + offset / 4096)) << offset;
	}
	EXPECT_FALSE(resolve(large, large.cpu + 2 * four_gib, large.bus + 2 * four_gib));
	EXPECT_FALSE(resolve(large, large.cpu + four_gib, large.bus));
}

TEST(RegionTest, IsAnOrdinaryPageUnlessSomebodySaysSo)
{
	const Region region;

	EXPECT_EQ(region.strategy, StrategyId::snooped);
	EXPECT_EQ(region.attribute, Attribute::cached);
	EXPECT_EQ(region.behind, Behind::page);
	EXPECT_FALSE(region.flipped());
}

TEST(ResolveTest, EmptyRegionResolvesNothing)
{
	EXPECT_FALSE(resolve(Region{}, CpuAddr(), BusAddr()));
}

TEST(ResolveTest, AnswerHasTheTagOfTheRegion)
{
	for (Behind behind : {Behind::page, Behind::reserved, Behind::device})
		for (Attribute attribute : {Attribute::cached, Attribute::coherent,
					    Attribute::uncached, Attribute::write_combine}) {
			Region region = kRegion;

			region.behind = behind;
			region.attribute = attribute;
			auto found = resolve(region, region.cpu, region.bus);
			ASSERT_TRUE(found);
			EXPECT_EQ(found->behind, behind);
			EXPECT_EQ(found->attribute, attribute);
		}
}

} // namespace
} // namespace dmamap::test
