/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "dma/core/address.h"

namespace dmamap::sim {

/// A few lines stand for a page: enough to tell the first from the last.
inline constexpr std::uint64_t kLines = 4;

/// What is stored in a line.
using Value = std::uint64_t;

/// One cache line's worth of memory.
struct Line {
	Pfn pfn;
	std::uint64_t index = 0;

	auto operator<=>(const Line &) const noexcept = default;
};

/// The line that holds byte @byte of an address, in frame @pfn.
[[nodiscard]] inline Line line_at(Pfn pfn, std::uint64_t byte) noexcept
{
	return {pfn, (byte & (kPageBytes - 1)) / (kPageBytes / kLines)};
}

/// Main memory, and the writes of the CPUs that have not reached it yet.
///
/// A held write stays on its way until a barrier. Nothing but a barrier orders
/// flushes against stores to non-cacheable addresses, so the worst happens:
/// lines that were flushed arrive after stores that are younger.
class Memory {
public:
	enum class Held : std::uint8_t { store, write_back };

	/// What a device finds.
	[[nodiscard]] Value read(Line line) const
	{
		auto found = values_.find(line);

		return found == values_.end() ? 0 : found->second;
	}
	/// What a CPU finds: it sees its own writes at once.
	[[nodiscard]] Value latest(Line line) const
	{
		for (auto held = held_.rbegin(); held != held_.rend(); ++held)
			if (held->line == line)
				return held->value;
		return read(line);
	}
	void write(Line line, Value value) { values_[line] = value; }
	void hold(Line line, Value value, Held kind) { held_.push_back({line, value, kind}); }

	[[nodiscard]] bool in_flight(Pfn pfn) const
	{
		return std::ranges::any_of(held_, [&](auto &h) { return h.line.pfn == pfn; });
	}
	void drain()
	{
		for (Held kind : {Held::store, Held::write_back})
			for (const auto &held : held_)
				if (held.kind == kind)
					write(held.line, held.value);
		held_.clear();
	}

private:
	struct OnItsWay {
		Line line;
		Value value;
		Held kind;
	};

	std::map<Line, Value> values_;
	std::vector<OnItsWay> held_;
};

} // namespace dmamap::sim
