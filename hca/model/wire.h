// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace chip_model {

/// Carries frames between the chips of a fabric, and may lose, damage and double them.
class Wire {
public:
	/// True while the cable is in.
	virtual bool up() const noexcept = 0;

	/// Sends a frame to a node, or loses it. Doesn't wait.
	virtual void send(uint32_t node, std::span<const std::byte> frame) noexcept = 0;

	/// Copies the next frame that came and returns its size; nothing when there is none.
	///
	/// A frame that is larger than `room` is cut to the size of `room`.
	virtual std::optional<std::size_t> receive(std::span<std::byte> room) noexcept = 0;

protected:
	~Wire() = default;
};

} // namespace chip_model
