// SPDX-License-Identifier: GPL-2.0
#include "context.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace chip_model {
namespace {

constexpr uint32_t kMaxEntries = 65536;
constexpr uint64_t kAlignment = 32;

std::expected<std::span<std::byte>, Refusal> ram_at(const Memory &memory, uint64_t addr,
						    std::size_t bytes)
{
	if (addr % kAlignment != 0)
		return std::unexpected(Refusal{HCA_ERR_BAD_SETUP, addr});

	const auto range = memory.range(BusAddr{addr}, bytes);

	if (!range)
		return std::unexpected(Refusal{HCA_ERR_BAD_ADDRESS, addr});
	return *range;
}

} // namespace

std::expected<Context, Refusal> Context::set_up(Words window, const Memory &memory,
						uint32_t number, uint32_t first_entry)
{
	Context context;

	context.user_ = window.part(HCA_USER_PAGE(number), HCA_PAGE_BYTES);
	context.pio_ = window.part(HCA_PIO(number), HCA_PIO_CONTEXT_BYTES);
	context.next_entry_ = first_entry;

	const auto found = context.find_memory(memory,
					       window.part(HCA_CONTROL_PAGE(number), HCA_PAGE_BYTES),
					       window.part(HCA_EAGER_TABLE(number), HCA_PAGE_BYTES));

	if (!found)
		return std::unexpected(found.error());

	for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i)
		context.done_[i] = context.pio_.read(context.trigger(i));
	return context;
}

std::expected<void, Refusal> Context::find_memory(const Memory &memory, Words control, Words table)
{
	// Each word is read once, so a driver that changes it meanwhile can't get past a check.
	const uint32_t entries = control.read(HCA_CTL_HDRQ_ENTRIES);
	const uint32_t eager_count = control.read(HCA_CTL_EAGER_COUNT);

	if (!std::has_single_bit(entries) || entries > kMaxEntries)
		return std::unexpected(Refusal{HCA_ERR_BAD_SETUP, 0});
	if (eager_count == 0 || eager_count > HCA_EAGER_TABLE_MAX)
		return std::unexpected(Refusal{HCA_ERR_BAD_SETUP, 0});

	const auto queue = ram_at(memory, control.read_pair(HCA_CTL_HDRQ_LO),
				  std::size_t{entries} * HCA_HDR_BYTES);

	if (!queue)
		return std::unexpected(queue.error());

	const auto avail = ram_at(memory, control.read_pair(HCA_CTL_AVAIL_LO), HCA_PAGE_BYTES);

	if (!avail)
		return std::unexpected(avail.error());

	std::vector<std::span<std::byte>> buffers;

	buffers.reserve(eager_count);
	for (uint32_t i = 0; i < eager_count; ++i) {
		const auto buffer = ram_at(memory, table.read_pair(HCA_EAGER_LO(i)),
					   HCA_EAGER_BYTES);

		if (!buffer)
			return std::unexpected(buffer.error());
		buffers.push_back(*buffer);
	}

	eager_ = EagerBuffers(std::move(buffers));
	partition_ = control.read(HCA_CTL_PARTITION);
	entries_ = entries;
	header_queue_ = Words(*queue);
	avail_ = Words(*avail);
	return {};
}

void Context::publish() noexcept
{
	user_.write(HCA_USER_RCV_HEAD, next_entry_);
	for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i)
		avail_.write(HCA_AVAIL_DONE(i), done_[i]);
}

void Context::show_link(bool up, uint32_t peers) noexcept
{
	avail_.write(HCA_AVAIL_PEERS, peers);
	avail_.write(HCA_AVAIL_LINK, up ? HCA_LINK_UP : HCA_LINK_DOWN);
}

std::size_t Context::trigger(uint32_t buffer) const noexcept
{
	return std::size_t{buffer} * HCA_PIO_BYTES + HCA_PIO_TRIGGER;
}

std::optional<uint32_t> Context::first_pending() const noexcept
{
	for (uint32_t step = 0; step < HCA_PIO_BUFFERS; ++step) {
		const uint32_t buffer = (cursor_ + step) % HCA_PIO_BUFFERS;

		if (pio_.read(trigger(buffer)) != done_[buffer])
			return buffer;
	}
	return std::nullopt;
}

std::optional<Packet> Context::pending() const noexcept
{
	if (!first_pending())
		return std::nullopt;

	// Look again: between the looks at an earlier and a later trigger, the process may have
	// written both, in that order. The later one was seen, so the earlier one is visible now.
	const auto buffer = first_pending();

	if (!buffer)
		return std::nullopt;

	const std::size_t base = std::size_t{*buffer} * HCA_PIO_BYTES;

	// The generation comes first: acquire orders it before the words that it publishes.
	const uint32_t generation = pio_.read(base + HCA_PIO_TRIGGER);

	return Packet{
		.buffer = *buffer,
		.generation = generation,
		.dest = pio_.read(base + HCA_PIO_DEST),
		.length = pio_.read(base + HCA_PIO_LENGTH),
		.tag = pio_.read(base + HCA_PIO_TAG),
		.checksum = pio_.read(base + HCA_PIO_CHECKSUM),
	};
}

std::span<const std::byte> Context::payload(const Packet &packet) const noexcept
{
	return pio_.range(std::size_t{packet.buffer} * HCA_PIO_BYTES + HCA_PIO_PAYLOAD,
			  packet.length);
}

void Context::finish(const Packet &packet) noexcept
{
	done_[packet.buffer] = packet.generation;
	cursor_ = (packet.buffer + 1) % HCA_PIO_BUFFERS;
	waiting_ = false;
	avail_.write(HCA_AVAIL_DONE(packet.buffer), packet.generation);
}

void Context::report(hca_chip_error error) noexcept
{
	avail_.write(HCA_AVAIL_ERROR, error);
	avail_.write(HCA_AVAIL_ERRORS, ++errors_);
}

bool Context::full() noexcept
{
	const uint32_t room = std::min(entries_, eager_.size());

	// RCV_HEAD may be anything. A value ahead of the counter gives a huge difference: full.
	const uint32_t used = next_entry_ - user_.read(HCA_USER_RCV_HEAD);

	eager_.keep(used);
	return used >= room;
}

void Context::deliver(const Packet &packet, uint32_t source,
		      std::span<const std::byte> payload) noexcept
{
	const std::size_t entry = std::size_t{next_entry_ % entries_} * HCA_HDR_BYTES;

	const uint32_t buffer = eager_.lend();

	std::memcpy(eager_[buffer].data(), payload.data(), payload.size());

	header_queue_.write(entry + HCA_HDR_SOURCE, source);
	header_queue_.write(entry + HCA_HDR_LENGTH, packet.length);
	header_queue_.write(entry + HCA_HDR_EAGER, buffer);
	header_queue_.write(entry + HCA_HDR_TAG, packet.tag);
	header_queue_.write(entry + HCA_HDR_CHECKSUM, packet.checksum);

	// Last: it tells the process that payload and entry are there.
	header_queue_.write(entry + HCA_HDR_SEQUENCE, ++next_entry_);
}

bool Context::note_wait() noexcept
{
	return !std::exchange(waiting_, true);
}

} // namespace chip_model
