// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_chip.h"

#include <array>
#include <cstdint>

namespace chip_model {

/// An action of the chip, for traces. Fields that an event has no use for are 0.
struct Event {
	enum class Kind {
		start,
		stop,
		reset,
		enable,
		refuse_setup,
		disable,
		deliver,
		refuse_packet,
		send,		///< to another board
		drop_frame,
		link_up,
		link_down,
		interrupt,
		wait,		///< the receiver is full; told once for each packet
	};

	Kind kind;
	uint32_t context = 0;	///< number of the context, or address of the sender
	uint32_t dest = 0;	///< address
	uint32_t length = 0;
	uint32_t tag = 0;
	uint32_t entry = 0;	///< the receiver's entry counter
	hca_chip_error error = HCA_ERR_NONE;
	uint64_t address = 0;	///< the address refused
	uint32_t causes = 0;	///< HCA_CAUSE_* of an interrupt
};

/// Is told of the chip's actions, on the chip's thread.
class Observer {
public:
	virtual void event(const Event &event) noexcept = 0;

protected:
	~Observer() = default;
};

/// The chip's counts since its start; resets do not clear them.
struct Stats {
	uint64_t packets = 0;
	uint64_t bytes = 0;
	uint64_t back_pressure = 0;	///< packets of this board that had to wait
	uint64_t received = 0;		///< packets of other boards
	uint64_t dropped = 0;		///< frames of the fabric
	std::array<uint64_t, HCA_ERRORS_END> refused{};	///< packets and setups, by error
	uint64_t enables = 0;
	uint64_t disables = 0;
	uint64_t resets = 0;
	uint64_t interrupts = 0;
};

} // namespace chip_model
