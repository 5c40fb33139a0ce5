// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "eager_buffers.h"
#include "hca_chip.h"
#include "memory.h"
#include "words.h"

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

namespace chip_model {

/// Why a context was not enabled.
struct Refusal {
	hca_chip_error error;
	uint64_t address;	///< the address at fault, 0 for other errors
};

/// A packet that waits in a PIO buffer. The header was read once and is not read again.
struct Packet {
	uint32_t buffer;	///< without meaning for a packet of another board, as `generation`
	uint32_t generation;
	uint32_t dest;
	uint32_t length;
	uint32_t tag;
	uint32_t checksum;
};

/// A context from enabling to disabling: the sender's side and the receiver's.
///
/// Invariants: every span lies in the board's RAM, as found when the context was set up; indices
/// into them come from the chip's own counters, never from a word that a process can write.
class Context {
public:
	/// Reads and checks what the driver programmed. Writes nothing.
	///
	/// `first_entry` is 0 in a chip; a test sets it near the wrap of the counter.
	static std::expected<Context, Refusal> set_up(Words window, const Memory &memory,
						      uint32_t number, uint32_t first_entry);

	/// Writes the words that a process finds after enabling: RCV_HEAD and DONE.
	void publish() noexcept;

	/// Tells the process whether the cable is in and which nodes are on the fabric.
	void show_link(bool up, uint32_t peers) noexcept;

	/// The key that the driver gave the context.
	uint32_t partition() const noexcept { return partition_; }

	/// The packet to be sent next, if there is one.
	std::optional<Packet> pending() const noexcept;

	/// Payload of a pending packet, whose `length` is at most HCA_PAYLOAD_MAX.
	std::span<const std::byte> payload(const Packet &packet) const noexcept;

	/// Gives the PIO buffer back to the process.
	void finish(const Packet &packet) noexcept;

	/// Tells the process that one of its packets was refused; called before finish().
	void report(hca_chip_error error) noexcept;

	/// True when the process has not consumed enough for one more packet. Takes back the eager
	/// buffers that the process has consumed.
	bool full() noexcept;

	/// Writes payload and header entry. Only when full() has just returned false.
	void deliver(const Packet &packet, uint32_t source,
		     std::span<const std::byte> payload) noexcept;

	uint32_t next_entry() const noexcept { return next_entry_; }

	/// Marks the pending packet as waiting; true the first time.
	bool note_wait() noexcept;

private:
	Context() = default;

	std::expected<void, Refusal> find_memory(const Memory &memory, Words control, Words table);
	std::optional<uint32_t> first_pending() const noexcept;
	std::size_t trigger(uint32_t buffer) const noexcept;

	// Window.
	Words user_;
	Words pio_;

	// RAM.
	Words header_queue_;
	Words avail_;
	EagerBuffers eager_;

	uint32_t partition_ = 0;

	// Sender.
	std::array<uint32_t, HCA_PIO_BUFFERS> done_{};
	uint32_t cursor_ = 0;
	uint32_t errors_ = 0;
	bool waiting_ = false;

	// Receiver.
	uint32_t entries_ = 0;
	uint32_t next_entry_ = 0;
};

} // namespace chip_model
