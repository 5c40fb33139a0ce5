// SPDX-License-Identifier: GPL-2.0
#include "pattern.h"

#include <endian.h>

#include <cstring>

namespace hello {
namespace {

constexpr uint32_t kShort = 64;

// Marsaglia's xorshift: enough to make a byte in the wrong place stand out.
class Random {
public:
	explicit Random(uint32_t tag) noexcept : state_(tag * 2654435761u + 0x9e3779b9u)
	{
		if (state_ == 0)
			state_ = 1;
	}

	uint32_t next() noexcept
	{
		state_ ^= state_ << 13;
		state_ ^= state_ >> 17;
		state_ ^= state_ << 5;
		return state_;
	}

private:
	uint32_t state_;
};

// Three of four are short, as messages are; the others have any length.
uint32_t varied(uint32_t random) noexcept
{
	return random % 4 ? (random >> 8) % (kShort + 1) : (random >> 8) % (HCA_PAYLOAD_MAX + 1);
}

} // namespace

std::span<const std::byte> Pattern::make(uint32_t tag) noexcept
{
	Random random(tag);
	const uint32_t size = size_.value_or(varied(random.next()));
	const auto words = std::span(words_).first((size + sizeof(uint32_t) - 1) / sizeof(uint32_t));

	// The same bytes on every board.
	for (uint32_t &word : words)
		word = htole32(random.next());
	return std::as_bytes(words).first(size);
}

bool Pattern::matches(const hca_message &message, uint32_t tag) noexcept
{
	const auto expected = make(tag);

	return message.tag == tag && message.length == expected.size() &&
	       message.checksum == hca_crc32c(message.payload, message.length) &&
	       std::memcmp(message.payload, expected.data(), expected.size()) == 0;
}

} // namespace hello
