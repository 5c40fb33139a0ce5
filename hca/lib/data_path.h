// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca.h"
#include "shared_words.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace libhca {

/// The five kinds of memory of a context, as a process sees them.
struct Mappings {
	std::span<std::byte> registers;
	std::span<std::byte> pio;		///< never read
	std::span<const std::byte> eager;
	std::span<std::byte> headers;
	std::span<const std::byte> pio_avail;
};

struct Geometry {
	uint32_t pio_buffers;	///< 1 to HCA_PIO_BUFFERS
	uint32_t eager_buffers;
	uint32_t header_entries;	///< a power of two
};

/// Sending and receiving: loads and stores only, no system call, no allocation.
///
/// Results are 0 or a message; errors are negative errno values, documented in hca.h.
///
/// Invariants: `next_entry_` is the number of entries consumed; `generation_[i]` is the last value
/// written to the trigger of PIO buffer i, which is never read back.
class DataPath {
public:
	/// `first_entry` is 0 for a context that was just opened; a test sets it near the wrap.
	DataPath(const Mappings &mappings, const Geometry &geometry,
		 uint32_t first_entry = 0) noexcept;

	int send(uint32_t dest, uint32_t tag, const void *payload, std::size_t length) noexcept;
	std::expected<hca_message, int> receive() const noexcept;
	/// The same for C; `message` is unchanged on error.
	int receive(hca_message &message) const noexcept;
	int release() noexcept;

	bool has_message() const noexcept;

	/// True when the chip is done with the packets in all PIO buffers.
	bool drained() const noexcept;
	enum hca_status status() const noexcept;

	/// The error for status(): 0, -EIO, -ECONNRESET or -ENODEV.
	int status_error() const noexcept;

	enum hca_link link() const noexcept;
	uint32_t peers() const noexcept { return pio_avail_.load(HCA_AVAIL_PEERS); }
	hca_stats stats() const noexcept;

	uint32_t errors() const noexcept { return pio_avail_.load(HCA_AVAIL_ERRORS); }
	uint32_t last_error() const noexcept { return pio_avail_.load(HCA_AVAIL_ERROR); }

private:
	bool free(uint32_t buffer) const noexcept;
	std::size_t slot() const noexcept;

	SharedWords<std::byte> registers_;
	SharedWords<std::byte> pio_;
	std::span<const std::byte> eager_;
	SharedWords<std::byte> headers_;
	SharedWords<const std::byte> pio_avail_;
	Geometry geometry_;

	std::array<uint32_t, HCA_PIO_BUFFERS> generation_{};
	uint32_t next_buffer_ = 0;
	hca_stats stats_{};
	uint32_t entry_mask_;
	uint32_t next_entry_;
};

} // namespace libhca
