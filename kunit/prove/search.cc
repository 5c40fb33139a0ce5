// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/search.h"

#include <algorithm>

namespace dmamap::prove {

bool make(const judge::Hardware &hardware, const Program &program, State &s, const Move &move,
	  Rules &broken)
{
	const Program::Node &node = program.nodes()[s.node];

	if (move.kind != Move::Kind::program) {
		if (!hardware.move(s, move, node.owner, broken))
			return false;
		hardware.fill(s, node.owner, move);
		return true;
	}
	if (move.which >= node.edges.size())
		return false;
	const Program::Edge &edge = node.edges[move.which];

	if (!hardware.step(s, edge.event, node.owner, broken))
		return false;
	s.node = std::uint16_t(edge.to);
	hardware.fill(s, program.nodes()[s.node].owner);
	return true;
}

std::string describe(const Program &program, const State &from, const Move &move)
{
	if (move.kind != Move::Kind::program)
		return "  " + to_string(move);
	return "CPU " + std::to_string(from.self) + ": " +
	       to_string(program.nodes()[from.node].edges[move.which].event);
}

Search::Outcome Search::run(std::atomic<std::size_t> *progress)
{
	State first = hardware_.initial();

	outcome_.broken = program_.broken();
	program_.broken().each([&](Rule rule) { outcome_.traces[rule] = {}; });
	if (program_.nodes().size() > 0xffff)
		return outcome_;   // incomplete: State::node has no room
	hardware_.fill(first, program_.nodes()[0].owner);
	seen_.add(first, 0);
	for (std::uint32_t i = 0; i < seen_.size() && !seen_.full(); ++i) {
		if (limits_.stop_at_first && !outcome_.broken.none())
			break;
		expand(i);
		if (progress && i % 4096 == 0)
			*progress = seen_.size();
	}
	if (progress)
		*progress = seen_.size();
	outcome_.states = seen_.size();
	outcome_.complete = !seen_.full() && (!limits_.stop_at_first || outcome_.broken.none());
	return outcome_;
}

void Search::expand(std::uint32_t index)
{
	const State from = seen_[index];

	next_.clear();
	hardware_.each_move([&](const Move &move) {
		Next next{from, move, 0, {}};

		if (!make(hardware_, program_, next.state, move, next.broken))
			return;
		next.hash = StateSet::hash_of(next.state);
		seen_.expect(next.hash);
		next_.push_back(next);
	});
	outcome_.moves += next_.size();
	for (Next &next : next_) {
		if (seen_.add(next.state, index, next.hash))
			next.broken |= hardware_.judge(
				next.state, program_.nodes()[next.state.node].owner);
		found(next.broken, index, next.move);
	}
}

void Search::found(Rules broken, std::uint32_t from, const Move &move)
{
	broken = broken.without(outcome_.broken);
	if (broken.none())
		return;
	broken.each([&](Rule rule) { outcome_.traces[rule] = trace(from, move); });
	outcome_.broken |= broken;
}

std::vector<std::string> Search::trace(std::uint32_t from, const Move &last) const
{
	std::vector<std::string> lines{describe(program_, seen_[from], last)};

	for (; from != 0; from = seen_.parent(from))
		lines.push_back(step_between(seen_.parent(from), from));
	std::ranges::reverse(lines);
	return lines;
}

/* Moves are not stored, so the one that leads from a state to its child is looked
   for once more. */
std::string Search::step_between(std::uint32_t from, std::uint32_t to) const
{
	std::string text;

	hardware_.each_move([&](const Move &move) {
		State s = seen_[from];
		Rules broken;

		if (text.empty() && make(hardware_, program_, s, move, broken) && s == seen_[to])
			text = describe(program_, seen_[from], move);
	});
	return text;
}

} // namespace dmamap::prove
