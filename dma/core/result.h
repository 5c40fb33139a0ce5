/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstdint>
#include <expected>
#include <type_traits>
#include <utility>

namespace dmamap {

/// Why a call was refused. The boundary maps each value to one errno, see
/// dma/abi/status.h; dma/include/dmamap.h says what each means to a driver.
enum class Errno : std::uint8_t {
	inval,        ///< an argument makes no sense
	overflow,     ///< a size wraps when rounded or added
	nomem,        ///< no memory
	io,           ///< no frame that the device can reach
	busy,         ///< the frame has another user or other attributes
	nodev,        ///< this board can't keep the strategy
	noent,        ///< memory that the layer doesn't know
	fault,        ///< the frame has no page that may be used
	access,       ///< more access than the mapping allows
	nxio,         ///< the region was revoked
};

/// A type whose last byte is not padding. libc++ before 18 keeps the flag of
/// std::expected in the tail padding of the value, and constructing the value
/// then overwrites the flag: a success reads as an error
/// (https://github.com/llvm/llvm-project/issues/70494).
template <class T, class E>
concept KeepsFlag = std::is_void_v<T> || sizeof(std::expected<T, E>) > sizeof(T);

/// A value, or the reason why there is none.
template <class T>
	requires KeepsFlag<T, Errno>
using Result = std::expected<T, Errno>;

[[nodiscard]] constexpr std::unexpected<Errno> fail(Errno why) noexcept
{
	return std::unexpected<Errno>(why);
}

/// Runs @fn when the scope ends, unless dismiss() was called: undoes a step whose
/// later steps failed.
template <class Fn>
class [[nodiscard]] OnExit {
public:
	explicit constexpr OnExit(Fn fn) noexcept : fn_(std::move(fn)) {}
	OnExit(const OnExit &) = delete;
	OnExit &operator=(const OnExit &) = delete;
	constexpr ~OnExit() noexcept
	{
		if (armed_)
			fn_();
	}
	constexpr void dismiss() noexcept { armed_ = false; }

private:
	Fn fn_;
	bool armed_ = true;
};

template <class Fn>
[[nodiscard]] constexpr OnExit<Fn> on_exit(Fn fn) noexcept
{
	return OnExit<Fn>(std::move(fn));
}

} // namespace dmamap

/// Returns from the function with the error of @expr, if there is one.
#define DMAMAP_TRY(expr)                                                       \
	do {                                                                   \
		if (auto dmamap_try_ = (expr); !dmamap_try_)                   \
			return std::unexpected(dmamap_try_.error());           \
	} while (0)
