// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_fabric.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace chip_model {

/// A frame of the fabric, taken apart. The payload is not copied: it lies in the decoded bytes.
struct Frame {
	hca_frame_type type;
	uint32_t from;		///< address
	uint32_t to;		///< address
	uint32_t epoch = 0;
	uint32_t sequence = 0;
	uint32_t partition = 0;
	uint32_t result = 0;	///< of an answer
	uint32_t tag = 0;
	uint32_t checksum = 0;
	std::span<const std::byte> payload = {};
};

/// Writes a frame; returns the bytes to send. The payload has at most HCA_PAYLOAD_MAX bytes.
std::span<std::byte> encode(const Frame &frame,
			    std::span<std::byte, HCA_FRAME_MAX> room) noexcept;

/// Reads a frame that came to `node`. Errors: HCA_ERR_CRC and HCA_ERR_FRAME.
std::expected<Frame, hca_chip_error> decode(std::span<const std::byte> bytes,
					    uint32_t node) noexcept;

} // namespace chip_model
