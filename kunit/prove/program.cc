// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/program.h"

#include <algorithm>
#include <ranges>

#include "kunit/judge/waste.h"

namespace dmamap::prove {
namespace {

/// A longer run is taken for one that does not end.
constexpr std::size_t kLongest = 10'000;

constexpr std::uint32_t kAgain = ~0u;   ///< node 0, before nodes are numbered anew

} // namespace

std::uint32_t Program::follow(std::uint32_t node, const judge::Event &event)
{
	for (const Edge &edge : nodes_[node].edges)
		if (edge.event == event)
			return edge.to;

	Node next{nodes_[node].owner, {}};

	if (event.op == judge::Op::irq_off || event.op == judge::Op::irq_on)
		next.owner.irqs_off = event.op == judge::Op::irq_off;
	else
		judge::follow(next.owner.of[event.pfn % judge::kFrames], event.op, broken_);
	const auto to = std::uint32_t(nodes_.size());

	nodes_.push_back(std::move(next));
	nodes_[node].edges.push_back({event, to});
	/* An invalidated line may have been evicted just before, and be on its way: a
	   second edge leads on as if it had been flushed. */
	if (event.op == judge::Op::invalidate) {
		judge::Event evicted = event;

		evicted.op = judge::Op::flush;
		nodes_[node].edges.push_back({evicted, to});
	}
	return to;
}

/* Makes the edges from @node to @last lead to node 0 instead. If other runs go on
   from @last, adds edges to node 0 beside them. */
void Program::begin_again(std::uint32_t node, std::uint32_t last)
{
	std::vector<Edge> &edges = nodes_[node].edges;

	if (last + 1 == nodes_.size() && nodes_[last].edges.empty()) {
		std::ranges::replace(edges | std::views::transform(&Edge::to), last, kAgain);
		nodes_.pop_back();
		return;
	}
	for (std::size_t i = 0, n = edges.size(); i < n; ++i)
		if (edges[i].to == last)
			edges.push_back({edges[i].event, kAgain});
}

void Program::add(const std::vector<judge::Event> &run, bool ends_as_it_began)
{
	judge::Waste waste;
	std::uint32_t node = 0;

	if (run.empty() || run.size() > kLongest) {
		broken_ |= judge::Rule::stuck;
		return;
	}
	for (std::size_t i = 0; i < run.size(); ++i) {
		waste.follow(run[i], broken_);
		const std::uint32_t next = follow(node, run[i]);

		if (next == kAgain) {   // another run ends here
			node = 0;
			continue;
		}
		if (i + 1 == run.size() && ends_as_it_began &&
		    nodes_[next].owner == nodes_[0].owner)
			begin_again(node, next);
		node = next;
	}
}

/* A child has a higher number than its parent. So, from the last node on, each
   child is joined before the parents that lead to it. */
void Program::join()
{
	std::vector<std::uint32_t> now(nodes_.size());
	std::vector<Node> kept;

	for (std::size_t i = nodes_.size(); i-- > 0;) {
		Node node = nodes_[i];

		for (Edge &edge : node.edges)
			if (edge.to != kAgain)
				edge.to = now[edge.to];
		const auto same = i ? std::ranges::find(kept, node) : kept.end();

		now[i] = std::uint32_t(same - kept.begin());
		if (same == kept.end())
			kept.push_back(std::move(node));
	}
	/* The kept nodes are numbered from the end: node 0 came last. */
	const auto renumber = [&](std::uint32_t node) {
		return node == kAgain ? 0 : std::uint32_t(kept.size()) - 1 - node;
	};
	std::ranges::reverse(kept);
	for (Node &node : kept)
		for (Edge &edge : node.edges)
			edge.to = renumber(edge.to);
	nodes_ = std::move(kept);
}

} // namespace dmamap::prove
