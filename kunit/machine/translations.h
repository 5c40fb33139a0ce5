/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "dma/core/address.h"

namespace dmamap::sim {

/// Who made a translation.
enum class Use : std::uint8_t {
	linear,
	region,    ///< kernel mapping of a region, made of frames
	device,    ///< the same, made of memory that was adopted
	lazy,      ///< pkmap or vmap that the kernel keeps for later
};

struct Translation {
	Pfn pfn;
	Use use;
	bool cacheable;

	bool operator==(const Translation &) const noexcept = default;
};

/// The kernel's page table and the TLB of each CPU.
///
/// A TLB entry stays as it was, whatever becomes of the page table, until it is
/// purged. When an entry may have been replaced by a younger one, both count:
/// nobody knows which of them is there.
class Translations {
public:
	using Table = std::map<std::uint64_t, Translation>;   // by page of the address

	explicit Translations(unsigned cpus) : tlbs_(cpus) {}

	[[nodiscard]] unsigned cpus() const noexcept { return unsigned(tlbs_.size()); }
	[[nodiscard]] const Table &table() const noexcept { return table_; }

	void set(CpuAddr addr, Translation to) { table_.insert_or_assign(page(addr), to); }
	void clear(CpuAddr addr) { table_.erase(page(addr)); }

	[[nodiscard]] std::optional<Translation> entry(CpuAddr addr) const
	{
		return find(table_, page(addr));
	}

	/// What a CPU translates @addr to: its TLB is asked first, and is filled.
	std::optional<Translation> use(unsigned cpu, CpuAddr addr)
	{
		const auto cached = find(tlbs_[cpu], page(addr));
		const auto entry = find(table_, page(addr));

		if (!cached && entry)
			load(tlbs_[cpu], page(addr), *entry);
		return cached ? cached : entry;
	}

	/// Each CPU's walker loads all that the page table offers.
	void walk()
	{
		for (Tlb &tlb : tlbs_)
			for (const auto &[page, to] : table_)
				load(tlb, page, to);
	}

	void purge(CpuAddr addr)
	{
		for (unsigned cpu = 0; cpu < cpus(); ++cpu)
			purge_on(cpu, addr);
	}
	void purge_on(unsigned cpu, CpuAddr addr) { tlbs_[cpu].erase(page(addr)); }

	/// Forgets everything that was made for @use.
	void drop(Use use)
	{
		auto of_use = [&](const auto &entry) { return entry.second.use == use; };

		std::erase_if(table_, of_use);
		for (Tlb &tlb : tlbs_)
			std::erase_if(tlb, of_use);
	}

	template <class Fn>
	void each_in_tlb(Fn fn) const
	{
		for (const Tlb &tlb : tlbs_)
			for (const auto &[page, to] : tlb)
				fn(to);
	}

	/// Everything that lives: page table and TLBs.
	template <class Fn>
	[[nodiscard]] bool any(Fn fn) const
	{
		bool found = false;

		for (const auto &[page, to] : table_)
			found |= fn(to);
		each_in_tlb([&](const Translation &to) { found |= fn(to); });
		return found;
	}

	/// Has some TLB an entry of @use for @pfn that the page table has not?
	[[nodiscard]] bool stale(Pfn pfn, Use use) const
	{
		for (const Tlb &tlb : tlbs_)
			for (const auto &[page, to] : tlb)
				if (to.pfn == pfn && to.use == use && find(table_, page) != to)
					return true;
		return false;
	}

private:
	using Tlb = std::multimap<std::uint64_t, Translation>;   // the oldest first

	static void load(Tlb &tlb, std::uint64_t page, const Translation &to)
	{
		auto [first, last] = tlb.equal_range(page);

		if (std::none_of(first, last, [&](auto &entry) { return entry.second == to; }))
			tlb.emplace(page, to);
	}
	[[nodiscard]] static std::uint64_t page(CpuAddr addr) noexcept
	{
		return addr.raw() >> kPageShift;
	}
	template <class Map>
	[[nodiscard]] static std::optional<Translation> find(const Map &in, std::uint64_t page)
	{
		auto found = in.lower_bound(page);

		if (found == in.end() || found->first != page)
			return std::nullopt;
		return found->second;
	}

	Table table_;
	std::vector<Tlb> tlbs_;
};

} // namespace dmamap::sim
