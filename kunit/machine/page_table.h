/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include "dma/core/address.h"

namespace dmamap::sim {

/// The kind of mapping that a translation is part of.
enum class Use : std::uint8_t {
	linear,    ///< the kernel's linear map
	region,    ///< the kernel's mapping of a region of frames
	device,    ///< the kernel's mapping of a region of adopted memory
};

struct Translation {
	Pfn pfn;
	Use use;
	bool cacheable;

	bool operator==(const Translation &) const noexcept = default;
};

/// The kernel's page table, as the kernel wrote it last. What TLBs hold and
/// walkers still see of it is the judge's part.
class PageTable {
public:
	void set(CpuAddr addr, Translation to) { table_.insert_or_assign(page(addr), to); }
	void clear(CpuAddr addr) { table_.erase(page(addr)); }

	[[nodiscard]] std::optional<Translation> entry(CpuAddr addr) const
	{
		const auto found = table_.find(page(addr));

		return found == table_.end() ? std::nullopt : std::optional(found->second);
	}

	template <class Fn>
	[[nodiscard]] bool any(Fn fn) const
	{
		return std::ranges::any_of(table_, [&](auto &entry) { return fn(entry.second); });
	}

	bool operator==(const PageTable &) const = default;

	/// Forgets translations that @fn is true for.
	template <class Fn>
	void erase_if(Fn fn)
	{
		std::erase_if(table_, [&](auto &entry) { return fn(entry.second); });
	}

private:
	[[nodiscard]] static std::uint64_t page(CpuAddr addr) noexcept
	{
		return addr.raw() >> kPageShift;
	}

	std::map<std::uint64_t, Translation> table_;
};

} // namespace dmamap::sim
