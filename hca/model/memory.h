// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace chip_model {

/// An address as the chip puts it on the board's bus.
enum class BusAddr : uint64_t {};

/// The board's RAM as the chip reaches it.
class Memory {
public:
	Memory(std::span<std::byte> ram, BusAddr base) noexcept
		: ram_(ram), base_(static_cast<uint64_t>(base)) {}

	/// The bytes at a bus address, or nothing when one of them is not in RAM.
	std::optional<std::span<std::byte>> range(BusAddr addr, std::size_t bytes) const noexcept
	{
		// Each subtraction follows a comparison of the same values, so none wraps.
		const auto first = static_cast<uint64_t>(addr);

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
};

} // namespace chip_model
