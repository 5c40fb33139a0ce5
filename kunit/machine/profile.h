/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/machine.h"

namespace dmamap::sim {

/// What tells one board from another, as far as flips depend on it. RAM starts
/// at frame kRam: lowmem, then highmem, then RAM that the kernel does not know.
struct Profile {
	static constexpr Pfn kRam{0x100};

	const char *name;
	const char *judged;            ///< name of the judge's profile
	unsigned cpus = 2;
	bool walker = false;           ///< walks by hardware, though judged has none
	bool linear_editable = true;   ///< the linear map can be edited at all
	bool combines = false;         ///< write-combining has an attribute of its own
	Pages unit{1};                 ///< of the linear map
	Pages chunk{4};                ///< of a pool
	std::uint64_t lowmem = 16;
	std::uint64_t highmem = 0;
	std::uint64_t reserved = 4;
	FrameRun cma{};
	CmaPlacement placement = CmaPlacement::none;   ///< what the kernel thinks of it

	[[nodiscard]] constexpr Pfn highmem_begin() const noexcept { return kRam + lowmem; }
	[[nodiscard]] constexpr Pfn reserved_begin() const noexcept
	{
		return highmem_begin() + highmem;
	}
	[[nodiscard]] constexpr Pfn end() const noexcept { return reserved_begin() + reserved; }
};

/// ARMv7: walks by hardware, lowmem mapped by sections, CMA in highmem.
inline constexpr Profile kArm{
	.name = "arm",
	.judged = "arm",
	.linear_editable = false,
	.lowmem = 8,
	.highmem = 12,
	.cma = {Profile::kRam + 10, Pages(8)},
	.placement = CmaPlacement::highmem,
};

/// The same board when Linux found no room in highmem and said nothing.
inline constexpr Profile kArmCmaInLowmem{
	.name = "arm, CMA in lowmem",
	.judged = "arm",
	.linear_editable = false,
	.lowmem = 12,
	.highmem = 8,
	.cma = {Profile::kRam + 2, Pages(8)},
	.placement = CmaPlacement::lowmem,
};

/// A board whose CMA area in lowmem is mapped by pages, nothing else is.
inline constexpr Profile kArmPaged{
	.name = "arm, CMA by pages",
	.judged = "arm",
	.lowmem = 20,
	.cma = {Profile::kRam + 12, Pages(8)},
	.placement = CmaPlacement::lowmem,
};

/// A CMA area that reaches into lowmem while the kernel calls it highmem.
inline constexpr Profile kArmCmaAcross{
	.name = "arm, CMA across the border",
	.judged = "arm",
	.linear_editable = false,
	.lowmem = 12,
	.highmem = 8,
	.cma = {Profile::kRam + 10, Pages(6)},
	.placement = CmaPlacement::highmem,
};

inline constexpr Profile kArmWithoutCma{
	.name = "arm, no CMA",
	.judged = "arm",
	.linear_editable = false,
	.lowmem = 8,
	.highmem = 12,
};

/// x86: walks by hardware, the linear map is made of pages.
inline constexpr Profile kX86{.name = "x86", .judged = "x86", .combines = true};

/// The same with large pages in the linear map: whole ones are flipped.
inline constexpr Profile kX86Large{
	.name = "x86, large pages",
	.judged = "x86",
	.combines = true,
	.unit = Pages(4),
	.lowmem = 24,
};

/// PA-RISC: the TLB is filled by use only, flushes have an alias of their own.
inline constexpr Profile kParisc{
	.name = "parisc",
	.judged = "parisc",
	.cpus = 1,
};

/// A PA-RISC that speculates as no real one does: what a strategy gets right
/// here does not rest on the software TLB.
inline constexpr Profile kPariscWithWalker{
	.name = "parisc with a walker",
	.judged = "parisc",
	.walker = true,
};

} // namespace dmamap::sim
