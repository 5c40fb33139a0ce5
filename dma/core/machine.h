/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <concepts>

#include "dma/core/address.h"
#include "dma/core/result.h"

namespace dmamap {

/// State of a frame's translation in the kernel's linear map.
enum class Linear : std::uint8_t {
	none,       ///< never a translation (highmem)
	absent,     ///< the PTE is not present
	uncached,   ///< present, but no line can be filled through it
	cached,     ///< ordinary memory of the kernel
};

/// Cache attribute of a region's own mappings.
enum class Attribute : std::uint32_t {
	cached,          ///< ordinary write-back, for snooping devices
	coherent,        ///< not cached; the board's choice for coherent memory
	uncached,        ///< device registers
	write_combine,   ///< not cached, writes may be gathered
};

/// Which frames a device can use. These are hints for the choice of a zone:
/// Machine::bus_address() decides whether frames really are in reach.
struct Reach {
	std::uint64_t last_byte = ~std::uint64_t{0};   ///< highest physical address
	std::int32_t node = -1;                        ///< memory node to prefer; -1: any
	bool may_sleep = true;
	/// Whether pages in use may be moved to make room, which waits for their I/O: not
	/// for a caller that such I/O waits for.
	bool may_move = true;
	/// Contiguous memory that only this device has, and must take from; or nullptr.
	void *area = nullptr;
};

/// Where the contiguous memory area (CMA) of the board lies. An unusable one is there, and
/// the kernel gave its memory back.
enum class CmaPlacement : std::uint8_t { none, lowmem, highmem, unusable };

/// Whether a CPU has what coherent memory needs, and what it lacks.
enum class CpuFit : std::uint8_t {
	fit,
	ignores_uncached,   ///< it caches memory whatever a translation says
	keeps_lines,        ///< flush() does not reach all lines of a frame in all caches
	aliases,            ///< a data cache may have one line twice, by two addresses
};

/// The facts about a board that strategies depend on.
struct BoardFacts {
	CmaPlacement cma = CmaPlacement::none;
	/// Pages that one entry of the linear map covers. Whole units are flipped, so
	/// that no large page of the linear map is ever split.
	Pages unit{1};
	/// Pages that the pool flips at a time; a multiple of the unit.
	Pages chunk{1};
	/// True if write-combining memory has an attribute of its own.
	bool combines = false;
	CpuFit cpu = CpuFit::fit;
};

/// The primitives that a machine offers to strategies and flips. The kernel's
/// boards and the simulated machine both model this concept; the code above it is
/// the same source for both.
///
/// Each call is one indivisible step of the flip orders in flip.h. The strategies
/// rely on the following, so a machine that does less is wrong:
///
/// - take_*() gives frames without any other user, which no user page table, live
///   vmap or device reaches. Their linear translation, if any, is cached.
/// - bus_address() returns the address at which a device finds the frames, or
///   Errno::io if the device's mask does not reach all of them. Without a device
///   the result is the physical address.
/// - drop_lazy_aliases() ends every translation of the frames outside of the
///   linear map that the kernel keeps for later (pkmap, lazily freed vmap) or has
///   purged on one CPU only (kmap_local), in page tables and in the TLBs of all
///   CPUs, and drops every cache line that came in through such a translation and
///   that flush() would not find.
/// - set_linear() edits the entry of one unit, in the page table only: TLBs may
///   still hold the old translation until purge_linear() has returned.
///   Errno::nodev if this machine can't edit it, Errno::nomem for lack of memory.
/// - purge_linear() returns when no TLB of any CPU holds the linear
///   translations that set_linear() replaced, and no CPU is still using one.
/// - claim() records the attribute for all other code that maps frames (x86
///   memtype), release() forgets the record.
/// - map() makes the kernel mapping of a region with an attribute.
///   unmap() returns when neither page table nor any TLB has that mapping any more.
/// - map_device() maps memory that no allocator has; Errno::busy if another mapping of
///   it has another attribute.
/// - flush() writes back and invalidates every line of the frames in every
///   cache between CPU and device, through a translation that cannot refill.
/// - barrier() orders all of the above before all later accesses of device and CPU.
/// - publish() enters frames into the directory with an owner, hold() without one;
///   withdraw() removes them. lend() gives held frames an owner, recall() takes them
///   back. Neither sleeps: both run in any context, as do zero(), barrier() and
///   bus_address().
template <class M>
concept Machine = requires(M &m, FrameRun run, Pfn pfn, Pages pages, Reach reach,
			   Linear linear, Attribute attribute, CpuAddr addr, void *owner) {
	{ m.facts() } noexcept -> std::same_as<BoardFacts>;
	{ m.take_cma(pages, reach) } noexcept -> std::same_as<Result<FrameRun>>;
	{ m.give_cma(run) } noexcept -> std::same_as<void>;
	{ m.take_pages(pages, reach) } noexcept -> std::same_as<Result<FrameRun>>;
	{ m.give_pages(run) } noexcept -> std::same_as<void>;

	{ m.bus_address(owner, run) } noexcept -> std::same_as<Result<BusAddr>>;

	{ m.drop_lazy_aliases(run) } noexcept -> std::same_as<void>;
	{ m.linear(pfn) } noexcept -> std::same_as<Linear>;
	{ m.set_linear(run, linear) } noexcept -> std::same_as<Result<void>>;
	{ m.purge_linear(run) } noexcept -> std::same_as<void>;
	{ m.claim(run, attribute) } noexcept -> std::same_as<Result<void>>;
	{ m.release(run) } noexcept -> std::same_as<void>;
	{ m.map(run, attribute) } noexcept -> std::same_as<Result<CpuAddr>>;
	{ m.unmap(addr, run) } noexcept -> std::same_as<void>;
	{ m.flush(run, addr) } noexcept -> std::same_as<void>;
	{ m.barrier() } noexcept -> std::same_as<void>;
	{ m.zero(addr, pages) } noexcept -> std::same_as<void>;

	{ m.linear_address(pfn) } noexcept -> std::same_as<CpuAddr>;
	{ m.map_device(run, attribute) } noexcept -> std::same_as<Result<CpuAddr>>;
	{ m.unmap_device(addr, run) } noexcept -> std::same_as<void>;
	{ m.is_kernel_memory(run) } noexcept -> std::same_as<bool>;

	{ m.publish(run, owner) } noexcept -> std::same_as<Result<void>>;
	{ m.hold(run) } noexcept -> std::same_as<Result<void>>;
	{ m.lend(run, owner) } noexcept -> std::same_as<void>;
	{ m.recall(run) } noexcept -> std::same_as<void>;
	{ m.withdraw(run) } noexcept -> std::same_as<void>;
	{ m.quarantine(run) } noexcept -> std::same_as<void>;
};

/// A machine that can also run a pool:
///
/// - lock() and unlock() make the code between them indivisible, in any context;
///   that code never sleeps.
/// - tend_later() schedules the tending of the pool, in a context that may sleep.
template <class M>
concept PoolMachine = Machine<M> && requires(M &m, std::uint64_t flags) {
	{ m.lock() } noexcept -> std::same_as<std::uint64_t>;
	{ m.unlock(flags) } noexcept -> std::same_as<void>;
	{ m.tend_later() } noexcept -> std::same_as<void>;
};

} // namespace dmamap
