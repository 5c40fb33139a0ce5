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

Chip::Chip(Words window, Memory memory, const Setup &setup)
	: window_(window.part(0, HCA_WINDOW_BYTES)), memory_(memory), observer_(setup.observer),
	  link_(setup.wire, setup.node, setup.epoch), interrupts_(window_, setup.doorbell),
	  first_entry_(setup.first_entry)
{
}

void Chip::start() noexcept
{
	window_.write(HCA_MAGIC, 0);
	disable_all();
	clear_counters();
	interrupts_.reset();
	heartbeat_ = window_.read(HCA_HEARTBEAT);
	window_.write(HCA_VERSION, HCA_VERSION_VALUE);
	window_.write(HCA_NODE, link_.node());
	show_link();
	window_.write(HCA_RESET_ACK, window_.read(HCA_RESET));

	// Last: a driver that sees MAGIC finds everything above in force.
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
	link_.beat();
	show_traffic();
}

bool Chip::step() noexcept
{
	bool busy = poll_reset();

	// All of this comes before sending: a context whose disabling is acknowledged in this
	// step is neither sender nor receiver in it.
	for (uint32_t number = 0; number < HCA_CONTEXTS; ++number)
		busy |= poll_enable(number);
	busy |= poll_fabric();
	for (uint32_t number = 0; number < HCA_CONTEXTS; ++number)
		busy |= poll_send(number);
	poll_interrupts();
	return busy;
}

bool Chip::poll_reset() noexcept
{
	const uint32_t wanted = window_.read(HCA_RESET);

	if (wanted == window_.read(HCA_RESET_ACK))
		return false;

	disable_all();
	clear_counters();
	interrupts_.reset();
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

		++stats_.refused[error];
		window_.write(HCA_ERROR_ADDR_LO, static_cast<uint32_t>(address));
		window_.write(HCA_ERROR_ADDR_HI, static_cast<uint32_t>(address >> 32));
		count_error(number, error);
		tell({.kind = Event::Kind::refuse_setup, .context = number, .error = error,
		      .address = address});

		// Tells the driver, which needn't wait for a time-out and can try again.
		window_.write(control(number, HCA_CTL_ENABLE), 0);
		return;
	}

	contexts_[number] = std::move(*context);
	contexts_[number]->publish();
	contexts_[number]->show_link(link_.up(), link_.peers());
	link_.restart(number);
	interrupts_.restart(number);
	++stats_.enables;
	tell({.kind = Event::Kind::enable, .context = number});
	window_.write(control(number, HCA_CTL_ENABLE_ACK), 1);
}

void Chip::disable(uint32_t number) noexcept
{
	contexts_[number].reset();
	link_.restart(number);
	interrupts_.restart(number);
	++stats_.disables;
	tell({.kind = Event::Kind::disable, .context = number});

	// After the last DMA: from this write on the driver may use the memory for something else.
	window_.write(control(number, HCA_CTL_ENABLE_ACK), 0);
}

void Chip::disable_all() noexcept
{
	for (uint32_t number = 0; number < HCA_CONTEXTS; ++number) {
		contexts_[number].reset();
		link_.restart(number);
		window_.write(control(number, HCA_CTL_ENABLE), 0);
		window_.write(control(number, HCA_CTL_ENABLE_ACK), 0);
	}
	link_.reset();
}

void Chip::clear_counters() noexcept
{
	errors_ = 0;
	errors_of_.fill(0);
	packets_ = 0;
	for (const std::size_t word : {HCA_ERROR, HCA_ERROR_CONTEXT, HCA_ERRORS, HCA_PACKETS,
				       HCA_ERROR_ADDR_LO, HCA_ERROR_ADDR_HI})
		window_.write(word, 0);
	for (uint32_t error = 0; error < HCA_ERRORS_END; ++error)
		window_.write(HCA_COUNT(error), 0);
	show_traffic();
}

bool Chip::poll_fabric() noexcept
{
	const bool busy = link_.poll(*this);

	if (link_.up() != shown_up_ || link_.peers() != shown_peers_) {
		show_link();
		interrupts_.link_changed();
	}
	return busy;
}

void Chip::show_link() noexcept
{
	if (link_.up() != shown_up_)
		tell({.kind = link_.up() ? Event::Kind::link_up : Event::Kind::link_down});
	shown_up_ = link_.up();
	shown_peers_ = link_.peers();
	window_.write(HCA_LINK, shown_up_ ? HCA_LINK_UP : HCA_LINK_DOWN);
	window_.write(HCA_PEERS, shown_peers_);
	for (auto &context : contexts_) {
		if (context)
			context->show_link(shown_up_, shown_peers_);
	}
}

void Chip::show_traffic() noexcept
{
	window_.write(HCA_SENT, static_cast<uint32_t>(link_.sent()));
	window_.write(HCA_RETRIES, static_cast<uint32_t>(link_.retries()));
}

bool Chip::poll_finished(uint32_t number) noexcept
{
	const auto finished = link_.finished(number);

	if (!finished)
		return false;
	if (finished->error != HCA_ERR_NONE)
		refuse(number, finished->packet, finished->error);
	else
		contexts_[number]->finish(finished->packet);
	return true;
}

