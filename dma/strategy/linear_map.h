/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/strategy.h"

namespace dmamap {

/// Sets every unit of @run to the linear state @to. If one unit can't be set, the
/// units before it are set to @back again.
template <Machine M>
[[nodiscard]] FlipResult<void> set_linear_run(M &m, FrameRun run, Linear to, Linear back) noexcept
{
	const Pages unit = m.facts().unit;

	for (std::uint64_t i = 0; i < run.pages.count(); i += unit.count()) {
		auto set = m.set_linear({run.first + i, unit}, to);

		if (set)
			continue;
		bool in_doubt = false;
		for (std::uint64_t done = 0; done < i; done += unit.count())
			in_doubt |= !m.set_linear({run.first + done, unit}, back);
		m.purge_linear(run);
		return std::unexpected(FlipError{set.error(), in_doubt});
	}
	return {};
}

/// Closes the cacheable translation by a state of the linear map that is not
/// cacheable.
template <Linear kWhileCoherent>
	requires(kWhileCoherent == Linear::absent || kWhileCoherent == Linear::uncached)
struct ClosesLinear {
	template <Machine M>
	[[nodiscard]] static FlipResult<void> close(M &m, FrameRun run) noexcept
	{
		return set_linear_run(m, run, kWhileCoherent, Linear::cached);
	}

	template <Machine M>
	[[nodiscard]] static FlipResult<void> reopen(M &m, FrameRun run) noexcept
	{
		return set_linear_run(m, run, Linear::cached, kWhileCoherent);
	}
};

} // namespace dmamap
