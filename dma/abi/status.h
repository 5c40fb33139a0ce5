/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/abi/types.h"
#include "dma/core/result.h"

namespace dmamap {

/// The only conversion of errors from C++ to C ...
[[nodiscard]] constexpr u32 to_c(Errno why) noexcept
{
	return static_cast<u32>(why) + DMAMAP_INVAL;
}

template <class T>
[[nodiscard]] constexpr u32 to_c(const Result<T> &result) noexcept
{
	return result ? u32{DMAMAP_OK} : to_c(result.error());
}

/// ... and from C to C++.
[[nodiscard]] constexpr Result<void> from_c(u32 status) noexcept
{
	if (status == DMAMAP_OK)
		return {};
	return fail(static_cast<Errno>(status - DMAMAP_INVAL));
}

} // namespace dmamap
