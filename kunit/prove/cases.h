/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <ostream>
#include <span>
#include <string_view>

#include "kunit/judge/rule.h"
#include "kunit/prove/search.h"


namespace dmamap::prove {

/// A sequence of primitives, and the rules that it is known to break.
struct Case {
	std::string_view name;
	std::string_view strategy;
	std::string_view profile;
	std::string_view order;
	judge::Rules breaks;      ///< all that it breaks
	judge::Rule above_all;    ///< the one it is known for, if it breaks any

	friend std::ostream &operator<<(std::ostream &out, const Case &c) { return out << c.name; }
};

/* The words of the right orders. BACK: use and the flip to cached. MADE: the flip
   to coherent. */
#define DMAMAP_USED "publish use quiet withdraw "
#define DMAMAP_BACK DMAMAP_USED "barrier unmap reopen purge release give"
#define DMAMAP_MADE "take claim lazy close purge map flush barrier zero barrier "
/* The same with a pool. HELD: made and held by the pool. LENT: lent and used once.
   DROPPED: ordinary memory again. */
#define DMAMAP_HELD DMAMAP_MADE "idle "
#define DMAMAP_LENT "publish use quiet "
#define DMAMAP_DROPPED "withdraw barrier unmap reopen purge release give"
#define DMAMAP_LENT_AGAIN DMAMAP_LENT "idle zero barrier " DMAMAP_DROPPED
inline constexpr std::string_view kRight = DMAMAP_MADE DMAMAP_BACK;
inline constexpr std::string_view kRightPooled = DMAMAP_HELD DMAMAP_LENT "idle zero barrier "
	DMAMAP_LENT_AGAIN;
inline constexpr std::string_view kRightSnooped = "take zero publish use quiet withdraw give";

/// All rules that the case breaks on @profile, by the search. The default bounds
/// have one frame, and every move on its own.
[[nodiscard]] judge::Rules searched(const Case &c, const judge::Profile &profile,
				    judge::Bounds bounds = {.frames = 1});
/// All rules that the may-oracle says the same events break.
[[nodiscard]] judge::Rules by_oracle(const Case &c, const judge::Profile &profile);

/// The known orders: of stock Linux 6.12, of published flaws, right ones, and one
/// for each step that can be forgotten.
[[nodiscard]] std::span<const Case> cases();

} // namespace dmamap::prove
