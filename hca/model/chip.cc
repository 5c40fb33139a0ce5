// SPDX-License-Identifier: GPL-2.0
#include "chip.h"

#include <utility>

namespace chip_model {
namespace {

std::size_t control(uint32_t number, std::size_t word) noexcept
{
	return HCA_CONTROL_PAGE(number) + word;
}

} // namespace

Chip::Chip(Words window, Memory memory, Observer *observer, uint32_t first_entry) noexcept
	: window_(window.part(0, HCA_WINDOW_BYTES)), memory_(memory), observer_(observer),
	  first_entry_(first_entry)
{
}

void Chip::start() noexcept
{
	window_.write(HCA_MAGIC, 0);
	disable_all();
	clear_counters();
	heartbeat_ = window_.read(HCA_HEARTBEAT);
	window_.write(HCA_VERSION, HCA_VERSION_VALUE);
	window_.write(HCA_RESET_ACK, window_.read(HCA_RESET));

	// Last: whoever sees it finds everything above in force.
	window_.write(HCA_MAGIC, HCA_MAGIC_VALUE);
	tell({.kind = Event::Kind::start});
}

void Chip::stop() noexcept
{
	disable_all();
	window_.write(HCA_MAGIC, 0);
	tell({.kind = Event::Kind::stop});
}

void Chip::beat() noexcept
{
	window_.write(HCA_HEARTBEAT, ++heartbeat_);
}

bool Chip::step() noexcept
{
	bool busy = poll_reset();

	// All of this comes before sending: a context whose disabling is acknowledged in this
	// step is neither sender nor receiver in it.
	for (uint32_t number = 0; number < HCA_CONTEXTS; ++number)
		busy |= poll_enable(number);
	for (uint32_t number = 0; number < HCA_CONTEXTS; ++number)
		busy |= poll_send(number);
	return busy;
}

bool Chip::poll_reset() noexcept
{
	const uint32_t wanted = window_.read(HCA_RESET);

	if (wanted == window_.read(HCA_RESET_ACK))
		return false;

	disable_all();
	clear_counters();
	++stats_.resets;
	tell({.kind = Event::Kind::reset});
	window_.write(HCA_RESET_ACK, wanted);
	return true;
}

bool Chip::poll_enable(uint32_t number) noexcept
{
	const bool wanted = window_.read(control(number, HCA_CTL_ENABLE)) != 0;

	if (wanted == contexts_[number].has_value())
		return false;

	if (wanted)
		enable(number);
	else
		disable(number);
	return true;
}

void Chip::enable(uint32_t number) noexcept
{
	auto context = Context::set_up(window_, memory_, number, first_entry_);

	if (!context) {
		const auto [error, address] = context.error();

		++(error == HCA_ERR_BAD_ADDRESS ? stats_.refused_address : stats_.refused_setup);
		count_error(number, error);
		tell({.kind = Event::Kind::refuse_setup, .context = number, .error = error,
		      .address = address});

		// So that the driver needn't wait for a time-out, and can try again.
		window_.write(control(number, HCA_CTL_ENABLE), 0);
		return;
	}

	contexts_[number] = std::move(*context);
	contexts_[number]->publish();
	++stats_.enables;
	tell({.kind = Event::Kind::enable, .context = number});
	window_.write(control(number, HCA_CTL_ENABLE_ACK), 1);
}

void Chip::disable(uint32_t number) noexcept
{
	contexts_[number].reset();
	++stats_.disables;
	tell({.kind = Event::Kind::disable, .context = number});

	// After the last DMA: from here on the driver may use the memory for something else.
	window_.write(control(number, HCA_CTL_ENABLE_ACK), 0);
}

void Chip::disable_all() noexcept
{
	for (uint32_t number = 0; number < HCA_CONTEXTS; ++number) {
		contexts_[number].reset();
		window_.write(control(number, HCA_CTL_ENABLE), 0);
		window_.write(control(number, HCA_CTL_ENABLE_ACK), 0);
	}
}

void Chip::clear_counters() noexcept
{
	errors_ = 0;
	packets_ = 0;
	for (const std::size_t word : {HCA_ERROR, HCA_ERROR_CONTEXT, HCA_ERRORS, HCA_PACKETS})
		window_.write(word, 0);
}

bool Chip::poll_send(uint32_t number) noexcept
{
	if (!contexts_[number])
		return false;

	const auto packet = contexts_[number]->pending();

	if (!packet)
		return false;

	const hca_chip_error error = check(*packet);

	if (error != HCA_ERR_NONE) {
		refuse(number, *packet, error);
		return true;
	}
	return deliver(number, *packet);
}

hca_chip_error Chip::check(const Packet &packet) const noexcept
{
	if (packet.length > HCA_PAYLOAD_MAX)
		return HCA_ERR_BAD_LENGTH;
	if (packet.dest >= HCA_CONTEXTS || !contexts_[packet.dest])
		return HCA_ERR_BAD_DEST;
	return HCA_ERR_NONE;
}

bool Chip::deliver(uint32_t source, const Packet &packet) noexcept
{
	Context &sender = *contexts_[source];
	Context &receiver = *contexts_[packet.dest];
	Event event{.kind = Event::Kind::deliver, .context = source, .dest = packet.dest,
		    .length = packet.length, .tag = packet.tag, .entry = receiver.next_entry()};

	if (receiver.full()) {
		if (sender.note_wait()) {
			++stats_.back_pressure;
			event.kind = Event::Kind::wait;
			tell(event);
		}
		return false;
	}

	receiver.deliver(packet, source, sender.payload(packet));
	++stats_.packets;
	stats_.bytes += packet.length;
	window_.write(HCA_PACKETS, ++packets_);
	tell(event);
	sender.finish(packet);
	return true;
}

void Chip::refuse(uint32_t source, const Packet &packet, hca_chip_error error) noexcept
{
	++(error == HCA_ERR_BAD_LENGTH ? stats_.refused_length : stats_.refused_dest);
	count_error(source, error);
	tell({.kind = Event::Kind::refuse_packet, .context = source, .dest = packet.dest,
	      .length = packet.length, .tag = packet.tag, .error = error});
	contexts_[source]->report(error);
	contexts_[source]->finish(packet);
}

void Chip::count_error(uint32_t number, hca_chip_error error) noexcept
{
	window_.write(HCA_ERROR, error);
	window_.write(HCA_ERROR_CONTEXT, number);
	window_.write(HCA_ERRORS, ++errors_);
}

void Chip::tell(const Event &event) const noexcept
{
	if (observer_)
		observer_->event(event);
}

} // namespace chip_model
