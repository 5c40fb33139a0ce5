// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_chip.h"
#include "words.h"

#include <array>
#include <cstdint>
#include <optional>

namespace chip_model {

/// The line from the chip to the board's CPUs.
class Doorbell {
public:
	virtual void ring() noexcept = 0;

protected:
	~Doorbell() = default;
};

/// What the chip has to tell the driver, and when it may.
///
/// Invariants: at most one interrupt is on its way; what happens meanwhile waits here for the
/// driver's acknowledge, so nothing is lost and a fast sender can't flood the board.
class Interrupts {
public:
	/// Without a doorbell nothing is ever told.
	Interrupts(Words window, Doorbell *doorbell) noexcept : window_(window), doorbell_(doorbell) {}

	/// Forgets everything and switches interrupts off, as after start and reset.
	void reset() noexcept;

	/// A context begins another life: what ARM holds counts as served.
	void restart(uint32_t context) noexcept;

	/// A packet is in the queue of a context, SEQUENCE is written.
	void delivered(uint32_t context) noexcept;

	/// LINK or PEERS was written.
	void link_changed() noexcept { pending_ |= HCA_CAUSE_LINK; }

	/// Rings if there is something to tell and the driver has taken the last one; the causes told.
	std::optional<uint32_t> poll() noexcept;

private:
	Words window_;
	Doorbell *doorbell_;
	uint32_t pending_ = 0;
	uint32_t serial_ = 0;
	std::array<uint32_t, HCA_CONTEXTS> served_{};	// ARM that was answered, of each context
};

} // namespace chip_model
