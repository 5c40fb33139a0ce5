// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "context.h"
#include "event.h"
#include "interrupts.h"
#include "link.h"
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
class Chip final : private Inbound {
public:
	/// What is around the chip. All pointers outlive it.
	struct Setup {
		Observer *observer = nullptr;
		Wire *wire = nullptr;		///< none: no fabric
		Doorbell *doorbell = nullptr;	///< none: no interrupts
		uint32_t node = 0;
		uint32_t epoch = 0;		///< another one for each life of the chip
		uint32_t first_entry = 0;	///< for tests, see Context::set_up()
	};

	/// `window` has HCA_WINDOW_BYTES.
	Chip(Words window, Memory memory, const Setup &setup);
	Chip(Words window, Memory memory) : Chip(window, memory, Setup{}) {}

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
	bool poll_fabric() noexcept;
	bool poll_finished(uint32_t number) noexcept;
	bool poll_send(uint32_t number) noexcept;
	void poll_interrupts() noexcept;

	void enable(uint32_t number) noexcept;
	void disable(uint32_t number) noexcept;
	void disable_all() noexcept;
	void clear_counters() noexcept;

	// A packet of another board.
	std::optional<hca_chip_error> take(const Frame &frame) noexcept override;
	void dropped(hca_chip_error error) noexcept override;

	hca_chip_error check(const Packet &packet) const noexcept;
	hca_chip_error admit(uint32_t number, uint32_t partition) const noexcept;
	bool is_remote(const Packet &packet) const noexcept;
	void send(uint32_t number, const Packet &packet) noexcept;
	bool deliver(uint32_t number, const Packet &packet) noexcept;
	void put(uint32_t number, uint32_t source, const Packet &packet,
		 std::span<const std::byte> payload) noexcept;
	void refuse(uint32_t number, const Packet &packet, hca_chip_error error) noexcept;
	void count_error(uint32_t number, hca_chip_error error) noexcept;
	void show_link() noexcept;
	void show_traffic() noexcept;
	uint32_t address(uint32_t number) const noexcept { return HCA_ADDRESS(link_.node(), number); }
	void tell(const Event &event) const noexcept;

	Words window_;
	Memory memory_;
	Observer *observer_;
	Link link_;
	Interrupts interrupts_;
	uint32_t first_entry_;

	std::array<std::optional<Context>, HCA_CONTEXTS> contexts_;
	Stats stats_;
	uint32_t heartbeat_ = 0;
	uint32_t shown_peers_ = 0;
	bool shown_up_ = false;
	std::array<uint32_t, HCA_ERRORS_END> errors_of_{};	// since the last reset
	uint32_t errors_ = 0;	// since the last reset
	uint32_t packets_ = 0;	// since the last reset
};

} // namespace chip_model
