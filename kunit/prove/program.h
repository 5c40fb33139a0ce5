/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <vector>

#include "kunit/judge/hardware.h"

namespace dmamap::prove {

/// All that a piece of code may do, as a graph: an edge is an event, a node
/// with two edges is a primitive that succeeds or fails. Runs that end as they
/// began go on at node 0.
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

	/// Adds what one run did. @ends_as_it_began: it may follow itself.
	void add(const std::vector<judge::Event> &run, bool ends_as_it_began);

	/// Joins the parts of the graph that are the same. Call it once.
	void join();

	/// What the runs break whatever the machine does.
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
