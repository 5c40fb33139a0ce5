// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "chip.h"
#include "hca_chip.h"
#include "memory.h"
#include "words.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace chip_model {

/// A board made of plain memory, with a chip and the driver's part of the work.
///
/// The RAM is exactly as large as the contexts need: the sanitizer sees every access beyond it.
class TestBoard {
public:
	static constexpr uint64_t kBase = 0x40000000;
	static constexpr std::size_t kQueueBytes = 4096;
	static constexpr std::size_t kEagerMax = 64;
	static constexpr std::size_t kContextBytes =
		HCA_PAGE_BYTES + kQueueBytes + kEagerMax * HCA_EAGER_BYTES;

	struct Geometry {
		uint32_t entries = 8;
		uint32_t eager = 8;
		uint32_t partition = 0;
	};

	explicit TestBoard(uint32_t first_entry = 0)
		: TestBoard(Chip::Setup{.first_entry = first_entry}) {}

	explicit TestBoard(const Chip::Setup &setup)
		: ram_(allocate(kRamBytes)), window_(allocate(HCA_WINDOW_BYTES)),
		  chip_(Words({window_.get(), HCA_WINDOW_BYTES}),
			Memory({ram_.get(), kRamBytes}, BusAddr{kBase}), setup)
	{
		chip_.start();
	}

	Chip &chip() { return chip_; }

	Words window() { return Words({window_.get(), HCA_WINDOW_BYTES}); }
	Words user(uint32_t n) { return window().part(HCA_USER_PAGE(n), HCA_PAGE_BYTES); }
	Words control(uint32_t n) { return window().part(HCA_CONTROL_PAGE(n), HCA_PAGE_BYTES); }
	Words table(uint32_t n) { return window().part(HCA_EAGER_TABLE(n), HCA_PAGE_BYTES); }
	Words pio(uint32_t n) { return window().part(HCA_PIO(n), HCA_PIO_CONTEXT_BYTES); }

	Words avail(uint32_t n) { return ram().part(avail_offset(n), HCA_PAGE_BYTES); }
	Words queue(uint32_t n) { return ram().part(queue_offset(n), kQueueBytes); }
	Words entry(uint32_t n, uint32_t i)
	{
		return queue(n).part(std::size_t{i} * HCA_HDR_BYTES, HCA_HDR_BYTES);
	}
	Words eager_area(uint32_t n) { return ram().part(eager_offset(n), kEagerMax * HCA_EAGER_BYTES); }
	std::span<std::byte> eager(uint32_t n, uint32_t i)
	{
		return eager_area(n).range(std::size_t{i} * HCA_EAGER_BYTES, HCA_EAGER_BYTES);
	}
	std::span<std::byte> ram_bytes() { return {ram_.get(), kRamBytes}; }

	static void write_pair(Words words, std::size_t offset, uint64_t value)
	{
		words.write(offset, static_cast<uint32_t>(value));
		words.write(offset + 4, static_cast<uint32_t>(value >> 32));
	}

	/// Programs a context, without enabling it.
	void program(uint32_t n, Geometry geometry)
	{
		for (uint32_t i = 0; i < HCA_PIO_BUFFERS; ++i)
			pio(n).write(i * HCA_PIO_BYTES + HCA_PIO_TRIGGER, 0);
		for (uint32_t i = 0; i < std::min<uint32_t>(geometry.eager, kEagerMax); ++i)
			write_pair(table(n), HCA_EAGER_LO(i),
				   kBase + eager_offset(n) + uint64_t{i} * HCA_EAGER_BYTES);
		write_pair(control(n), HCA_CTL_HDRQ_LO, kBase + queue_offset(n));
		write_pair(control(n), HCA_CTL_AVAIL_LO, kBase + avail_offset(n));
		control(n).write(HCA_CTL_HDRQ_ENTRIES, geometry.entries);
		control(n).write(HCA_CTL_EAGER_COUNT, geometry.eager);
		control(n).write(HCA_CTL_PARTITION, geometry.partition);
	}

	/// Asks for a state and lets the chip see it; true when the chip took it.
	bool set_enable(uint32_t n, uint32_t state)
	{
		control(n).write(HCA_CTL_ENABLE, state);
		chip_.step();
		return control(n).read(HCA_CTL_ENABLE_ACK) == state;
	}

	bool enable(uint32_t n, Geometry geometry)
	{
		program(n, geometry);
		return set_enable(n, 1);
	}

	bool enable(uint32_t n) { return enable(n, Geometry{}); }

	struct Send {
		uint32_t buffer = 0;
		uint32_t generation = 1;
		uint32_t dest = 0;
		uint32_t tag = 0;
		std::string_view payload = {};
		uint32_t checksum = 0;
	};

	/// Writes a packet as a process does, without waiting for a free buffer.
	void send(uint32_t n, const Send &send)
	{
		Words buffer = pio(n).part(send.buffer * HCA_PIO_BYTES, HCA_PIO_BYTES);
		const auto payload = std::as_bytes(std::span(send.payload));

		std::ranges::copy(payload,
				  buffer.range(HCA_PIO_PAYLOAD, HCA_PAYLOAD_MAX).begin());
		buffer.write(HCA_PIO_DEST, send.dest);
		buffer.write(HCA_PIO_LENGTH, static_cast<uint32_t>(payload.size()));
		buffer.write(HCA_PIO_TAG, send.tag);
		buffer.write(HCA_PIO_CHECKSUM, send.checksum);
		buffer.write(HCA_PIO_TRIGGER, send.generation);
	}

	uint32_t done(uint32_t n, uint32_t buffer) { return avail(n).read(HCA_AVAIL_DONE(buffer)); }

	void consume(uint32_t n, uint32_t head) { user(n).write(HCA_USER_RCV_HEAD, head); }

private:
	static constexpr std::size_t kRamBytes = HCA_CONTEXTS * kContextBytes;

	static std::unique_ptr<std::byte[]> allocate(std::size_t bytes)
	{
		return std::make_unique<std::byte[]>(bytes);
	}

	Words ram() { return Words({ram_.get(), kRamBytes}); }
	static std::size_t avail_offset(uint32_t n) { return n * kContextBytes; }
	static std::size_t queue_offset(uint32_t n) { return avail_offset(n) + HCA_PAGE_BYTES; }
	static std::size_t eager_offset(uint32_t n) { return queue_offset(n) + kQueueBytes; }

	std::unique_ptr<std::byte[]> ram_;
	std::unique_ptr<std::byte[]> window_;
	Chip chip_;
};

} // namespace chip_model