bool Chip::poll_send(uint32_t number) noexcept
{
	if (!contexts_[number])
		return false;
	if (link_.busy(number))
		return poll_finished(number);

	const auto packet = contexts_[number]->pending();

	if (!packet)
		return false;

	const hca_chip_error error = check(*packet);

	if (error != HCA_ERR_NONE) {
		refuse(number, *packet, error);
		return true;
	}
	if (!is_remote(*packet))
		return deliver(number, *packet);
	send(number, *packet);
	poll_finished(number);	// without a link, the packet has failed already
	return true;
}

// Last in a step, so that one interrupt tells of all its causes.
void Chip::poll_interrupts() noexcept
{
	if (const auto causes = interrupts_.poll()) {
		++stats_.interrupts;
		tell({.kind = Event::Kind::interrupt, .causes = *causes});
	}
}

bool Chip::is_remote(const Packet &packet) const noexcept
{
	return HCA_ADDRESS_NODE(packet.dest) != link_.node();
}

// Checks what this board can decide without the destination.
hca_chip_error Chip::check(const Packet &packet) const noexcept
{
	if (packet.length > HCA_PAYLOAD_MAX)
		return HCA_ERR_BAD_LENGTH;
	if (HCA_ADDRESS_NODE(packet.dest) >= HCA_NODES ||
	    HCA_ADDRESS_CONTEXT(packet.dest) >= HCA_CONTEXTS)
		return HCA_ERR_BAD_DEST;
	return HCA_ERR_NONE;
}

// Decides whether a context of this board takes packets of a partition.
hca_chip_error Chip::admit(uint32_t number, uint32_t partition) const noexcept
{
	if (!contexts_[number])
		return HCA_ERR_BAD_DEST;
	if (contexts_[number]->partition() != partition)
		return HCA_ERR_BAD_PARTITION;
	return HCA_ERR_NONE;
}

void Chip::send(uint32_t number, const Packet &packet) noexcept
{
	const Context &sender = *contexts_[number];

	tell({.kind = Event::Kind::send, .context = address(number), .dest = packet.dest,
	      .length = packet.length, .tag = packet.tag});
	link_.send(number, sender.partition(), packet, sender.payload(packet));
}

bool Chip::deliver(uint32_t number, const Packet &packet) noexcept
{
	Context &sender = *contexts_[number];
	const uint32_t dest = HCA_ADDRESS_CONTEXT(packet.dest);
	const hca_chip_error error = admit(dest, sender.partition());

	if (error != HCA_ERR_NONE) {
		refuse(number, packet, error);
		return true;
	}
	if (contexts_[dest]->full()) {
		if (sender.note_wait()) {
			++stats_.back_pressure;
			tell({.kind = Event::Kind::wait, .context = address(number),
			      .dest = packet.dest, .length = packet.length, .tag = packet.tag});
		}
		return false;
	}
	put(dest, address(number), packet, sender.payload(packet));
	sender.finish(packet);
	return true;
}

std::optional<hca_chip_error> Chip::take(const Frame &frame) noexcept
{
	const uint32_t number = HCA_ADDRESS_CONTEXT(frame.to);
	const hca_chip_error error = admit(number, frame.partition);

	if (error != HCA_ERR_NONE)
		return error;
	if (contexts_[number]->full())
		return std::nullopt;
	++stats_.received;
	put(number, frame.from,
	    {.buffer = 0, .generation = 0, .dest = frame.to, .length = static_cast<uint32_t>(frame.payload.size()), .tag = frame.tag,
	     .checksum = frame.checksum}, frame.payload);
	return HCA_ERR_NONE;
}

void Chip::dropped(hca_chip_error error) noexcept
{
	++stats_.dropped;
	count_error(HCA_NO_CONTEXT, error);
	tell({.kind = Event::Kind::drop_frame, .error = error});
}

// Delivers into a context that isn't full.
void Chip::put(uint32_t number, uint32_t source, const Packet &packet,
	       std::span<const std::byte> payload) noexcept
{
	Context &receiver = *contexts_[number];

	tell({.kind = Event::Kind::deliver, .context = source, .dest = address(number),
	      .length = packet.length, .tag = packet.tag, .entry = receiver.next_entry()});
	receiver.deliver(packet, source, payload);
	interrupts_.delivered(number);
	++stats_.packets;
	stats_.bytes += packet.length;
	window_.write(HCA_PACKETS, ++packets_);
}

void Chip::refuse(uint32_t number, const Packet &packet, hca_chip_error error) noexcept
{
	++stats_.refused[error];
	count_error(number, error);
	tell({.kind = Event::Kind::refuse_packet, .context = address(number), .dest = packet.dest,
	      .length = packet.length, .tag = packet.tag, .error = error});
	contexts_[number]->report(error);
	contexts_[number]->finish(packet);
}

void Chip::count_error(uint32_t number, hca_chip_error error) noexcept
{
	window_.write(HCA_ERROR, error);
	window_.write(HCA_ERROR_CONTEXT, number);
	window_.write(HCA_COUNT(error), ++errors_of_[error]);
	window_.write(HCA_ERRORS, ++errors_);
}

void Chip::tell(const Event &event) const noexcept
{
	if (observer_)
		observer_->event(event);
}

} // namespace chip_model
