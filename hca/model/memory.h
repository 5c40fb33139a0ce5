// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace chip_model {

/// An address as the chip puts it on the board's bus.
enum class BusAddr : uint64_t {};

/// Bus addresses between two parts of the RAM, behind which there are devices.
struct Hole {
	uint64_t first = 0;
	uint64_t bytes = 0;	///< 0: no hole
};

/// The board's RAM as the chip reaches it: one file, on the bus perhaps in two parts.
class Memory {
public:
	/// The hole, if there is one, begins above the first byte of the RAM and below its last.
	Memory(std::span<std::byte> ram, BusAddr base, Hole hole = {}) noexcept
		: ram_(ram), base_(static_cast<uint64_t>(base)), hole_(hole) {}

	/// The bytes at a bus address, or nothing when one of them is not in RAM.
	std::optional<std::span<std::byte>> range(BusAddr addr, std::size_t bytes) const noexcept
	{
		// Each subtraction follows a comparison of the same values, so none wraps.
		auto first = static_cast<uint64_t>(addr);

		if (hole_.bytes != 0 && first >= hole_.first) {
			if (first - hole_.first < hole_.bytes)
				return std::nullopt;
			first -= hole_.bytes;	// what follows lies on in the file
		} else if (hole_.bytes != 0 && bytes > hole_.first - first) {
			return std::nullopt;
		}
		if (first < base_ || first - base_ > ram_.size())
			return std::nullopt;

		const auto offset = static_cast<std::size_t>(first - base_);

		if (bytes > ram_.size() - offset)
			return std::nullopt;
		return ram_.subspan(offset, bytes);
	}

private:
	std::span<std::byte> ram_;
	uint64_t base_;
	Hole hole_;
};

} // namespace chip_model
