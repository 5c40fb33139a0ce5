/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <bit>
#include <cstdint>
#include <string>

namespace dmamap::judge {

/// The one rule (dma/core/flip.h), split into properties that can be seen
/// broken one by one. describe() says what each of them means.
enum class Rule : std::uint8_t {
	alias = 1,     ///< I1
	line,          ///< I2
	secret,        ///< I3
	lost_write,    ///< I4
	stale_read,    ///< I5
	bad_flush,     ///< I6
	reused,        ///< I7
	not_undone,    ///< I8
	neighbour,     ///< I9
	wasteful,      ///< I10
	stuck,         ///< I11
};

inline constexpr unsigned kRules = 11;

/// A set of rules.
class Rules {
public:
	constexpr Rules() noexcept = default;
	constexpr Rules(Rule rule) noexcept : bits_(std::uint16_t(1u << unsigned(rule))) {}

	[[nodiscard]] static constexpr Rules all() noexcept
	{
		Rules all;

		all.bits_ = ((1u << kRules) - 1) << 1;
		return all;
	}
	[[nodiscard]] constexpr bool has(Rule rule) const noexcept
	{
		return bits_ >> unsigned(rule) & 1;
	}
	[[nodiscard]] constexpr bool none() const noexcept { return bits_ == 0; }
	[[nodiscard]] constexpr Rule first() const noexcept
	{
		return Rule(std::countr_zero(bits_));
	}
	constexpr Rules operator|(Rules more) const noexcept { return made(bits_ | more.bits_); }
	constexpr Rules operator&(Rules only) const noexcept { return made(bits_ & only.bits_); }
	constexpr Rules without(Rules less) const noexcept { return made(bits_ & ~less.bits_); }
	constexpr Rules &operator|=(Rules more) noexcept { return *this = *this | more; }
	constexpr bool operator==(const Rules &) const noexcept = default;

	template <class Fn>
	constexpr void each(Fn fn) const
	{
		for (unsigned i = 1; i <= kRules; ++i)
			if (has(Rule(i)))
				fn(Rule(i));
	}

private:
	[[nodiscard]] static constexpr Rules made(unsigned bits) noexcept
	{
		Rules rules;

		rules.bits_ = std::uint16_t(bits);
		return rules;
	}

	std::uint16_t bits_ = 0;
};

constexpr Rules operator|(Rule a, Rule b) noexcept
{
	return Rules(a) | Rules(b);
}

/// "I1", and so on.
[[nodiscard]] std::string name_of(Rule rule);
/// "I1 I3"; "none" for none.
[[nodiscard]] std::string names_of(Rules rules);
/// The sentence that is printed when the rule is broken.
[[nodiscard]] const char *describe(Rule rule);

} // namespace dmamap::judge
