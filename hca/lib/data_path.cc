// SPDX-License-Identifier: GPL-2.0
#include "data_path.h"

#include "crc32c.h"

#include <barrier.h>

#include <cerrno>

namespace libhca {
namespace {

constexpr std::size_t kWord = sizeof(uint32_t);

// Writes less than a word. Not inline: most messages would pay for the registers.
[[gnu::noinline]] Crc32c write_rest(SharedWords<std::byte> to, std::span<const uint8_t> rest,
				    Crc32c crc) noexcept
{
	std::array<uint8_t, kWord> bytes{};

	for (std::size_t i = 0; i < rest.size(); ++i) {
		bytes[i] = rest[i];
		crc.add_byte(bytes[i]);
	}
	to.store(0, word_at(bytes.data()));
	return crc;
}

// Writes whole words only, because the window takes nothing else. Returns the checksum of the
// bytes written, even if another thread changes the payload meanwhile.
uint32_t write_payload(SharedWords<std::byte> to, std::span<const uint8_t> payload) noexcept
{
	const std::size_t whole = payload.size() & ~(kWord - 1);
	Crc32c crc;

	for (std::size_t done = 0; done != whole; done += kWord) {
		const uint32_t word = word_at(payload.data() + done);

		to.store(done, word);
		crc.add_word(word);
	}
	if (whole != payload.size()) [[unlikely]]
		crc = write_rest(to.from(whole), payload.subspan(whole), crc);
	return crc.value();
}

} // namespace

DataPath::DataPath(const Mappings &mappings, const Geometry &geometry,
		   uint32_t first_entry) noexcept
	: registers_(mappings.registers), pio_(mappings.pio), eager_(mappings.eager),
	  headers_(mappings.headers), pio_avail_(mappings.pio_avail), geometry_(geometry),
	  entry_mask_(geometry.header_entries - 1), next_entry_(first_entry)
{
}

int DataPath::send(uint32_t dest, uint32_t tag, const void *payload, std::size_t length) noexcept
{
	if (length > HCA_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (!payload && length != 0)
		return -EINVAL;
	if (status() != HCA_STATUS_OK)
		return status_error();

	const uint32_t buffer = next_buffer_;

	if (!free(buffer)) {
		++stats_.busy;
		return -EAGAIN;
	}

	const auto packet = pio_.from(std::size_t{buffer} * HCA_PIO_BYTES);

	packet.store(HCA_PIO_DEST, dest);
	packet.store(HCA_PIO_LENGTH, static_cast<uint32_t>(length));
	packet.store(HCA_PIO_TAG, tag);
	packet.store(HCA_PIO_CHECKSUM,
		     write_payload(packet.from(HCA_PIO_PAYLOAD),
				   {static_cast<const uint8_t *>(payload), length}));

	// The packet before its trigger, as the chip sees them.
	order_stores();
	packet.store(HCA_PIO_TRIGGER, ++generation_[buffer]);

	// This trigger before the next packet, and out of a write-combining buffer now.
	order_stores();
	next_buffer_ = buffer + 1 < geometry_.pio_buffers ? buffer + 1 : 0;
	++stats_.sent;
	stats_.sent_bytes += length;
	return 0;
}

bool DataPath::free(uint32_t buffer) const noexcept
{
	return pio_avail_.load(HCA_AVAIL_DONE(std::size_t{buffer})) == generation_[buffer];
}

bool DataPath::drained() const noexcept
{
	for (uint32_t buffer = 0; buffer < geometry_.pio_buffers; ++buffer) {
		if (!free(buffer))
			return false;
	}

	// The load of DONE before loads of the error words, which the chip wrote first.
	order_loads();
	return true;
}

std::size_t DataPath::slot() const noexcept
{
	return std::size_t{next_entry_ & entry_mask_} * HCA_HDR_BYTES;
}

bool DataPath::has_message() const noexcept
{
	return headers_.from(slot()).load(HCA_HDR_SEQUENCE) == next_entry_ + 1;
}

int DataPath::receive(hca_message &message) const noexcept
{
	const auto entry = headers_.from(slot());

	if (entry.load(HCA_HDR_SEQUENCE) != next_entry_ + 1) {
		const int error = status_error();

		return error ? error : -EAGAIN;
	}

	// The load of the sequence, which the chip wrote last, before loads of entry and payload.
	order_loads();

	const uint32_t eager = entry.load(HCA_HDR_EAGER);
	const uint32_t length = entry.load(HCA_HDR_LENGTH);

	// The queue is writable: a stray store of this process must not become a stray pointer.
	if (eager >= geometry_.eager_buffers || length > HCA_PAYLOAD_MAX)
		return -EBADMSG;

	message.payload = eager_.data() + std::size_t{eager} * HCA_EAGER_BYTES;
	message.length = length;
	message.source = entry.load(HCA_HDR_SOURCE);
	message.tag = entry.load(HCA_HDR_TAG);
	message.checksum = entry.load(HCA_HDR_CHECKSUM);
	return 0;
}

std::expected<hca_message, int> DataPath::receive() const noexcept
{
	hca_message message;

	if (const int error = receive(message))
		return std::unexpected(error);
	return message;
}

int DataPath::release() noexcept
{
	if (!has_message())
		return -EAGAIN;

	// All reads of entry and payload before the store that lets the chip overwrite them.
	order_all();
	registers_.store(HCA_USER_RCV_HEAD, ++next_entry_);
	++stats_.received;
	return 0;
}

enum hca_status DataPath::status() const noexcept
{
	return static_cast<enum hca_status>(pio_avail_.load(HCA_AVAIL_STATUS));
}

enum hca_link DataPath::link() const noexcept
{
	return pio_avail_.load(HCA_AVAIL_LINK) == HCA_LINK_UP ? HCA_LINK_UP : HCA_LINK_DOWN;
}

hca_stats DataPath::stats() const noexcept
{
	hca_stats stats = stats_;

	stats.refused = errors();
	return stats;
}

int DataPath::status_error() const noexcept
{
	switch (status()) {
	case HCA_STATUS_OK:
		return 0;
	case HCA_STATUS_GONE:
		return -ENODEV;
	case HCA_STATUS_RESET:
		return -ECONNRESET;
	default:
		return -EIO;
	}
}

} // namespace libhca
