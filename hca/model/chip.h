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

// A step of the chip does, in this order:
//
// 1. reset everything, if RESET is another value than RESET_ACK;
// 2. enable and disable contexts, as their ENABLE words say;
// 3. take frames off the fabric: deliver, refuse or keep their packets, and answer (link.h);
// 4. from each context take one packet that is *pending*, that is in a PIO buffer whose trigger
//    differs from DONE: deliver it on this board, give it to the fabric, or refuse it;
// 5. raise one interrupt for all causes.
//
// Enabling comes before deliveries, so a context whose disabling is acknowledged in a step is
// neither sender nor receiver in that step.
//
// Credits. The chip keeps no count of them: it reads RCV_HEAD before each delivery and computes
// from it whether the receiver is *full* (Context::full()). A packet of this board for a full
// receiver stays in its PIO buffer and is tried again in the next step; one of another board is
// kept by the link. Later packets of the same sender wait behind it, other senders do not.
//
// Fairness. Each context sends at most one packet a step, in the order of their numbers. Of
// several packets for a receiver that was full, frames that come just now are tried first, then
// frames that the link has kept, then packets of this board from the lowest context on.
//
// All functions run on the thread of the owner. Driver and processes read and write the window
// and the RAM at the same time, and may write anything: each word that decides something is used
// as it was read, addresses are checked when a context is enabled, and indices are the chip's own.
// The write that tells the other side comes last: SEQUENCE, DONE, ENABLE_ACK, RESET_ACK.
//
// step() can't fail: a bad packet or setup is refused, counted and told to the observer.
namespace chip_model {

/// The chip of hca/spec.md, one step at a time.
///
/// A chip has neither process nor clock: the owner calls step() as often as it likes and beat() at
/// least every 100 ms, all from one thread.
class Chip final : private Inbound {
public:
	/// The chip's surroundings. All pointers outlive the chip.
	struct Setup {
		Observer *observer = nullptr;
		Wire *wire = nullptr;		///< none: no fabric
		Doorbell *doorbell = nullptr;	///< none: no interrupts
		uint32_t node = 0;
		uint32_t epoch = 0;		///< a new value for each life of the chip
		uint32_t first_entry = 0;	///< for tests, see Context::set_up()
	};

	/// `window` has HCA_WINDOW_BYTES.
	Chip(Words window, Memory memory, const Setup &setup);
	Chip(Words window, Memory memory) : Chip(window, memory, Setup{}) {}

	/// Shows the driver a chip that works, with no context enabled, whatever an earlier life
	/// of the chip left in the window.
	void start() noexcept;

	/// Ends in good order: disables all contexts and clears MAGIC.
	void stop() noexcept;

	/// Counts HEARTBEAT up, which shows the driver that the chip lives.
	void beat() noexcept;

	/// Does one step, as described above.
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
