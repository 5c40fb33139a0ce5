// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "context.h"
#include "event.h"
#include "memory.h"
#include "words.h"

#include <array>
#include <cstdint>
#include <optional>

namespace chip_model {

/// The chip of hca/spec.md, one step at a time.
///
/// It knows neither processes nor clocks: the owner calls step() as often as it likes and beat()
/// at least every 100 ms, all from one thread. The other side of the window and of the memory
/// runs at the same time.
class Chip {
public:
	/// `window` has HCA_WINDOW_BYTES. `first_entry` is for tests, see Context::set_up().
	Chip(Words window, Memory memory, Observer *observer = nullptr,
	     uint32_t first_entry = 0) noexcept;

	/// Shows itself to the driver. Nothing that an earlier life was told is in force.
	void start() noexcept;

	/// Goes away in good order: no context is enabled any more and MAGIC is 0.
	void stop() noexcept;

	/// Shows the driver that the chip lives.
	void beat() noexcept;

	/// Looks at everything once and sends at most one packet of each context.
	///
	/// Returns true when there was something to do.
	bool step() noexcept;

	const Stats &stats() const noexcept { return stats_; }

private:
	bool poll_reset() noexcept;
	bool poll_enable(uint32_t number) noexcept;
	bool poll_send(uint32_t number) noexcept;

	void enable(uint32_t number) noexcept;
	void disable(uint32_t number) noexcept;
	void disable_all() noexcept;
	void clear_counters() noexcept;

	hca_chip_error check(const Packet &packet) const noexcept;
	bool deliver(uint32_t source, const Packet &packet) noexcept;
	void refuse(uint32_t source, const Packet &packet, hca_chip_error error) noexcept;
	void count_error(uint32_t number, hca_chip_error error) noexcept;
	void tell(const Event &event) const noexcept;

	Words window_;
	Memory memory_;
	Observer *observer_;
	uint32_t first_entry_;

	std::array<std::optional<Context>, HCA_CONTEXTS> contexts_;
	Stats stats_;
	uint32_t heartbeat_ = 0;
	uint32_t errors_ = 0;	// since the last reset
	uint32_t packets_ = 0;	// since the last reset
};

} // namespace chip_model
