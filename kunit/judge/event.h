/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstdint>
#include <string>

namespace dmamap::judge {

/// The contents of a word of memory. Old: a secret of the last owner, or a value
/// that has been overwritten since. Fresh: the last value that a rightful owner
/// wrote.
enum class Value : std::uint8_t { none, old, zero, fresh };

/// How a CPU may access memory through a translation.
enum class Attr : std::uint8_t { none, cached, uncached };

/// One step of code that runs on a CPU, or a mark in the life of a frame. This is
/// the alphabet of both engines, and of recorded traces.
enum class Op : std::uint8_t {
	set_pte,      ///< edits the page table: va translates to pfn with attr
	purge,        ///< drops va from the TLB of cpu (kAllCpus: one broadcast)
	flush,        ///< cleans and invalidates the line of va, by address
	clean,        ///< cleans only: the line stays
	invalidate,   ///< invalidates only: a dirty value is lost
	flush_icache, ///< the same address, but in the instruction cache
	flush_alias,  ///< flushes a line of pfn through the flush-only alias
	flush_all,    ///< cleans and invalidates the whole data cache of cpu
	flush_outer,  ///< flushes a line of pfn from the outer cache
	barrier,      ///< waits until everything before it is done
	store,        ///< stores value to the line of va
	load,
	irq_off,
	irq_on,

	take,         ///< pfn leaves the owner that had it cached
	claim,        ///< the attribute of pfn is known to all code that maps it
	idle,         ///< pfn is coherent and belongs to no region
	publish,      ///< pfn is coherent and belongs to a region from now on
	start,        ///< the device may use pfn
	quiet,        ///< the device has stopped, none of its writes is on its way
	withdraw,     ///< pfn is no longer coherent
	release,      ///< the attribute of pfn is forgotten
	give,         ///< pfn goes back to an allocator
	quarantine,   ///< pfn is kept for ever

	succeeds,     ///< a primitive that can fail has succeeded
	fails,        ///< a primitive has failed
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
