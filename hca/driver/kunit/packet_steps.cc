// SPDX-License-Identifier: GPL-2.0
#include "packet_steps.h"

#include <cstddef>
#include <new>
#include <span>

// The sources, not the library: that is for processes.
#include "../../lib/crc32c.cc"
#include "../../lib/data_path.cc"

struct packet_path {
	libhca::DataPath path;
};

const unsigned int packet_path_bytes = sizeof(packet_path);

namespace {

template <std::size_t N>
std::span<std::byte> bytes_of(std::uint8_t (&memory)[N])
{
	return std::as_writable_bytes(std::span(memory));
}

} // namespace

void packet_path_make(packet_path *path, packet_memory *memory, std::uint32_t first)
{
	const libhca::Mappings mappings = {
		.registers = bytes_of(memory->registers),
		.pio = bytes_of(memory->pio),
		.eager = bytes_of(memory->eager),
		.headers = bytes_of(memory->headers),
		.pio_avail = bytes_of(memory->avail),
	};

	new (path) packet_path{libhca::DataPath(mappings,
						{.pio_buffers = HCA_PIO_BUFFERS,
						 .eager_buffers = PACKET_EAGER,
						 .header_entries = PACKET_ENTRIES}, first)};
}

int packet_send(packet_path *path, std::uint32_t dest, std::uint32_t tag, const void *payload,
		unsigned int length)
{
	return path->path.send(dest, tag, payload, length);
}

int packet_receive(const packet_path *path, packet_message *message)
{
	hca_message received;

	if (const int error = path->path.receive(received))
		return error;
	*message = {static_cast<const std::uint8_t *>(received.payload), received.length,
		    received.source, received.tag, received.checksum};
	return 0;
}

int packet_release(packet_path *path)
{
	return path->path.release();
}

std::uint32_t packet_crc32c(const void *data, unsigned int length)
{
	return hca_crc32c(data, length);
}
