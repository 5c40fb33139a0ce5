/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <map>
#include <optional>

#include "kunit/machine/memory.h"

namespace dmamap::sim {

/// The write-back caches of all CPUs. They are coherent with each other, so one
/// stands for all; nothing keeps them coherent with a device.
class Cache {
public:
	struct Content {
		Value value;
		bool dirty;
	};

	[[nodiscard]] bool holds(Line line) const { return lines_.contains(line); }
	[[nodiscard]] bool holds(Pfn pfn) const
	{
		auto found = lines_.lower_bound({pfn, 0});

		return found != lines_.end() && found->first.pfn == pfn;
	}

	/// Reads a line; @below is what memory has, should the line be missing.
	Value load(Line line, Value below)
	{
		return lines_.try_emplace(line, Content{below, false}).first->second.value;
	}
	void store(Line line, Value value) { lines_[line] = {value, true}; }

	/// Drops a line and says what was in it.
	std::optional<Content> take(Line line)
	{
		auto node = lines_.extract(line);

		return node ? std::optional(node.mapped()) : std::nullopt;
	}

	/// Writes every dirty line back; all stay in the cache, clean.
	void clean(Memory &memory)
	{
		for (auto &[line, content] : lines_)
			if (std::exchange(content.dirty, false))
				memory.write(line, content.value);
	}

private:
	std::map<Line, Content> lines_;
};

} // namespace dmamap::sim
