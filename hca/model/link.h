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

namespace chip_model {

/// What the chip does with what comes over the fabric.
class Inbound {
public:
	/// Delivers a packet, or refuses it; nothing when its receiver is full.
	virtual std::optional<hca_chip_error> take(const Frame &packet) noexcept = 0;

	/// Counts a frame that was dropped.
	virtual void dropped(hca_chip_error error) noexcept = 0;

protected:
	~Inbound() = default;
};

/// A packet that has left its board, with what became of it.
struct Finished {
	Packet packet;
	hca_chip_error error;
};

/// One chip's end of the fabric: packets on their way out, and packets that wait to come in.
///
/// Invariants: at most one packet of each context is on its way, and at most one of each context
/// of each node waits here, so nothing that others send makes it grow.
class Link {
public:
	/// Without a wire the link is never up. `epoch` differs from that of the chip's earlier lives.
	Link(Wire *wire, uint32_t node, uint32_t epoch);

	uint32_t node() const noexcept { return node_; }
	bool up() const noexcept { return up_; }
	uint32_t peers() const noexcept { return peers_; }
	uint64_t sent() const noexcept { return sent_; }
	uint64_t retries() const noexcept { return retries_; }

	/// A context begins another life: nothing of the one before is on its way.
	void restart(uint32_t context) noexcept;

	/// True while a packet of the context is on its way.
	bool busy(uint32_t context) const noexcept { return flights_[context].busy; }

	/// Sends a packet of a context that isn't busy.
	void send(uint32_t context, uint32_t partition, const Packet &packet,
		  std::span<const std::byte> payload) noexcept;

	/// Looks at the cable and at what came; true when there was something.
	bool poll(Inbound &inbound) noexcept;

	/// The end of a context's packet, once; nothing while it is on its way.
	std::optional<Finished> finished(uint32_t context) noexcept;

	/// Says hello, repeats what was not answered and gives it up in the end.
	void beat() noexcept;

	/// Forgets packets that wait for full receivers, and all counts.
	void reset() noexcept;

private:
	struct Flight {
		Packet packet{};
		std::optional<hca_chip_error> result;
		uint32_t epoch = 0;
		uint32_t sequence = 0;
		uint32_t beats = 0;	///< since the last word of the other side
		bool busy = false;
		std::size_t bytes = 0;
		std::array<std::byte, HCA_FRAME_MAX> frame;
	};

	/// What is known of one context of one other node.
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
