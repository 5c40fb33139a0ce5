/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dmamap::judge {

/// How a board performs a primitive of dma/core/machine.h; see kunit/machine/primitives.cc.
enum class Purging : std::uint8_t {
	broadcast,   ///< one instruction for all CPUs
	by_ipi,      ///< each CPU purges its own TLB
};

enum class Flushing : std::uint8_t {
	by_region,   ///< by address, through the region's own mapping
	by_alias,    ///< by address, through a flush-only alias
	whole,       ///< all of the data cache, on each CPU
};

/// What a kind of machine may do behind the back of the code that runs on it.
/// Each flag is one rule of an architecture; the sources stand in profile.cc.
/// A machine that does less than its profile allows is never in danger.
struct Profile {
	std::string_view name;

	/* Translations */
	bool walker;           ///< a CPU may load any present PTE at any time
	bool pte_held;         ///< a walker may see the old PTE until a barrier
	bool purge_drains;     ///< a purge makes earlier PTE edits visible
	bool purge_held;       ///< a purge is done only at the next barrier
	bool online_purges;    ///< a CPU that comes up starts with an empty TLB

	/* Caches */
	bool speculates;       ///< lines are filled through any live TLB entry
	bool coloured;         ///< found by virtual address: aliases do not meet
	bool cpus_snoop;       ///< the CPUs' caches are one
	bool outer;            ///< a cache behind, out of reach for flush by address
	bool flush_held;       ///< a flushed line is in memory only after a barrier
	bool store_held;       ///< so is an uncached store; they are not ordered
	bool device_snoops;

	/* How its kernel does it */
	Purging purging;
	Flushing flushing;
	bool flush_after_lazy; ///< drop_lazy_aliases() flushes the data cache
};

/// x86, arm, parisc, worst; and each once more, "-snooped", with a device that
/// snoops the CPUs' caches.
[[nodiscard]] std::span<const Profile> profiles();
/// The profile of that name; null if there is none.
[[nodiscard]] const Profile *find_profile(std::string_view name);

} // namespace dmamap::judge
