// SPDX-License-Identifier: GPL-2.0
#include "decide.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

namespace {

template <class T>
using Result = std::expected<T, hca_refusal>;

constexpr std::unexpected<hca_refusal> refuse(hca_refusal why)
{
	return std::unexpected<hca_refusal>(why);
}

/// The one place where a Result becomes a number or a negative errno for C.
constexpr std::int32_t to_c(const Result<std::uint32_t> &result)
{
	return result ? static_cast<std::int32_t>(*result)
		      : static_cast<std::int32_t>(result.error());
}

constexpr std::uint32_t kPage = HCA_PAGE_BYTES;
constexpr std::uint32_t kHeaderBytes = HCA_HEADER_ENTRIES * HCA_HDR_BYTES;

// Processes map whole pages, so no page may hold anything of two contexts.
static_assert(HCA_PIO_CONTEXT_BYTES % kPage == 0);
static_assert(HCA_EAGER_SEGMENT_BYTES % kPage == 0);
static_assert(kHeaderBytes % kPage == 0);
static_assert(HCA_EAGER_BUFFERS <= HCA_EAGER_TABLE_MAX);
static_assert(std::has_single_bit(HCA_HEADER_ENTRIES));
static_assert(HCA_CONTEXTS <= 32, "hca_contexts has one word");

/// How the memory of a kind lies in its sources.
struct Shape {
	hca_source source;    ///< first source
	std::uint32_t access;
	std::uint32_t count;  ///< sources, one segment each
	std::uint32_t bytes;  ///< of one segment
	bool per_context;     ///< the source holds a slot for each context
};

constexpr std::array<Shape, HCA_PLAN_KINDS> kShapes = {{
	{HCA_SOURCE_USERS, HCA_PLAN_READ | HCA_PLAN_WRITE, 1, kPage, true},
	{HCA_SOURCE_PIO, HCA_PLAN_WRITE, 1, HCA_PIO_CONTEXT_BYTES, true},
	{HCA_SOURCE_EAGER, HCA_PLAN_READ, HCA_EAGER_SEGMENTS, HCA_EAGER_SEGMENT_BYTES, false},
	{HCA_SOURCE_HEADERS, HCA_PLAN_READ | HCA_PLAN_WRITE, 1, kHeaderBytes, false},
	{HCA_SOURCE_AVAIL, HCA_PLAN_READ, 1, kPage, false},
}};

constexpr Result<hca_plan> plan_of(std::uint32_t context, std::uint32_t kind)
{
	if (context >= HCA_CONTEXTS || kind >= kShapes.size())
		return refuse(HCA_REFUSE_INVALID);

	const Shape &shape = kShapes[kind];
	hca_plan plan = {};

	plan.access = shape.access;
	plan.count = shape.count;
	plan.bytes = shape.count * shape.bytes;
	for (std::uint32_t i = 0; i < shape.count; i++)
		plan.segment[i] = {
			.source = shape.source + i,
			.offset = shape.per_context ? context * shape.bytes : 0,
			.bytes = shape.bytes,
		};
	return plan;
}

constexpr Result<std::uint32_t> kind_of(std::uint64_t offset)
{
	const std::uint64_t kind = offset >> HCA_PLAN_OFFSET_SHIFT;

	if (kind >= HCA_PLAN_KINDS || kind << HCA_PLAN_OFFSET_SHIFT != offset)
		return refuse(HCA_REFUSE_INVALID);
	return static_cast<std::uint32_t>(kind);
}

constexpr bool is_free(std::uint32_t used, std::uint32_t context)
{
	return !(used >> context & 1);
}

/// Lowest clear bit below HCA_CONTEXTS. This is a loop, as is hca_contexts_count(),
/// because functions of <bit> call libgcc on a CPU without such an instruction, and
/// kernels don't link libgcc.
constexpr std::optional<std::uint32_t> first_free(std::uint32_t used)
{
	for (std::uint32_t bit = 0; bit < HCA_CONTEXTS; bit++)
		if (is_free(used, bit))
			return bit;
	return std::nullopt;
}

constexpr Result<std::uint32_t> take(hca_contexts &contexts, std::uint32_t wanted)
{
	std::uint32_t number = wanted;

	if (wanted == HCA_ANY_CONTEXT) {
		const auto free = first_free(contexts.used);

		if (!free)
			return refuse(HCA_REFUSE_NO_SPACE);
		number = *free;
	} else if (wanted >= HCA_CONTEXTS) {
		return refuse(HCA_REFUSE_INVALID);
	} else if (!is_free(contexts.used, wanted)) {
		return refuse(HCA_REFUSE_BUSY);
	}
	contexts.used |= std::uint32_t{1} << number;
	return number;
}

// hca_abi.h has the originals but needs kernel headers; check.c asserts that both agree.
constexpr std::uint32_t kOpenNumber = HCA_REQUEST_NUMBER;
constexpr std::uint32_t kOwnPartition = HCA_REQUEST_OWN_PARTITION;
constexpr std::uint32_t kUserPartition = HCA_USER_PARTITION;

constexpr bool can_be_opened(std::uint32_t key)
{
	return key != kOwnPartition && key < kUserPartition;
}

constexpr std::uint32_t from_le32(std::uint32_t value)
{
	if constexpr (std::endian::native == std::endian::big)
		return __builtin_bswap32(value);
	return value;
}

} // namespace

