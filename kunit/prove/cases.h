/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <ostream>
#include <span>
#include <string_view>

#include "kunit/judge/rule.h"
#include "kunit/prove/search.h"


namespace dmamap::prove {

/// A sequence of primitives, and what is known to be wrong with it.
struct Case {
	std::string_view name;
	std::string_view strategy;
	std::string_view profile;
	std::string_view order;
	judge::Rules breaks;      ///< all that it breaks
	judge::Rule above_all;    ///< what it is known for; unless it breaks nothing

	friend std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }
};

/* To coherent, to cached, and all of it. */
#define DMAMAP_USED "publish use quiet withdraw "
#define DMAMAP_BACK DMAMAP_USED "barrier unmap reopen purge release give"
#define DMAMAP_MADE "take claim lazy close purge map flush barrier zero barrier "
/* Held by a pool: lent once, back, and ordinary memory again. */
#define DMAMAP_HELD DMAMAP_MADE "idle "
#define DMAMAP_LENT "publish use quiet "
#define DMAMAP_DROPPED "withdraw barrier unmap reopen purge release give"
#define DMAMAP_LENT_AGAIN DMAMAP_LENT "idle zero barrier " DMAMAP_DROPPED
inline constexpr std::string_view kRight = DMAMAP_MADE DMAMAP_BACK;
inline constexpr std::string_view kRightPooled = DMAMAP_HELD DMAMAP_LENT "idle zero barrier "
	DMAMAP_LENT_AGAIN;
inline constexpr std::string_view kRightSnooped = "take zero publish use quiet withdraw give";

/// All rules that the case breaks on @profile; 1 frame, every move on its own.
[[nodiscard]] judge::Rules searched(const Case &c, const judge::Profile &profile,
				    judge::Bounds bounds = {.frames = 1});
/// What the may-oracle says of the same events.
[[nodiscard]] judge::Rules by_oracle(const Case &c, const judge::Profile &profile);

/// Known orders: of stock Linux 6.12, of published flaws, and of every step
/// that can be forgotten.
[[nodiscard]] std::span<const Case> cases();

} // namespace dmamap::prove
