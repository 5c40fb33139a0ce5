/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstdint>
#include <string>

namespace dmamap::judge {

/// What a word of memory holds. Secrets and everything that was overwritten
/// are old; the last value that a rightful owner wrote is fresh.
enum class Value : std::uint8_t { none, old, zero, fresh };

/// What a translation lets a CPU do.
enum class Attr : std::uint8_t { none, cached, uncached };

/// One step of code that runs on a CPU, or a mark that says whom a frame
/// belongs to. The alphabet of both engines, and of recorded traces.
enum class Op : std::uint8_t {
	set_pte,      ///< edit of the page table: va translates to pfn with attr
	purge,        ///< TLB of cpu (kAllCpus: one broadcast) forgets va
	flush,        ///< clean and invalidate the line of va, by address
	clean,        ///< clean only: the line stays
	invalidate,   ///< invalidate only: what was dirty is lost
	flush_icache, ///< the same address, but of the instruction cache
	flush_alias,  ///< flush of pfn's line through the flush-only alias
	flush_all,    ///< clean and invalidate all of cpu's data cache
	flush_outer,  ///< the outer cache, by physical line
	barrier,      ///< waits until everything before it is done
	store,        ///< of value to the line of va
	load,
	irq_off,
	irq_on,

	take,         ///< pfn leaves its owner, who had it cached
	claim,        ///< whoever maps pfn knows of its attribute
	idle,         ///< pfn is coherent, but nobody has it
	publish,      ///< pfn is coherent, and somebody's from now on
	start,        ///< the device may use pfn
	quiet,        ///< the device has stopped, nothing of it is on its way
	withdraw,     ///< pfn is no longer coherent
	release,      ///< the attribute is forgotten
	give,         ///< pfn goes back to an allocator
	quarantine,   ///< pfn is kept for ever

	succeeds,     ///< a primitive that can fail did not
	fails,
};

inline constexpr std::uint8_t kSelf = 0xfe;      ///< the CPU that runs the task
inline constexpr std::uint8_t kAllCpus = 0xff;

struct Event {
	Op op;
	std::uint8_t cpu = kSelf;
	Attr attr = Attr::none;
	Value value = Value::none;
	std::uint32_t line = 0;
	std::uint64_t va = 0;    ///< page number of a virtual address
	std::uint64_t pfn = 0;

	bool operator==(const Event &) const noexcept = default;
};

[[nodiscard]] std::string to_string(const Event &event);

} // namespace dmamap::judge
