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

/// The causes that the chip has to tell the driver, and when it may interrupt.
///
/// Invariants: at most one interrupt is on its way; causes that come meanwhile wait here for the
/// driver's acknowledge, so none is lost and a fast sender can't flood the board.
class Interrupts {
public:
	/// Without a doorbell nothing is ever told.
	Interrupts(Words window, Doorbell *doorbell) noexcept : window_(window), doorbell_(doorbell) {}

	/// Forgets everything and switches interrupts off, as at start and reset.
	void reset() noexcept;

	/// Begins another life of a context: the value that ARM holds counts as served.
	void restart(uint32_t context) noexcept;

	/// Notes a packet in the queue of a context, after SEQUENCE was written.
	void delivered(uint32_t context) noexcept;

	/// Notes that LINK or PEERS was written.
	void link_changed() noexcept { pending_ |= HCA_CAUSE_LINK; }

	/// Rings if there is a cause and the last interrupt was taken; returns the causes.
	std::optional<uint32_t> poll() noexcept;

private:
	Words window_;
	Doorbell *doorbell_;
	uint32_t pending_ = 0;
	uint32_t serial_ = 0;
	std::array<uint32_t, HCA_CONTEXTS> served_{};	// the last ARM served, of each context
};

} // namespace chip_model
