/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/strategy.h"

/*
 * The one order. A frame is coherent only while no cacheable translation of it
 * exists or can come into being and no line of it is in a cache; only the
 * mappings of its region can reach it. Why the steps stand in this order:
 *
 * - The cacheable translation dies first, on every CPU, before any line is
 *   cleaned. A CPU may fill a line speculatively through any live translation,
 *   so a clean that comes earlier can be undone the moment it is finished.
 *   ARM DDI 0406C A3.5.7 and B3.8 (mismatched attributes, speculative reads);
 *   Intel SDM vol. 3A 12.12.4 (order of a memory type change); the same order
 *   in Linux arch/x86/mm/pat/set_memory.c, cpa_flush().
 * - The flush goes through a translation that cannot refill: a non-cacheable
 *   one (ARM, x86), or the flush-only alias (PA-RISC: fdc on an address without
 *   a translation is skipped, Linux arch/parisc/mm/fault.c).
 * - Zeroing comes after the flush and through the final attribute; otherwise old
 *   data would sit in memory below dirty zeroes (CVE-2023-4272).
 * - On the way back the region's own mapping is gone from all TLBs before the
 *   cacheable translation lives again, and the frames are given to an
 *   allocator only after that.
 *
 * Flips take no lock. The caller has the frames to itself from the allocator's
 * take to its give, so flips of different runs may run on several CPUs at once.
 *
 * On the way to coherent, claim(), close() and map() can fail. The steps before
 * are then undone; if that fails too, the frames are in doubt. On the way back
 * only reopening the cacheable translation can fail, which leaves the frames in
 * doubt. The caller puts frames in doubt into quarantine.
 */
namespace dmamap {

/// Puts the cacheable translation of closed frames back.
template <class S, Machine M>
[[nodiscard]] FlipResult<void> undo_close(M &m, FrameRun run) noexcept
{
	auto opened = S::reopen(m, run);

	m.purge_linear(run);
	return opened;
}

/// Makes cached frames coherent and maps them for the kernel with @attribute; the
/// mapping shows zeroes. On error the frames are as before, unless the error is in
/// doubt.
template <class S, Machine M>
	requires Strategy<S, M>
[[nodiscard]] FlipResult<CpuAddr> flip_to_coherent(M &m, FrameRun run,
						  Attribute attribute = S::kAttribute) noexcept
{
	if (auto claimed = m.claim(run, attribute); !claimed)
		return std::unexpected(FlipError{claimed.error(), false});

	m.drop_lazy_aliases(run);
	if (auto closed = S::close(m, run); !closed) {
		m.release(run);
		return std::unexpected(closed.error());
	}
	m.purge_linear(run);

	auto mapped = m.map(run, attribute);
	if (!mapped) {
		const bool in_doubt = !undo_close<S>(m, run);

		m.release(run);
		return std::unexpected(FlipError{mapped.error(), in_doubt});
	}
	m.flush(run, *mapped);
	m.barrier();
	m.zero(*mapped, run.pages);
	m.barrier();
	return *mapped;
}

/// Makes coherent frames ordinary memory again. Before the call the device is
/// quiet and the last user mapping gone. After an error the frames are in doubt,
/// whatever in_doubt says.
template <class S, Machine M>
	requires Strategy<S, M>
[[nodiscard]] FlipResult<void> flip_to_cached(M &m, FrameRun run, CpuAddr mapping) noexcept
{
	m.barrier();
	m.unmap(mapping, run);
	auto opened = undo_close<S>(m, run);
	m.release(run);
	return opened;
}

} // namespace dmamap
