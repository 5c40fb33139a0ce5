// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "interrupts.h"

#include <expected>
#include <string>

namespace chip_model {

/// A doorbell that is an eventfd: QEMU waits at its other end and interrupts the board.
///
/// The process that started both has made the eventfd and keeps it open, so the eventfd outlives
/// a model that dies.
class EventfdDoorbell final : public Doorbell {
public:
	/// Takes a descriptor that this process was started with, and leaves it open.
	///
	/// Errors: a sentence that says what is wrong with the descriptor.
	static std::expected<EventfdDoorbell, std::string> adopt(int fd);

	void ring() noexcept override;

private:
	explicit EventfdDoorbell(int fd) noexcept : fd_(fd) {}

	int fd_;
};

} // namespace chip_model
