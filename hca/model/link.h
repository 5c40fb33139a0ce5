// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "context.h"
#include "frame.h"
#include "hca_fabric.h"
#include "wire.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// How packets cross a wire that may lose, damage and double frames. Terms:
//
// - A *flight* is a packet of one of this board's contexts, from send() to its answer.
// - A *source* is the record of one context of another node: its last packet and the answer.
// - An *epoch* names one life of a context; a *sequence* numbers the packets of a life, from 1.
// - A *beat* is one call of beat(), the only clock.
//
// The sender repeats a frame every HCA_RETRY_BEATS without an answer, and gives it up after
// HCA_TIMEOUT_BEATS. The receiver offers a new packet to the chip (Inbound::take()) and answers
// with the result. While the chip's receiver is full, the link keeps the frame, answers
// HCA_FRAME_WAIT, which starts the time-out anew, and offers it again at each poll. A frame that
// comes again gets the same answer again and is not delivered again.
//
// Credits. One packet of each context may be on its way; its answer is the credit for the next
// one. So one packet of each context of each node can wait here, and nothing that other nodes
// send makes a link grow.
//
// Fairness. Every pair of node and context has a source of its own, so a full receiver holds up
// its own senders only. Kept frames are offered in the order of node and context.
//
// All calls come from the chip's thread; there is no lock, and a wire never waits. A frame that
// is damaged, foreign or older than the last one is dropped and counted; kept frames are dropped
// when the link goes down. A flight ends with a result in its answer, with HCA_ERR_TIMEOUT or
// HCA_ERR_LINK_DOWN (the packet may have arrived all the same), or with the life of its context.
namespace chip_model {

/// The chip, as the link gives it packets of the fabric.
class Inbound {
public:
	/// Delivers or refuses a packet and returns the result; nothing when its receiver is full.
	virtual std::optional<hca_chip_error> take(const Frame &packet) noexcept = 0;

	/// Counts a frame that was dropped.
	virtual void dropped(hca_chip_error error) noexcept = 0;

protected:
	~Inbound() = default;
};

/// A packet that has left its board, and the result.
struct Finished {
	Packet packet;
	hca_chip_error error;
};

/// One chip's end of the fabric: packets on their way out, and packets that wait to come in.
///
/// Invariants: at most one packet of each context is on its way, and at most one of each context
/// of each node waits here.
class Link {
public:
	/// Without a wire the link is never up. `epoch` is new for each life of the chip.
	Link(Wire *wire, uint32_t node, uint32_t epoch);

	uint32_t node() const noexcept { return node_; }
	bool up() const noexcept { return up_; }
	uint32_t peers() const noexcept { return peers_; }
	uint64_t sent() const noexcept { return sent_; }
	uint64_t retries() const noexcept { return retries_; }

	/// Begins another life of a context, and forgets the flight of the one before.
	void restart(uint32_t context) noexcept;

	/// True while a packet of the context is on its way.
	bool busy(uint32_t context) const noexcept { return flights_[context].busy; }

	/// Sends a packet of a context that isn't busy.
	void send(uint32_t context, uint32_t partition, const Packet &packet,
		  std::span<const std::byte> payload) noexcept;

	/// Looks at the cable, at frames that came and at kept ones; true when there was work.
	bool poll(Inbound &inbound) noexcept;

	/// Returns the result of a context's packet, once; nothing while the packet is on its way.
	std::optional<Finished> finished(uint32_t context) noexcept;

	/// Says hello, repeats frames without an answer, and gives them up in the end.
	void beat() noexcept;

	/// Forgets packets that wait for full receivers, and all counts.
	void reset() noexcept;

private:
	struct Flight {
		Packet packet{};
		std::optional<hca_chip_error> result;
		uint32_t epoch = 0;
		uint32_t sequence = 0;
		uint32_t beats = 0;	///< since the last answer
		bool busy = false;
		std::size_t bytes = 0;
		std::array<std::byte, HCA_FRAME_MAX> frame;
	};

	/// The last packet of one context of one other node, and its answer.
	struct Source {
		bool known = false;
		bool waiting = false;
		uint32_t epoch = 0;
		uint32_t sequence = 0;
		uint32_t result = 0;
		std::size_t bytes = 0;
		std::array<std::byte, HCA_FRAME_MAX> frame;
	};

	bool poll_cable() noexcept;
	bool poll_waiting(Inbound &inbound) noexcept;
	void give_up(hca_chip_error why) noexcept;
	void forget_waiting() noexcept;
	void handle(const Frame &frame, std::span<const std::byte> bytes, Inbound &inbound) noexcept;
	void handle_packet(const Frame &frame, std::span<const std::byte> bytes,
			   Inbound &inbound) noexcept;
	void handle_answer(const Frame &frame) noexcept;
	bool is_new(const Source &source, const Frame &frame, Inbound &inbound) noexcept;
	void offer(Source &source, const Frame &frame, Inbound &inbound) noexcept;
	void answer(const Source &source, const Frame &packet) noexcept;
	void transmit(Flight &flight) noexcept;
	void hello() noexcept;
	Source &source_of(uint32_t address) noexcept;

	Wire *wire_;
	uint32_t node_;
	uint32_t epoch_;
	bool up_ = false;
	uint32_t peers_ = 0;
	uint32_t waiting_ = 0;
	uint64_t sent_ = 0;
	uint64_t retries_ = 0;
	std::array<uint32_t, HCA_NODES> silence_;	// beats since a node was heard
	std::vector<Flight> flights_;
	std::vector<Source> sources_;
};

} // namespace chip_model
