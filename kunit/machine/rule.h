/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>

#include "dma/core/address.h"

namespace dmamap::sim {

/// The one rule, in the parts that a machine can see broken. A frame is
/// coherent when its region is published and the device does not snoop.
enum class Rule : std::uint8_t {
	alias,            ///< a cacheable translation beside a non-cacheable one
	line,             ///< a line of a coherent frame is in a cache
	unclaimed,        ///< mapped with an attribute that nobody was told of
	secret,           ///< published with the bytes of the last user
	in_flight,        ///< published or given back while writes are on their way
	no_translation,   ///< flushed or zeroed through an address that has none
	given_open,       ///< given back without its cacheable translation
	given_stale,      ///< given back while a TLB still has the old translation
	given_mapped,     ///< given back or kept back, but still mapped
	given_claimed,    ///< the same, still claimed
	given_published,  ///< the same, still found in the directory
	not_owned,        ///< given, unmapped, released or withdrawn without having it
};

inline std::ostream &operator<<(std::ostream &out, Rule rule)
{
	static constexpr const char *names[] = {
		"alias",	  "line",	 "unclaimed",	  "secret",
		"in_flight",	  "no_translation", "given_open", "given_stale",
		"given_mapped",	  "given_claimed", "given_published", "not_owned",
	};

	return out << names[std::size_t(rule)];
}

struct Violation {
	Rule rule;
	Pfn pfn;
	std::size_t step;   ///< how many steps had been recorded

	bool operator==(const Violation &) const noexcept = default;
	friend std::ostream &operator<<(std::ostream &out, const Violation &v)
	{
		return out << v.rule << " at frame " << v.pfn.raw() << " after step " << v.step;
	}
};

} // namespace dmamap::sim
