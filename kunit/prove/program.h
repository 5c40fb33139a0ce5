/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <vector>

#include "kunit/judge/hardware.h"

namespace dmamap::prove {

/// All that a piece of code may do, as a graph. An edge is an event; at a primitive
/// that can fail, one edge leads out for success and one for failure. A run that
/// ends as it began leads back to node 0.
class Program {
public:
	struct Edge {
		judge::Event event;
		std::uint32_t to;

		bool operator==(const Edge &) const = default;
	};
	struct Node {
		judge::Ownership owner;
		std::vector<Edge> edges;

		bool operator==(const Node &) const = default;
	};

	Program() : nodes_(1) {}

	/// Adds the events of one run. If it @ends_as_it_began, another may follow.
	void add(const std::vector<judge::Event> &run, bool ends_as_it_began);

	/// Joins parts of the graph that are the same. To be called once, after add().
	void join();

	/// The rules that the runs break whatever the machine does.
	[[nodiscard]] judge::Rules broken() const noexcept { return broken_; }
	void breaks(judge::Rules rules) { broken_ |= rules; }

	[[nodiscard]] const std::vector<Node> &nodes() const noexcept { return nodes_; }

private:
	[[nodiscard]] std::uint32_t follow(std::uint32_t node, const judge::Event &event);
	void begin_again(std::uint32_t node, std::uint32_t last);

	std::vector<Node> nodes_;
	judge::Rules broken_;
};

} // namespace dmamap::prove
