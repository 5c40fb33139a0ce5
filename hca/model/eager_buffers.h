// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace chip_model {

/// The eager buffers of a context: which are lent to the process, and which one is next.
///
/// Buffers are lent in the order of the entries that name them, and come back in that order. The
/// next one is the buffer that came back last: a process that keeps up sees the same few pages
/// again and again, which its TLB and caches know, however many buffers there are.
///
/// Invariants: each buffer is either free or lent.
class EagerBuffers {
public:
	EagerBuffers() noexcept = default;

	/// At first all buffers are free, in the order of the table.
	explicit EagerBuffers(std::vector<std::span<std::byte>> buffers)
		: buffers_(std::move(buffers)), lent_(buffers_.size())
	{
		free_.reserve(buffers_.size());
		for (uint32_t i = size(); i != 0; --i)
			free_.push_back(i - 1);
	}

	uint32_t size() const noexcept { return static_cast<uint32_t>(buffers_.size()); }
	std::span<std::byte> operator[](uint32_t i) const noexcept { return buffers_[i]; }

	/// Lends the next buffer; at least one is free.
	uint32_t lend() noexcept
	{
		const uint32_t buffer = free_.back();

		lent_[(oldest_ + lent_count()) % size()] = buffer;
		free_.pop_back();
		return buffer;
	}

	/// Takes back all buffers but the `used` lent last: none, if a process claims to use more
	/// than it has got.
	void keep(uint32_t used) noexcept
	{
		while (lent_count() > used) {
			free_.push_back(lent_[oldest_]);
			oldest_ = (oldest_ + 1) % size();
		}
	}

private:
	uint32_t lent_count() const noexcept
	{
		return size() - static_cast<uint32_t>(free_.size());
	}

	std::vector<std::span<std::byte>> buffers_;
	std::vector<uint32_t> free_;	///< a stack
	std::vector<uint32_t> lent_;	///< a ring that begins at `oldest_`
	uint32_t oldest_ = 0;
};

} // namespace chip_model
