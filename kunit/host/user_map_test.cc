// SPDX-License-Identifier: GPL-2.0
#include "dma/core/user_map.h"

#include <vector>

#include <gtest/gtest.h>

namespace dmamap::test {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};
constexpr std::uint64_t kTop = kMax - 4095;   // the last page-aligned number
constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;

constexpr UserSegment kPage{4096, 0, 4096};

TEST(TotalBytesTest, AddsSegmentsUp)
{
	struct Case {
		const char *name;
		std::vector<UserSegment> segments;
		Result<std::uint64_t> expect;
	};
	const Case cases[] = {
		{"none", {}, fail(Errno::inval)},
		{"one page", {kPage}, 4096},
		{"the end of a region", {{16384, 12288, 4096}}, 4096},
		{"three of one region, backwards",
		 {{16384, 8192, 4096}, {16384, 4096, 4096}, {16384, 0, 4096}}, 12288},
		{"the same page twice", {kPage, kPage}, 8192},
		{"the largest", {{kTop, 0, kTop}}, kTop},

		{"no bytes", {{4096, 0, 0}}, fail(Errno::inval)},
		{"no bytes at the end", {kPage, {4096, 4096, 0}}, fail(Errno::inval)},
		{"bytes unaligned", {{8192, 0, 4097}}, fail(Errno::inval)},
		{"less than a page", {{8192, 0, 1}}, fail(Errno::inval)},
		{"offset unaligned", {{8192, 1, 4096}}, fail(Errno::inval)},
		{"longer than the region", {{4096, 0, 8192}}, fail(Errno::inval)},
		{"one page over the end", {{8192, 4096, 8192}}, fail(Errno::inval)},
		{"offset at the end", {{4096, 4096, 4096}}, fail(Errno::inval)},
		{"offset beyond the end", {{4096, 8192, 4096}}, fail(Errno::inval)},
		{"empty region", {{0, 0, 4096}}, fail(Errno::inval)},
		{"second one bad", {kPage, {4096, 0, 8192}}, fail(Errno::inval)},

		{"offset + bytes wraps to 0", {{8192, kTop, 4096}}, fail(Errno::inval)},
		{"offset + bytes wraps into the region", {{8192, kTop, 8192}}, fail(Errno::inval)},
		{"huge bytes", {{8192, 4096, kTop}}, fail(Errno::inval)},
		{"sum wraps to 0", {{kHalf, 0, kHalf}, {kHalf, 0, kHalf}}, fail(Errno::overflow)},
		{"sum wraps, and its segment is bad", {{kTop, 0, kTop}, {4096, 0, 8192}},
		 fail(Errno::inval)},
		{"sum wraps to a page", {{kTop, 0, kTop}, {8192, 0, 8192}},
		 fail(Errno::overflow)},
	};

	for (const Case &c : cases)
		EXPECT_EQ(total_bytes(c.segments), c.expect) << c.name;
}

constexpr UserRequest asks(unsigned bits, std::uint64_t bytes = 4096)
{
	return {.shared = true,
		.read = (bits & 1) != 0,
		.write = (bits & 2) != 0,
		.execute = (bits & 4) != 0,
		.bytes = bytes};
}

TEST(AdmitTest, GrantsNoAccessBeyondWhatTheDriverAllows)
{
	for (unsigned asked = 0; asked < 8; ++asked)
		for (unsigned allowed = 0; allowed < 4; ++allowed) {
			auto said = admit(asks(asked),
					  {.read = (allowed & 1) != 0, .write = (allowed & 2) != 0},
					  std::span(&kPage, 1));

			if ((asked & ~allowed) == 0)
				EXPECT_TRUE(said) << asked << " of " << allowed;
			else
				EXPECT_EQ(said, fail(Errno::access)) << asked << " of " << allowed;
		}
}

TEST(AdmitTest, NothingIsAskedOrAllowedUnlessSomebodySaysSo)
{
	const UserRequest request;
	const UserAccess allowed;
	const UserSegment segment;

	EXPECT_FALSE(request.shared || request.read || request.write || request.execute);
	EXPECT_EQ(request.bytes, 0u);
	EXPECT_FALSE(allowed.read || allowed.write);
	EXPECT_EQ(segment.region_bytes, 0u);
	EXPECT_EQ(segment.offset, 0u);
	EXPECT_EQ(segment.bytes, 0u);
}

