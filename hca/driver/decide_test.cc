// SPDX-License-Identifier: GPL-2.0
#include "decide.h"

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "../include/hca_abi.h"

namespace {

TEST(HcaState, OnlyAliveOpens)
{
	EXPECT_EQ(hca_state_errno(HCA_STATE_ALIVE), 0);
	EXPECT_EQ(hca_state_errno(HCA_STATE_DEAD), -EIO);
	EXPECT_EQ(hca_state_errno(HCA_STATE_GONE), -ENODEV);
	EXPECT_EQ(hca_state_errno(77), -ENODEV);
}

struct RequestCase {
	const char *name;
	std::uint32_t abi;
	std::uint32_t flags;
	std::uint32_t context;
	std::uint32_t partition;
	std::array<std::uint32_t, 3> reserved;
	std::int32_t expect;
};

TEST(HcaRequest, EveryField)
{
	const std::uint32_t abi = HCA_ABI_VERSION;
	const RequestCase cases[] = {
		{"right", abi, 0, 0, 0, {}, 0},
		{"a number that is not asked for", abi, 0, 4711, 0, {}, 0},
		{"no version", 0, 0, 0, 0, {}, -EINVAL},
		{"later version", abi + 1, 0, 0, 0, {}, -EINVAL},
		{"first reserved word", abi, 0, 0, 0, {1, 0, 0}, -EINVAL},
		{"last reserved word", abi, 0, 0, 0, {0, 0, 0x80000000u}, -EINVAL},
		{"a number", abi, HCA_OPEN_NUMBER, HCA_CONTEXTS - 1, 0, {}, 0},
		{"a number too large", abi, HCA_OPEN_NUMBER, HCA_CONTEXTS, 0, {}, -EINVAL},
		{"the number for any", abi, HCA_OPEN_NUMBER, ~0u, 0, {}, -EINVAL},
		{"unknown flag", abi, 2, 0, 0, {}, -EINVAL},
		{"unknown flag", abi, 0x80000000u, 0, 0, {}, -EINVAL},
		{"a partition", abi, 0, 0, HCA_PARTITION_USER - 1, {}, 0},
		{"another user's partition", abi, 0, 0, HCA_PARTITION_USER, {}, -EINVAL},
		{"another user's partition", abi, 0, 0, ~0u, {}, -EINVAL},
	};

	for (const RequestCase &c : cases) {
		const hca_request request = {c.abi, c.flags, c.context, c.partition,
					     c.reserved.data(), std::uint32_t(c.reserved.size())};
		std::uint32_t context = 77;

		EXPECT_EQ(hca_request_check(&request, abi, &context), c.expect) << c.name;
		if (c.expect)
			EXPECT_EQ(context, 77u) << c.name;
		else
			EXPECT_EQ(context, c.flags ? c.context : HCA_ANY_CONTEXT) << c.name;
	}
}

TEST(HcaPartition, OwnIsTheUsers)
{
	const hca_partitions none = {};
	std::uint32_t root = 0, other = 0, key = 5;

	EXPECT_EQ(hca_partition_key(&none, HCA_PARTITION_OWN, 0, &root), 0);
	EXPECT_EQ(hca_partition_key(&none, HCA_PARTITION_OWN, 1000, &other), 0);
	EXPECT_EQ(root, HCA_PARTITION_USER);
	EXPECT_EQ(other, HCA_PARTITION_USER + 1000);

	// Two users never share a key, whatever their numbers.
	EXPECT_EQ(hca_partition_key(&none, HCA_PARTITION_OWN, 0x80000000u, &key), -EACCES);
	EXPECT_EQ(hca_partition_key(&none, HCA_PARTITION_OWN, ~0u, &key), -EACCES);
	EXPECT_EQ(key, 5u);
}

TEST(HcaPartition, OthersWhenTheyAreOpen)
{
	const std::array<std::uint32_t, 3> keys = {7, 9, HCA_PARTITION_USER - 1};
	hca_partitions open = {};
	std::uint32_t key = 5;

	EXPECT_EQ(hca_partition_key(&open, 7, 0, &key), -EACCES);
	ASSERT_EQ(hca_partitions_set(&open, keys.data(), keys.size()), 0);
	EXPECT_EQ(hca_partition_key(&open, 8, 0, &key), -EACCES);
	EXPECT_EQ(key, 5u);
	for (const std::uint32_t wanted : keys) {
		EXPECT_EQ(hca_partition_key(&open, wanted, 1000, &key), 0);
		EXPECT_EQ(key, wanted);
	}
	ASSERT_EQ(hca_partitions_set(&open, keys.data(), 1), 0);
	EXPECT_EQ(hca_partition_key(&open, 9, 1000, &key), -EACCES);
	ASSERT_EQ(hca_partitions_set(&open, nullptr, 0), 0);
	EXPECT_EQ(hca_partition_key(&open, 7, 1000, &key), -EACCES);
}

TEST(HcaPartition, ABadListChangesNothing)
{
	const std::array<std::uint32_t, HCA_PARTITIONS + 1> many = {1, 2, 3};
	const std::uint32_t good = 7;
	hca_partitions open = {};
	std::uint32_t key = 0;

	ASSERT_EQ(hca_partitions_set(&open, &good, 1), 0);
	EXPECT_EQ(hca_partitions_set(&open, many.data(), many.size()), -ENOSPC);
	for (const std::uint32_t bad : {HCA_PARTITION_OWN + 0u, HCA_PARTITION_USER, ~0u}) {
		const std::array<std::uint32_t, 2> keys = {8, bad};

		EXPECT_EQ(hca_partitions_set(&open, keys.data(), keys.size()), -EINVAL) << bad;
	}
	EXPECT_EQ(hca_partition_key(&open, 7, 0, &key), 0);
	EXPECT_EQ(hca_partition_key(&open, 8, 0, &key), -EACCES);
}

TEST(HcaContexts, TakesEachOnceThenRefuses)
{
	hca_contexts contexts = {};

	for (int n = 0; n < HCA_CONTEXTS; n++) {
		EXPECT_EQ(hca_contexts_take(&contexts, HCA_ANY_CONTEXT), n);
		EXPECT_EQ(hca_contexts_count(&contexts), static_cast<std::uint32_t>(n + 1));
	}
	EXPECT_EQ(hca_contexts_take(&contexts, HCA_ANY_CONTEXT), -ENOSPC);
	EXPECT_EQ(hca_contexts_count(&contexts), static_cast<std::uint32_t>(HCA_CONTEXTS));
}

TEST(HcaContexts, GivenBackIsTakenAgain)
{
	hca_contexts contexts = {};

	for (int n = 0; n < HCA_CONTEXTS; n++)
		hca_contexts_take(&contexts, HCA_ANY_CONTEXT);
	hca_contexts_give(&contexts, 5);
	hca_contexts_give(&contexts, 5);
	hca_contexts_give(&contexts, 500);
	EXPECT_EQ(hca_contexts_count(&contexts), HCA_CONTEXTS - 1u);
	EXPECT_EQ(hca_contexts_take(&contexts, HCA_ANY_CONTEXT), 5);
	EXPECT_EQ(hca_contexts_take(&contexts, HCA_ANY_CONTEXT), -ENOSPC);
}

TEST(HcaContexts, OneThatIsAskedFor)
{
	hca_contexts contexts = {};

	EXPECT_EQ(hca_contexts_take(&contexts, 5), 5);
	EXPECT_EQ(hca_contexts_take(&contexts, 5), -EBUSY);
	EXPECT_EQ(hca_contexts_take(&contexts, HCA_CONTEXTS), -EINVAL);
	EXPECT_EQ(hca_contexts_take(&contexts, HCA_CONTEXTS - 1), HCA_CONTEXTS - 1);
	EXPECT_EQ(hca_contexts_count(&contexts), 2u);
	hca_contexts_give(&contexts, 5);
	EXPECT_EQ(hca_contexts_take(&contexts, 5), 5);
}

TEST(HcaPlan, AccessOfEachKind)
{
	const std::uint32_t read = HCA_PLAN_READ, write = HCA_PLAN_WRITE;
	const std::array<std::uint32_t, HCA_KINDS> expect = {
		read | write, // registers
		write,        // PIO
		read,         // eager
		read | write, // headers
		read,         // PIO available
	};

	for (std::uint32_t kind = 0; kind < HCA_KINDS; kind++) {
		hca_plan plan = {};

		ASSERT_EQ(hca_plan_of(0, kind, &plan), 0);
		EXPECT_EQ(plan.access, expect[kind]) << kind;
	}
}

TEST(HcaPlan, SegmentsFitTheirSources)
{
	for (std::uint32_t n = 0; n < HCA_CONTEXTS; n++) {
		for (std::uint32_t kind = 0; kind < HCA_KINDS; kind++) {
			hca_plan plan = {};
			std::uint32_t bytes = 0;

			ASSERT_EQ(hca_plan_of(n, kind, &plan), 0);
			ASSERT_GE(plan.count, 1u);
			ASSERT_LE(plan.count, static_cast<std::uint32_t>(HCA_EAGER_SEGMENTS));
			for (std::uint32_t i = 0; i < plan.count; i++) {
				const hca_plan_segment &s = plan.segment[i];

				EXPECT_EQ(s.offset % HCA_PAGE_BYTES, 0u);
				EXPECT_EQ(s.bytes % HCA_PAGE_BYTES, 0u);
				EXPECT_GT(s.bytes, 0u);
				if (s.source < HCA_COHERENT_SOURCES) {
					EXPECT_EQ(s.offset, 0u);
					EXPECT_EQ(s.bytes, hca_source_bytes(s.source));
				}
				bytes += s.bytes;
			}
			EXPECT_EQ(plan.bytes, bytes);
		}
	}
}

/// No byte of the window may be in the mappings of two contexts, and none
/// outside the user pages and the PIO buffers may be in any.
TEST(HcaPlan, ContextsShareNoPageOfTheWindow)
{
	std::set<std::uint32_t> seen;

	for (std::uint32_t n = 0; n < HCA_CONTEXTS; n++) {
		for (const std::uint32_t kind : {HCA_PLAN_REGISTERS, HCA_PLAN_PIO}) {
			const bool pio = kind == HCA_PLAN_PIO;
			hca_plan plan = {};

			ASSERT_EQ(hca_plan_of(n, kind, &plan), 0);
			ASSERT_EQ(plan.count, 1u);
			ASSERT_EQ(plan.segment[0].source,
				  static_cast<std::uint32_t>(pio ? HCA_SOURCE_PIO : HCA_SOURCE_USERS));

			const std::uint32_t base = pio ? HCA_PIO(0) : HCA_USER_PAGE(0);
			const std::uint32_t first = base + plan.segment[0].offset;

			EXPECT_EQ(first, static_cast<std::uint32_t>(pio ? HCA_PIO(n) : HCA_USER_PAGE(n)));
			for (std::uint32_t at = first; at < first + plan.bytes; at += HCA_PAGE_BYTES) {
				EXPECT_TRUE(seen.insert(at).second) << at;
				EXPECT_LT(at, static_cast<std::uint32_t>(HCA_WINDOW_BYTES));
			}
		}
	}
}

TEST(HcaPlan, EagerHasAllSegmentsInOrder)
{
	hca_plan plan = {};

	ASSERT_EQ(hca_plan_of(3, HCA_PLAN_EAGER, &plan), 0);
	ASSERT_EQ(plan.count, static_cast<std::uint32_t>(HCA_EAGER_SEGMENTS));
	for (std::uint32_t i = 0; i < plan.count; i++)
		EXPECT_EQ(plan.segment[i].source, HCA_SOURCE_EAGER + i);
	EXPECT_EQ(plan.bytes, HCA_EAGER_BUFFERS * static_cast<std::uint32_t>(HCA_EAGER_BYTES));
}

TEST(HcaPlan, RefusesWhatDoesNotExist)
{
	hca_plan plan;

	std::memset(&plan, 0x5a, sizeof(plan));
	const hca_plan before = plan;
	EXPECT_EQ(hca_plan_of(HCA_CONTEXTS, 0, &plan), -EINVAL);
	EXPECT_EQ(hca_plan_of(0, HCA_KINDS, &plan), -EINVAL);
	EXPECT_EQ(hca_plan_of(~0u, ~0u, &plan), -EINVAL);
	EXPECT_EQ(std::memcmp(&plan, &before, sizeof(plan)), 0);
}

TEST(HcaPlan, OffsetsNameKindsExactly)
{
	for (std::uint32_t kind = 0; kind < HCA_KINDS; kind++) {
		EXPECT_EQ(hca_plan_offset(HCA_MAP_OFFSET(kind)), static_cast<std::int32_t>(kind));
		EXPECT_EQ(hca_plan_offset(HCA_MAP_OFFSET(kind) + HCA_PAGE_BYTES), -EINVAL);
		EXPECT_EQ(hca_plan_offset(HCA_MAP_OFFSET(kind) + 1), -EINVAL);
	}
	EXPECT_EQ(hca_plan_offset(HCA_MAP_OFFSET(HCA_KINDS)), -EINVAL);
	EXPECT_EQ(hca_plan_offset(std::uint64_t{1} << 56), -EINVAL);
	EXPECT_EQ(hca_plan_offset(~std::uint64_t{0}), -EINVAL);
}

TEST(HcaSource, CoherentBytes)
{
	EXPECT_EQ(hca_source_bytes(HCA_SOURCE_HEADERS), HCA_HEADER_ENTRIES * HCA_HDR_BYTES);
	EXPECT_EQ(hca_source_bytes(HCA_SOURCE_AVAIL), static_cast<std::uint32_t>(HCA_PAGE_BYTES));
	for (std::uint32_t i = 0; i < HCA_EAGER_SEGMENTS; i++)
		EXPECT_EQ(hca_source_bytes(HCA_SOURCE_EAGER + i), HCA_EAGER_SEGMENT_BYTES);
	EXPECT_EQ(hca_source_bytes(HCA_SOURCE_USERS), 0u);
	EXPECT_EQ(hca_source_bytes(HCA_SOURCE_PIO), 0u);
}

TEST(HcaEager, BuffersTileTheSegments)
{
	// Far apart and above 4 GiB: segments need not be neighbours.
	const std::array<std::uint64_t, HCA_EAGER_SEGMENTS> segments = {
		0x100000, 0x700000000, 0x40000, 0x3fff8000};
	std::set<std::uint64_t> seen;

	for (std::uint32_t i = 0; i < HCA_EAGER_BUFFERS; i++) {
		const std::uint64_t at = hca_eager_address(segments.data(), i);
		const std::uint64_t base = segments[i / HCA_EAGER_PER_SEGMENT];

		EXPECT_GE(at, base);
		EXPECT_LE(at + HCA_EAGER_BYTES, base + HCA_EAGER_SEGMENT_BYTES);
		EXPECT_EQ((at - base) % HCA_EAGER_BYTES, 0u);
		EXPECT_TRUE(seen.insert(at).second);
	}
	EXPECT_EQ(hca_eager_address(segments.data(), 17), 0x700000000u + HCA_EAGER_BYTES);
}

class HcaQueue : public testing::Test {
protected:
	void post(std::uint32_t number)
	{
		std::uint32_t sequence = number + 1;

		if constexpr (std::endian::native == std::endian::big)
			sequence = __builtin_bswap32(sequence);
		std::memcpy(&queue_[number % HCA_HEADER_ENTRIES * HCA_HDR_BYTES + HCA_HDR_SEQUENCE],
			    &sequence, sizeof(sequence));
	}
	bool ready(std::uint32_t head) { return hca_queue_ready(queue_.data(), head) != 0; }

