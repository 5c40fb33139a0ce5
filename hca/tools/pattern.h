// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hello {

/// Payload of each message: pseudo-random bytes that follow from its tag alone, so that the
/// receiver knows them without having been told.
class Pattern {
public:
	/// `size` of all payloads; none: a different one for each message.
	explicit Pattern(std::optional<uint32_t> size) noexcept : size_(size) {}

	/// The payload of a message; valid until the next call. Makes no system call.
	std::span<const std::byte> make(uint32_t tag) noexcept;

	/// True when the message is the one with this tag, whole and unchanged.
	bool matches(const hca_message &message, uint32_t tag) noexcept;

private:
	std::optional<uint32_t> size_;
	std::array<uint32_t, (HCA_PAYLOAD_MAX + 3) / 4> words_{};
};

} // namespace hello