TEST(AdmitTest, RefusesPrivateMappings)
{
	for (unsigned asked = 0; asked < 4; ++asked) {
		UserRequest request = asks(asked);

		request.shared = false;
		EXPECT_EQ(admit(request, {true, true}, std::span(&kPage, 1)), fail(Errno::inval));
		EXPECT_EQ(admit(request, {}, std::span(&kPage, 1)), fail(Errno::inval));
	}
}

TEST(AdmitTest, LengthIsAtMostThatOfAllSegments)
{
	const UserSegment segments[] = {kPage, {16384, 4096, 8192}};

	for (std::uint64_t bytes : {4096, 8192, 12288})
		EXPECT_TRUE(admit(asks(1, bytes), {true, true}, segments)) << bytes;
	for (std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{12289}, std::uint64_t{16384},
				    kTop, kMax})
		EXPECT_EQ(admit(asks(1, bytes), {true, true}, segments), fail(Errno::inval))
			<< bytes;
}

TEST(AdmitTest, SaysWhatIsWrongWithTheSegments)
{
	const UserSegment wraps[] = {{kHalf, 0, kHalf}, {kHalf, 0, kHalf}};
	const UserSegment bad{8192, kTop, 8192};

	EXPECT_EQ(admit(asks(1), {true, true}, {}), fail(Errno::inval));
	EXPECT_EQ(admit(asks(1), {true, true}, wraps), fail(Errno::overflow));
	EXPECT_EQ(admit(asks(1), {true, true}, std::span(&bad, 1)), fail(Errno::inval));
}

TEST(LayOutTest, EachSegmentBeginsWhereTheLastOneEnds)
{
	UserSegment segments[] = {{16384, 8192, 8192}, {4096, 0, 4096}, {16384, 0, 8192}, kPage};
	const std::uint64_t expected[] = {0, 2, 3, 5};

	lay_out(segments);
	for (std::size_t i = 0; i < std::size(expected); ++i)
		EXPECT_EQ(segments[i].first, expected[i]) << i;
}

TEST(LocateTest, WalksSegmentsInTheirOrder)
{
	UserSegment segments[] = {
		{16384, 8192, 8192},   // pages 2, 3
		{4096, 0, 4096},       // page 0
		{16384, 0, 8192},      // pages 0, 1: of the first region again
	};
	const UserPage expected[] = {{0, 2}, {0, 3}, {1, 0}, {2, 0}, {2, 1}};

	lay_out(segments);
	for (std::uint64_t page = 0; page < std::size(expected); ++page) {
		auto found = locate(segments, page);

		ASSERT_TRUE(found) << page;
		EXPECT_EQ(found->segment, expected[page].segment) << page;
		EXPECT_EQ(found->region_page, expected[page].region_page) << page;
	}
}

TEST(LocateTest, FindsEachPageOfAnyNumberOfSegments)
{
	for (std::size_t count = 1; count < 40; ++count) {
		std::vector<UserSegment> segments;
		std::vector<UserPage> pages;

		for (std::size_t i = 0; i < count; ++i) {
			const std::uint64_t length = 1 + i % 3;

			segments.push_back({1 << 20, i * 4096, length * 4096});
			for (std::uint64_t page = 0; page < length; ++page)
				pages.push_back({i, i + page});
		}
		lay_out(segments);
		for (std::size_t page = 0; page < pages.size(); ++page) {
			const auto found = locate(segments, page);

			ASSERT_TRUE(found) << page << " of " << count;
			EXPECT_EQ(found->segment, pages[page].segment);
			EXPECT_EQ(found->region_page, pages[page].region_page);
		}
		EXPECT_FALSE(locate(segments, pages.size()));
	}
}

TEST(LocateTest, OneSegmentBeginsWithItsMapping)
{
	const UserSegment segment = kPage;

	EXPECT_EQ(segment.first, 0u);
	EXPECT_TRUE(locate({&segment, 1}, 0));
}

TEST(LocateTest, FindsNothingBeyondTheEnd)
{
	UserSegment segments[] = {kPage, {16384, 4096, 8192}};

	lay_out(segments);
	for (std::uint64_t page : {std::uint64_t{3}, std::uint64_t{4}, std::uint64_t{1} << 32,
				   kMax >> 12, kMax})
		EXPECT_FALSE(locate(segments, page)) << page;
	EXPECT_FALSE(locate({segments, 1}, std::uint64_t{1} << 32));
	EXPECT_FALSE(locate({}, 0));
}

} // namespace
} // namespace dmamap::test
