// SPDX-License-Identifier: GPL-2.0
#include "pattern.h"

#include <cstring>

namespace hello {
namespace {

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

} // namespace

std::span<const std::byte> Pattern::make(uint32_t tag) noexcept
{
	Random random(tag);
	const uint32_t varied = random.next() % (HCA_PAYLOAD_MAX + 1);
	const auto payload = std::span(bytes_).first(size_.value_or(varied));

	for (std::byte &byte : payload)
		byte = static_cast<std::byte>(random.next() >> 24);
	return payload;
}

bool Pattern::matches(const hca_message &message, uint32_t tag) noexcept
{
	const auto expected = make(tag);

	return message.tag == tag && message.length == expected.size() &&
	       message.checksum == hca_crc32c(message.payload, message.length) &&
	       std::memcmp(message.payload, expected.data(), expected.size()) == 0;
}

} // namespace hello
