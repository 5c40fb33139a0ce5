/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <concepts>

#include "dma/core/address.h"
#include "dma/core/result.h"

namespace dmamap {

/// State of a frame's translation in the kernel's linear map.
enum class Linear : std::uint8_t {
	none,       ///< there never is one (highmem)
	absent,     ///< the PTE is not present
	uncached,   ///< present, but no line can be filled through it
	cached,     ///< ordinary memory of the kernel
};

/// Cache attribute of a region's own mappings.
enum class Attribute : std::uint32_t {
	cached,          ///< ordinary write-back, for snooping devices
	coherent,        ///< not cached; what the board uses for coherent memory
	uncached,        ///< device registers
	write_combine,   ///< not cached, writes may be gathered
};

/// Which frames are of use to a device: hints for the choice of a zone. Whether
/// frames really are in reach, Machine::bus_address() says.
struct Reach {
	std::uint64_t last_byte = ~std::uint64_t{0};   ///< highest physical address
	std::int32_t node = -1;                        ///< the nearest memory, or any
	bool may_sleep = true;
};

/// Where the contiguous memory area (CMA) of the board lies.
enum class CmaPlacement : std::uint8_t { none, lowmem, highmem };

/// What a board has, as far as strategies depend on it.
struct BoardFacts {
	CmaPlacement cma = CmaPlacement::none;
	/// What one entry of the linear map covers. Whole units are flipped, so that
	/// no large page of the linear map is ever split.
	Pages unit{1};
	/// What the pool flips at a time; a multiple of the unit.
	Pages chunk{1};
	/// Whether write-combining memory has an attribute of its own.
	bool combines = false;
};

/// The primitives that a machine offers to strategies and flips. Kernel boards
/// and the simulated machine model it; the code above is the same source.
///
/// Each call is one indivisible step of the flip orders in flip.h, and the
/// strategies rest on what is said here, so a machine that does less is wrong:
///
/// - take_*() gives frames that nobody else uses, and that no user page table,
///   live vmap or device reaches. Their linear translation, if any, is cached.
/// - bus_address() says where a device finds the frames, or Errno::io when its
///   mask does not reach all of them. For no device it is the physical address.
/// - drop_lazy_aliases() ends every translation of the frames outside of the
///   linear map that the kernel keeps for later (pkmap, lazily freed vmap),
///   page table and TLB, on all CPUs; and every line that came in through them
///   and that flush() would not find.
/// - set_linear() edits the entry of one unit, in the page table only: TLBs may
///   still hold the old translation until purge_linear() has returned.
///   Errno::nodev if this machine can't edit it, Errno::nomem for lack of memory.
/// - purge_linear() returns when no TLB of any CPU holds the linear
///   translations that set_linear() replaced, and no CPU is still using one.
/// - claim() makes the attribute known to whoever else maps frames (x86
///   memtype), release() forgets it.
/// - map() makes the kernel mapping of a region with an attribute.
///   unmap() returns when neither page table nor any TLB has it any more.
/// - flush() writes back and invalidates every line of the frames in every
///   cache between CPU and device, through a translation that cannot refill.
/// - barrier() orders all of that before what the device or the CPU does next.
/// - publish() and hold() enter frames into the directory, with an owner or
///   without; withdraw() removes them. lend() gives held frames an owner,
///   recall() takes them back; both work at once, in any context, as do zero(),
///   barrier() and bus_address().
template <class M>
concept Machine = requires(M &m, FrameRun run, Pfn pfn, Pages pages, Reach reach,
			   Linear linear, Attribute attribute, CpuAddr addr, void *owner) {
	{ m.facts() } noexcept -> std::same_as<BoardFacts>;
	{ m.take_cma(pages) } noexcept -> std::same_as<Result<FrameRun>>;
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

/// What a pool needs of a machine besides:
///
/// - lock() and unlock() make what is between them indivisible, in any context;
///   nothing that may sleep stands there.
/// - tend_later() has the pool tended soon, in a context that may sleep.
template <class M>
concept PoolMachine = Machine<M> && requires(M &m, std::uint64_t flags) {
	{ m.lock() } noexcept -> std::same_as<std::uint64_t>;
	{ m.unlock(flags) } noexcept -> std::same_as<void>;
	{ m.tend_later() } noexcept -> std::same_as<void>;
};

} // namespace dmamap