std::int32_t hca_state_errno(std::uint32_t state)
{
	switch (state) {
	case HCA_STATE_ALIVE:
		return 0;
	case HCA_STATE_DEAD:
		return HCA_REFUSE_IO;
	default:
		return HCA_REFUSE_NO_DEVICE;
	}
}

std::int32_t hca_request_check(const hca_request *request, std::uint32_t abi,
			       std::uint32_t *context)
{
	const std::span words(request->reserved, request->reserved_count);
	const bool clear = std::all_of(words.begin(), words.end(),
				       [](std::uint32_t word) { return word == 0; });
	const bool numbered = request->flags & kOpenNumber;

	if (request->abi != abi || !clear || (request->flags & ~kOpenNumber) ||
	    (numbered && request->context >= HCA_CONTEXTS) ||
	    request->partition >= kUserPartition)
		return HCA_REFUSE_INVALID;
	*context = numbered ? request->context : HCA_ANY_CONTEXT;
	return 0;
}

std::int32_t hca_partitions_set(hca_partitions *partitions, const std::uint32_t *keys,
				std::uint32_t count)
{
	if (count > HCA_PARTITIONS)
		return HCA_REFUSE_NO_SPACE;

	const std::span wanted(keys, count);

	if (!std::all_of(wanted.begin(), wanted.end(), can_be_opened))
		return HCA_REFUSE_INVALID;
	partitions->count = count;
	std::copy(wanted.begin(), wanted.end(), partitions->key);
	return 0;
}

std::int32_t hca_partition_key(const hca_partitions *partitions, std::uint32_t wanted,
			       std::uint32_t uid, std::uint32_t *key)
{
	const std::span open(partitions->key, partitions->count);

	if (wanted == kOwnPartition) {
		if (uid >= kUserPartition)
			return HCA_REFUSE_ACCESS;
		*key = kUserPartition | uid;
		return 0;
	}
	if (std::find(open.begin(), open.end(), wanted) == open.end())
		return HCA_REFUSE_ACCESS;
	*key = wanted;
	return 0;
}

std::int32_t hca_contexts_take(hca_contexts *contexts, std::uint32_t wanted)
{
	return to_c(take(*contexts, wanted));
}

void hca_contexts_give(hca_contexts *contexts, std::uint32_t context)
{
	if (context < HCA_CONTEXTS)
		contexts->used &= ~(std::uint32_t{1} << context);
}

std::uint32_t hca_contexts_count(const hca_contexts *contexts)
{
	std::uint32_t count = 0;

	for (std::uint32_t left = contexts->used; left != 0; left &= left - 1)
		count++;
	return count;
}

std::uint32_t hca_source_bytes(std::uint32_t source)
{
	if (source >= HCA_COHERENT_SOURCES)
		return 0;
	if (source == HCA_SOURCE_HEADERS)
		return kHeaderBytes;
	return source == HCA_SOURCE_AVAIL ? kPage : HCA_EAGER_SEGMENT_BYTES;
}

std::uint64_t hca_eager_address(const std::uint64_t *segments, std::uint32_t buffer)
{
	return segments[buffer / HCA_EAGER_PER_SEGMENT] +
	       std::uint64_t{buffer % HCA_EAGER_PER_SEGMENT} * HCA_EAGER_BYTES;
}

std::int32_t hca_plan_of(std::uint32_t context, std::uint32_t kind, hca_plan *plan)
{
	const Result<hca_plan> result = plan_of(context, kind);

	if (!result)
		return result.error();
	*plan = *result;
	return 0;
}

std::int32_t hca_plan_offset(std::uint64_t offset)
{
	return to_c(kind_of(offset));
}

std::uint8_t hca_queue_ready(const void *queue, std::uint32_t head)
{
	const std::uint32_t slot = head & (HCA_HEADER_ENTRIES - 1);
	// SAFETY: the mask keeps the slot inside the queue, which is page aligned;
	// volatile because the chip writes the word at any time.
	const auto *sequence = reinterpret_cast<const volatile std::uint32_t *>(
		static_cast<const unsigned char *>(queue) +
		std::size_t{slot} * HCA_HDR_BYTES + HCA_HDR_SEQUENCE);

	return from_le32(*sequence) == head + 1;
}

std::uint32_t hca_reset_token(std::uint32_t random, std::uint32_t last, std::uint32_t ack)
{
	// Zero would look like a window that was never written.
	while (random == 0 || random == last || random == ack)
		random++;
	return random;
}

void hca_watch_start(hca_watch *watch, std::uint32_t beat)
{
	*watch = {.beat = beat, .silent_ms = 0};
}

std::uint8_t hca_watch_tick(hca_watch *watch, std::uint32_t beat, std::uint32_t elapsed_ms)
{
	if (beat != watch->beat) {
		hca_watch_start(watch, beat);
		return 0;
	}
	if (watch->silent_ms < HCA_SILENCE_MS)
		watch->silent_ms += std::min(elapsed_ms, 2 * HCA_BEAT_PERIOD_MS);
	return watch->silent_ms >= HCA_SILENCE_MS;
}
