// SPDX-License-Identifier: GPL-2.0
#include "data_path.h"

#include <barrier.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace libhca {

DataPath::DataPath(const Mappings &mappings, const Geometry &geometry,
		   uint32_t first_entry) noexcept
	: registers_(mappings.registers), pio_(mappings.pio), eager_(mappings.eager),
	  headers_(mappings.headers), pio_avail_(mappings.pio_avail), geometry_(geometry),
	  next_entry_(first_entry)
{
}

int DataPath::send(uint32_t dest, uint32_t tag, const void *payload, std::size_t length) noexcept
{
	if (length > HCA_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (!payload && length != 0)
		return -EINVAL;
	if (const int error = status_error())
		return error;

	const uint32_t buffer = next_buffer_;

	if (!free(buffer)) {
		++stats_.busy;
		return -EAGAIN;
	}

	const std::size_t base = std::size_t{buffer} * HCA_PIO_BYTES;

	pio_.store(base + HCA_PIO_DEST, dest);
	pio_.store(base + HCA_PIO_LENGTH, static_cast<uint32_t>(length));
	pio_.store(base + HCA_PIO_TAG, tag);
	pio_.store(base + HCA_PIO_CHECKSUM, length ? hca_crc32c(payload, length) : 0);
	write_payload(base + HCA_PIO_PAYLOAD, {static_cast<const std::byte *>(payload), length});

	// The packet before its trigger, as the chip sees them.
	order_stores();
	pio_.store(base + HCA_PIO_TRIGGER, ++generation_[buffer]);

	// The trigger before the next packet's, and out of a write-combining buffer now.
	order_stores();
	next_buffer_ = (buffer + 1) % geometry_.pio_buffers;
	++stats_.sent;
	stats_.sent_bytes += length;
	return 0;
}

bool DataPath::free(uint32_t buffer) const noexcept
{
	return pio_avail_.load(HCA_AVAIL_DONE(buffer)) == generation_[buffer];
}

bool DataPath::drained() const noexcept
{
	for (uint32_t buffer = 0; buffer < geometry_.pio_buffers; ++buffer) {
		if (!free(buffer))
			return false;
	}

	// DONE before the error words, which the chip wrote first.
	order_loads();
	return true;
}

// Whole words only: the window takes nothing else, and a memcpy might do anything.
void DataPath::write_payload(std::size_t offset, std::span<const std::byte> payload) const noexcept
{
	for (std::size_t done = 0; done < payload.size(); done += 4) {
		const auto left = payload.subspan(done);
		uint32_t word = 0;

		std::memcpy(&word, left.data(), std::min<std::size_t>(left.size(), 4));
		pio_.store_bytes(offset + done, word);
	}
}

std::size_t DataPath::entry() const noexcept
{
	return std::size_t{next_entry_ % geometry_.header_entries} * HCA_HDR_BYTES;
}

bool DataPath::has_message() const noexcept
{
	return headers_.load(entry() + HCA_HDR_SEQUENCE) == next_entry_ + 1;
}

std::expected<hca_message, int> DataPath::receive() const noexcept
{
	if (!has_message()) {
		const int error = status_error();

		return std::unexpected(error ? error : -EAGAIN);
	}

	// The sequence, which the chip wrote last, before the entry and the payload.
	order_loads();

	const std::size_t base = entry();
	const uint32_t eager = headers_.load(base + HCA_HDR_EAGER);
	const uint32_t length = headers_.load(base + HCA_HDR_LENGTH);

	// The queue is writable: a stray store of this process must not become a stray pointer.
	if (eager >= geometry_.eager_buffers || length > HCA_PAYLOAD_MAX)
		return std::unexpected(-EBADMSG);

	return hca_message{
		.payload = eager_.data() + std::size_t{eager} * HCA_EAGER_BYTES,
		.length = length,
		.source = headers_.load(base + HCA_HDR_SOURCE),
		.tag = headers_.load(base + HCA_HDR_TAG),
		.checksum = headers_.load(base + HCA_HDR_CHECKSUM),
	};
}

int DataPath::release() noexcept
{
	if (!has_message())
		return -EAGAIN;

	// What was read of entry and payload before the chip may overwrite them.
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
