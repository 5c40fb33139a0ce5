// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "wire.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <random>

#include "hca_fabric.h"

namespace chip_model {

/// How often a wire does harm: frames of a thousand.
struct Faults {
	uint32_t drop = 0;
	uint32_t corrupt = 0;
	uint32_t duplicate = 0;
	uint32_t seed = 1;
};

/// A wire with faults, and a cable that can be pulled out.
class FaultyWire final : public Wire {
public:
	/// `unplugged` may be written by a signal handler.
	FaultyWire(Wire &wire, const Faults &faults, const volatile std::sig_atomic_t &unplugged)
		: wire_(wire), faults_(faults), unplugged_(unplugged), random_(faults.seed) {}

	bool up() const noexcept override { return !unplugged_ && wire_.up(); }

	void send(uint32_t node, std::span<const std::byte> frame) noexcept override
	{
		if (unplugged_ || happens(faults_.drop))
			return;
		if (happens(faults_.duplicate))
			wire_.send(node, frame);
		if (happens(faults_.corrupt))
			wire_.send(node, spoiled(frame));
		else
			wire_.send(node, frame);
	}

	std::optional<std::size_t> receive(std::span<std::byte> room) noexcept override
	{
		return wire_.receive(room);
	}

private:
	bool happens(uint32_t per_mille) noexcept { return random_() % 1000 < per_mille; }

	// Changes one bit, anywhere in the frame.
	std::span<const std::byte> spoiled(std::span<const std::byte> frame) noexcept
	{
		const auto copy = std::span(copy_).first(frame.size());

		std::ranges::copy(frame, copy.begin());
		copy[random_() % copy.size()] ^= std::byte{1} << random_() % 8;
		return copy;
	}

	Wire &wire_;
	Faults faults_;
	const volatile std::sig_atomic_t &unplugged_;
	std::minstd_rand random_;
	std::array<std::byte, HCA_FRAME_MAX> copy_;
};

} // namespace chip_model
