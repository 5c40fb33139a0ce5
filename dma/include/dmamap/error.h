/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "boundary.h"

namespace dmamap {

/// Why the layer refused: an errno as a value. Its meaning is documented in
/// dmamap.h, at the function that returns it.
///
/// Only errno numbers that are the same on all architectures have a name here. The
/// others (EOVERFLOW, EOPNOTSUPP) can be handed on.
class [[nodiscard]] Error {
public:
	/// @negative_errno: the result of a function in C, below 0
	explicit constexpr Error(int negative_errno) noexcept : errno_(negative_errno) {}

	/// The negative errno, for a caller in C.
	[[nodiscard]] constexpr int to_errno() const noexcept { return errno_; }

	friend constexpr bool operator==(Error, Error) noexcept = default;

	static const Error noent, io, nxio, nomem, access, fault, busy, nodev, inval;

private:
	int errno_;
};

inline constexpr Error Error::noent{-DMAMAP_CXX_ENOENT};
inline constexpr Error Error::io{-DMAMAP_CXX_EIO};
inline constexpr Error Error::nxio{-DMAMAP_CXX_ENXIO};
inline constexpr Error Error::nomem{-DMAMAP_CXX_ENOMEM};
inline constexpr Error Error::access{-DMAMAP_CXX_EACCES};
inline constexpr Error Error::fault{-DMAMAP_CXX_EFAULT};
inline constexpr Error Error::busy{-DMAMAP_CXX_EBUSY};
inline constexpr Error Error::nodev{-DMAMAP_CXX_ENODEV};
inline constexpr Error Error::inval{-DMAMAP_CXX_EINVAL};

} // namespace dmamap
