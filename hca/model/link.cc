// SPDX-License-Identifier: GPL-2.0
#include "link.h"

#include <algorithm>
#include <utility>

namespace chip_model {

Link::Link(Wire *wire, uint32_t node, uint32_t epoch)
	: wire_(wire), node_(node), epoch_(epoch), flights_(HCA_CONTEXTS),
	  sources_(wire ? std::size_t{HCA_NODES} * HCA_CONTEXTS : 0)
{
	silence_.fill(HCA_PEER_BEATS);
}

void Link::restart(uint32_t context) noexcept
{
	Flight &flight = flights_[context];

	flight.busy = false;
	flight.result.reset();
	flight.epoch = ++epoch_;
	flight.sequence = 0;
}

void Link::send(uint32_t context, uint32_t partition, const Packet &packet,
		std::span<const std::byte> payload) noexcept
{
	Flight &flight = flights_[context];

	flight.packet = packet;
	flight.busy = true;
	flight.result.reset();
	flight.beats = 0;
	++flight.sequence;
	flight.bytes = encode({.type = HCA_FRAME_PACKET,
			       .from = HCA_ADDRESS(node_, context),
			       .to = packet.dest,
			       .epoch = flight.epoch,
			       .sequence = flight.sequence,
			       .partition = partition,
			       .tag = packet.tag,
			       .checksum = packet.checksum,
			       .payload = payload}, flight.frame).size();
	if (!up_) {
		flight.result = HCA_ERR_LINK_DOWN;
		return;
	}
	++sent_;
	transmit(flight);
}

void Link::transmit(Flight &flight) noexcept
{
	wire_->send(HCA_ADDRESS_NODE(flight.packet.dest), std::span(flight.frame).first(flight.bytes));
}

std::optional<Finished> Link::finished(uint32_t context) noexcept
{
	Flight &flight = flights_[context];

	if (!flight.busy || !flight.result)
		return std::nullopt;
	flight.busy = false;
	return Finished{flight.packet, *flight.result};
}

bool Link::poll(Inbound &inbound) noexcept
{
	if (!wire_)
		return false;

	bool busy = poll_cable();
	std::array<std::byte, HCA_FRAME_MAX + 1> room;	// one more, so that too long shows

	while (const auto bytes = wire_->receive(room)) {
		busy = true;
		if (!up_)
			continue;

		const auto came = std::span(room).first(*bytes);
		const auto frame = decode(came, node_);

		if (frame)
			handle(*frame, came, inbound);
		else
			inbound.dropped(frame.error());
	}
	return poll_waiting(inbound) || busy;
}

bool Link::poll_cable() noexcept
{
	if (wire_->up() == up_)
		return false;
	up_ = !up_;
	if (!up_) {
		give_up(HCA_ERR_LINK_DOWN);
		forget_waiting();
		silence_.fill(HCA_PEER_BEATS);
		peers_ = 0;
	}
	return true;
}

void Link::give_up(hca_chip_error why) noexcept
{
	for (Flight &flight : flights_) {
		if (flight.busy && !flight.result)
			flight.result = why;
	}
}

void Link::forget_waiting() noexcept
{
	for (Source &source : sources_) {
		if (std::exchange(source.waiting, false))
			source.known = false;
	}
	waiting_ = 0;
}

void Link::handle(const Frame &frame, std::span<const std::byte> bytes, Inbound &inbound) noexcept
{
	const uint32_t node = HCA_ADDRESS_NODE(frame.from);

	silence_[node] = 0;
	peers_ |= 1u << node;
	if (frame.type == HCA_FRAME_PACKET)
		handle_packet(frame, bytes, inbound);
	else if (frame.type == HCA_FRAME_ANSWER)
		handle_answer(frame);
}

void Link::handle_packet(const Frame &frame, std::span<const std::byte> bytes,
			 Inbound &inbound) noexcept
{
	Source &source = source_of(frame.from);

	if (!is_new(source, frame, inbound))
		return;
	if (source.waiting)	// the kept packet, which its sender has given up
		--waiting_;
	source.known = true;
	source.waiting = true;
	++waiting_;
	source.epoch = frame.epoch;
	source.sequence = frame.sequence;
	source.result = HCA_FRAME_WAIT;
	offer(source, frame, inbound);
	if (source.waiting) {
		source.bytes = bytes.size();
		std::ranges::copy(bytes, source.frame.begin());
		answer(source, frame);
	}
}

// True if a packet was never here. The last one that was gets the same answer again.
bool Link::is_new(const Source &source, const Frame &frame, Inbound &inbound) noexcept
{
	if (!source.known || frame.epoch != source.epoch)
		return true;

	const auto ahead = static_cast<int32_t>(frame.sequence - source.sequence);

	if (ahead != 1 && !(ahead == 0 && source.waiting))
		inbound.dropped(HCA_ERR_SEQUENCE);
	if (ahead == 0)
		answer(source, frame);
	return ahead > 0;
}

void Link::offer(Source &source, const Frame &frame, Inbound &inbound) noexcept
{
	const auto result = inbound.take(frame);

	if (!result)
		return;
	source.waiting = false;
	--waiting_;
	source.result = *result;
	answer(source, frame);
}

bool Link::poll_waiting(Inbound &inbound) noexcept
{
	const uint32_t before = waiting_;

	if (before == 0)
		return false;
	for (Source &source : sources_) {
		if (!source.waiting)
			continue;
		// Always succeeds: the frame was whole when it came.
		const auto frame = decode(std::span(source.frame).first(source.bytes), node_);

		if (frame)
			offer(source, *frame, inbound);
	}
	return waiting_ != before;
}

void Link::answer(const Source &source, const Frame &packet) noexcept
{
	std::array<std::byte, HCA_FRAME_MAX> room;

	wire_->send(HCA_ADDRESS_NODE(packet.from),
		    encode({.type = HCA_FRAME_ANSWER,
			    .from = packet.to,
			    .to = packet.from,
			    .epoch = source.epoch,
			    .sequence = source.sequence,
			    .result = source.result}, room));
}

void Link::handle_answer(const Frame &frame) noexcept
{
	Flight &flight = flights_[HCA_ADDRESS_CONTEXT(frame.to)];

	if (!flight.busy || flight.result || frame.epoch != flight.epoch ||
	    frame.sequence != flight.sequence || frame.from != flight.packet.dest)
		return;
	flight.beats = 0;
	if (frame.result < HCA_ERRORS_END)
		flight.result = static_cast<hca_chip_error>(frame.result);
}

void Link::beat() noexcept
{
	if (!wire_ || !up_)
		return;
	hello();
	for (uint32_t node = 0; node < HCA_NODES; ++node) {
		if (silence_[node] < HCA_PEER_BEATS)
			++silence_[node];
		else
			peers_ &= ~(1u << node);
	}
	for (Flight &flight : flights_) {
		if (!flight.busy || flight.result)
			continue;
		if (++flight.beats >= HCA_TIMEOUT_BEATS) {
			flight.result = HCA_ERR_TIMEOUT;
		} else if (flight.beats % HCA_RETRY_BEATS == 0) {
			++retries_;
			transmit(flight);
		}
	}
}

void Link::hello() noexcept
{
	std::array<std::byte, HCA_FRAME_MAX> room;

	for (uint32_t node = 0; node < HCA_NODES; ++node) {
		if (node != node_)
			wire_->send(node, encode({.type = HCA_FRAME_HELLO,
						  .from = HCA_ADDRESS(node_, 0),
						  .to = HCA_ADDRESS(node, 0)}, room));
	}
}

void Link::reset() noexcept
{
	forget_waiting();
	sent_ = 0;
	retries_ = 0;
}

Link::Source &Link::source_of(uint32_t address) noexcept
{
	return sources_[HCA_ADDRESS_NODE(address) * HCA_CONTEXTS + HCA_ADDRESS_CONTEXT(address)];
}

} // namespace chip_model
