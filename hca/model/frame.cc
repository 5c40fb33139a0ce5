// SPDX-License-Identifier: GPL-2.0
#include "frame.h"

#include "hca.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chip_model {
namespace {

// Unlike the window, the bytes of a frame are shared with no one: plain copies will do.
uint32_t little(uint32_t value) noexcept
{
	if constexpr (std::endian::native == std::endian::big)
		return __builtin_bswap32(value);
	else
		return value;
}

uint32_t get(std::span<const std::byte> bytes, std::size_t offset) noexcept
{
	uint32_t value;

	std::memcpy(&value, bytes.data() + offset, sizeof(value));
	return little(value);
}

void put(std::span<std::byte> bytes, std::size_t offset, uint32_t value) noexcept
{
	value = little(value);
	std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

// CRC of a frame that is at most HCA_FRAME_MAX long, as if its CRC word were 0.
uint32_t crc_of(std::span<const std::byte> frame) noexcept
{
	std::byte copy[HCA_FRAME_MAX];

	std::ranges::copy(frame, copy);
	put(copy, HCA_FRAME_CRC, 0);
	return hca_crc32c(copy, frame.size());
}

bool is_type(uint32_t type) noexcept
{
	return type == HCA_FRAME_HELLO || type == HCA_FRAME_PACKET || type == HCA_FRAME_ANSWER;
}

bool addresses_fit(const Frame &frame, uint32_t node) noexcept
{
	return HCA_ADDRESS_NODE(frame.from) < HCA_NODES &&
	       HCA_ADDRESS_NODE(frame.from) != node && HCA_ADDRESS_NODE(frame.to) == node &&
	       HCA_ADDRESS_CONTEXT(frame.from) < HCA_CONTEXTS &&
	       HCA_ADDRESS_CONTEXT(frame.to) < HCA_CONTEXTS;
}

} // namespace

std::span<std::byte> encode(const Frame &frame, std::span<std::byte, HCA_FRAME_MAX> room) noexcept
{
	const auto bytes = room.first(HCA_FRAME_PAYLOAD + frame.payload.size());

	put(bytes, HCA_FRAME_MAGIC, HCA_FRAME_MAGIC_VALUE);
	put(bytes, HCA_FRAME_TYPE, frame.type);
	put(bytes, HCA_FRAME_FROM, frame.from);
	put(bytes, HCA_FRAME_TO, frame.to);
	put(bytes, HCA_FRAME_EPOCH, frame.epoch);
	put(bytes, HCA_FRAME_SEQUENCE, frame.sequence);
	put(bytes, HCA_FRAME_PARTITION, frame.partition);
	put(bytes, HCA_FRAME_RESULT, frame.result);
	put(bytes, HCA_FRAME_LENGTH, static_cast<uint32_t>(frame.payload.size()));
	put(bytes, HCA_FRAME_TAG, frame.tag);
	put(bytes, HCA_FRAME_CHECKSUM, frame.checksum);
	std::ranges::copy(frame.payload, bytes.begin() + HCA_FRAME_PAYLOAD);
	put(bytes, HCA_FRAME_CRC, crc_of(bytes));
	return bytes;
}

std::expected<Frame, hca_chip_error> decode(std::span<const std::byte> bytes,
					    uint32_t node) noexcept
{
	if (bytes.size() < HCA_FRAME_PAYLOAD || bytes.size() > HCA_FRAME_MAX)
		return std::unexpected(HCA_ERR_FRAME);
	if (get(bytes, HCA_FRAME_CRC) != crc_of(bytes))
		return std::unexpected(HCA_ERR_CRC);

	const uint32_t type = get(bytes, HCA_FRAME_TYPE);

	if (get(bytes, HCA_FRAME_MAGIC) != HCA_FRAME_MAGIC_VALUE || !is_type(type))
		return std::unexpected(HCA_ERR_FRAME);

	const Frame frame{
		.type = static_cast<hca_frame_type>(type),
		.from = get(bytes, HCA_FRAME_FROM),
		.to = get(bytes, HCA_FRAME_TO),
		.epoch = get(bytes, HCA_FRAME_EPOCH),
		.sequence = get(bytes, HCA_FRAME_SEQUENCE),
		.partition = get(bytes, HCA_FRAME_PARTITION),
		.result = get(bytes, HCA_FRAME_RESULT),
		.tag = get(bytes, HCA_FRAME_TAG),
		.checksum = get(bytes, HCA_FRAME_CHECKSUM),
		.payload = bytes.subspan(HCA_FRAME_PAYLOAD),
	};

	if (get(bytes, HCA_FRAME_LENGTH) != frame.payload.size() || !addresses_fit(frame, node))
		return std::unexpected(HCA_ERR_FRAME);
	return frame;
}

} // namespace chip_model
