/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The questions to ask of a machine, one for each member. arch/<m>/facts.h answers
 * them, each with its source beside it; the judge (kunit/judge), the simulated kernel
 * (kunit/machine) and the tests take the answers from there, by way of arch/machines.h.
 *
 * Plain C++ without a header of the kernel or of the layer. docs/porting.md tells how
 * to find the answers, and what follows from them.
 */
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace dmamap::arch {

/// How the kernel empties the TLBs of all CPUs.
enum class Purging : std::uint8_t {
	broadcast,   ///< one instruction for all CPUs
	by_ipi,      ///< each CPU purges its own TLB
};

/// How the lines of a frame are flushed; see kunit/machine/primitives.cc.
enum class Flushing : std::uint8_t {
	by_region,   ///< by address, through the region's own mapping
	by_alias,    ///< by address, through a flush-only alias
	whole,       ///< all of the data cache, on each CPU
};

/// The liberties that a kind of machine takes behind the back of the code that runs.
/// Each flag is one rule of an architecture. A machine that does less than this
/// allows is never in danger.
///
/// One more is taken for granted of all: a context switch ends with a barrier.
struct Cpu {
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
	unsigned colours = 1;  ///< addresses are congruent modulo so many pages
	bool cpus_snoop;       ///< the CPUs' caches are one
	bool outer;            ///< a cache behind, out of reach for flush by address
	bool flush_held;       ///< a flushed line is in memory only after a barrier
	bool store_held;       ///< so is an uncached store; they are not ordered
	bool device_snoops;

	/* How its kernel does it */
	Purging purging;
	Flushing flushing;
	bool flush_after_lazy; ///< drop_lazy_aliases() flushes the data cache
	bool ends_locally = false; ///< a short mapping ends with a purge of its own CPU only
};

/// A strategy of dma/strategy, as a kernel can be built with it.
enum class Strategy : std::uint8_t {
	highmem,
	unmap,        ///< frames of the page allocator
	unmap_cma,    ///< frames of CMA
	purge,
	purge_trap,   ///< a stray access traps
};

/// The name of a strategy, as commands take it.
[[nodiscard]] constexpr std::string_view name_of(Strategy strategy) noexcept
{
	switch (strategy) {
	case Strategy::highmem:
		return "highmem";
	case Strategy::unmap:
	case Strategy::unmap_cma:
		return "unmap";
	case Strategy::purge:
		return "purge";
	case Strategy::purge_trap:
		return "purge-trap";
	}
	return {};
}

/// Where the kernel says that CMA lies.
enum class Cma : std::uint8_t { none, lowmem, highmem };

/// A lack of the CPU of a board, for coherent memory.
enum class Lack : std::uint8_t {
	nothing,
	uncached,      ///< it ignores the attribute that keeps lines out of its caches
	flush,         ///< not all caches can be flushed by address
	one_address,   ///< a data cache may have one line twice, by two addresses
};

/// A small board, as far as flips depend on it, and the strategy of its kernel. RAM is
/// lowmem, then highmem, then RAM that the kernel does not know, all in pages.
struct Board {
	std::string_view name;         ///< of tests: letters and underscores
	Strategy strategy;
	unsigned cpus = 2;
	bool walker = false;           ///< walks by hardware, though its CPU has no walker
	bool linear_editable = true;   ///< the linear map can be edited at all
	bool combines = false;         ///< write-combining has an attribute of its own
	std::uint64_t unit = 1;        ///< of the linear map
	std::uint64_t chunk = 4;       ///< of a pool
	std::uint64_t lowmem = 16;
	std::uint64_t highmem = 0;
	std::uint64_t reserved = 4;
	Cma cma = Cma::none;
	std::uint64_t cma_first = 0;   ///< from the beginning of RAM
	std::uint64_t cma_pages = 0;
	Lack lack = Lack::nothing;
};

/// All answers of a machine.
struct Facts {
	Cpu cpu;
	std::span<const Board> boards;    ///< whose strategy has to keep the rule
	std::span<const Board> refused;   ///< whose strategy has to refuse them
};

} // namespace dmamap::arch