	std::vector<unsigned char> queue_ =
		std::vector<unsigned char>(HCA_HEADER_ENTRIES * HCA_HDR_BYTES);
};

TEST_F(HcaQueue, EmptyThenOneThenConsumed)
{
	EXPECT_FALSE(ready(0));
	post(0);
	EXPECT_TRUE(ready(0));
	EXPECT_FALSE(ready(1));
}

TEST_F(HcaQueue, OldLapIsNotNew)
{
	for (std::uint32_t n = 0; n < HCA_HEADER_ENTRIES; n++)
		post(n);
	EXPECT_FALSE(ready(HCA_HEADER_ENTRIES));
	post(HCA_HEADER_ENTRIES);
	EXPECT_TRUE(ready(HCA_HEADER_ENTRIES));
}

/// The process writes head as it likes; ASan watches the queue's end.
TEST_F(HcaQueue, AnyHeadStaysInside)
{
	for (const std::uint32_t head : {255u, 256u, 0x7fffffffu, 0x80000000u, 0xfffffffeu})
		EXPECT_FALSE(ready(head)) << head;
}

TEST(HcaReset, TokenIsNew)
{
	EXPECT_EQ(hca_reset_token(7, 1, 2), 7u);
	EXPECT_EQ(hca_reset_token(0, 1, 2), 3u);
	EXPECT_EQ(hca_reset_token(5, 5, 6), 7u);
	EXPECT_EQ(hca_reset_token(5, 6, 5), 7u);
	EXPECT_EQ(hca_reset_token(~0u, ~0u, 1), 2u);
}

TEST(HcaWatch, DeadAfterSilenceOnly)
{
	hca_watch watch;
	std::uint32_t silent = 0;

	hca_watch_start(&watch, 10);
	while (!hca_watch_tick(&watch, 10, HCA_BEAT_PERIOD_MS))
		silent += HCA_BEAT_PERIOD_MS;
	EXPECT_EQ(silent + HCA_BEAT_PERIOD_MS, HCA_SILENCE_MS);
	EXPECT_TRUE(hca_watch_tick(&watch, 10, HCA_BEAT_PERIOD_MS)) << "stays dead";
}

TEST(HcaWatch, OneBeatStartsAnew)
{
	hca_watch watch;

	hca_watch_start(&watch, 0xffffffff);
	for (std::uint32_t ms = HCA_BEAT_PERIOD_MS; ms < HCA_SILENCE_MS; ms += HCA_BEAT_PERIOD_MS)
		EXPECT_FALSE(hca_watch_tick(&watch, 0xffffffff, HCA_BEAT_PERIOD_MS));
	EXPECT_FALSE(hca_watch_tick(&watch, 0, HCA_BEAT_PERIOD_MS)) << "the beat wraps";
	EXPECT_FALSE(hca_watch_tick(&watch, 0, HCA_BEAT_PERIOD_MS));
}

TEST(HcaWatch, StoppedBoardIsNotADeadChip)
{
	hca_watch watch;

	hca_watch_start(&watch, 1);
	EXPECT_FALSE(hca_watch_tick(&watch, 1, 3600000));
	EXPECT_FALSE(hca_watch_tick(&watch, 1, ~0u));
	EXPECT_FALSE(hca_watch_tick(&watch, 2, 10));
}

} // namespace
