// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_chip.h"
#include "wire.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <vector>

namespace chip_model {

/// A fabric made of Unix sockets in one folder: node n reads from the socket node-n.
///
/// Frames to a node that isn't there are lost. Frames to a slow node wait in a queue, and are lost
/// when the queue is full.
class UnixWire final : public Wire {
public:
	/// Errors: a sentence that says what is wrong and what to do about it.
	static std::expected<UnixWire, std::string> open(const std::string &folder, uint32_t node);

	UnixWire(UnixWire &&other) noexcept;
	UnixWire &operator=(UnixWire &&) = delete;
	~UnixWire();

	bool up() const noexcept override { return true; }
	void send(uint32_t node, std::span<const std::byte> frame) noexcept override;
	std::optional<std::size_t> receive(std::span<std::byte> room) noexcept override;

private:
	static constexpr std::size_t kWaitingMost = 64;

	UnixWire(int fd, std::string folder, uint32_t node) noexcept;

	std::string path_of(uint32_t node) const;
	bool try_send(uint32_t node, std::span<const std::byte> frame) noexcept;
	void flush() noexcept;

	int fd_;
	std::string folder_;
	uint32_t node_;
	std::array<std::deque<std::vector<std::byte>>, HCA_NODES> waiting_;
};

} // namespace chip_model
