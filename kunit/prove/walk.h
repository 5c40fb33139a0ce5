/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kunit/prove/search.h"

namespace dmamap::prove {

/// Moves that are made one after another, from the first state on.
using Path = std::vector<Move>;

/// Walks at random through all that a program and a machine may do together.
class Walker {
public:
	Walker(const Program &program, const judge::Hardware &hardware);

	struct Outcome {
		Rules broken;
		std::size_t moves = 0;
		Path path;      ///< from the first state to where the rule was broken
	};

	/// Makes up to @length moves. They are drawn with @draw(n), a number below n.
	template <class Draw>
	[[nodiscard]] Outcome walk(std::size_t length, Draw draw) const;

	/// Leaves moves out of @path as long as it still breaks one of @rules.
	[[nodiscard]] Path shrink(Path path, Rules rules) const;
	/// The rules that @path breaks. Moves that are not possible are left out.
	[[nodiscard]] Rules replay(const Path &path) const;
	[[nodiscard]] std::vector<std::string> describe(const Path &path) const;

private:
	/// One draw in so many is the next step of the program.
	static constexpr unsigned kProgramShare = 8;

	[[nodiscard]] State first() const;
	[[nodiscard]] Rules judged(const State &s) const
	{
		return hardware_.judge(s, program_.nodes()[s.node].owner);
	}

	const Program &program_;
	judge::Hardware hardware_;
	std::vector<Move> moves_;
};

template <class Draw>
Walker::Outcome Walker::walk(std::size_t length, Draw draw) const
{
	State s = first();
	Outcome outcome;

	outcome.broken = program_.broken();
	for (std::size_t tries = 0; tries < length * 16 && outcome.moves < length; ++tries) {
		Move move;

		if (draw(kProgramShare) == 0)
			move.which = std::uint8_t(draw(4) == 0);   // failures are rare
		else
			move = moves_[draw(unsigned(moves_.size()))];

		State next = s;

		if (!make(hardware_, program_, next, move, outcome.broken))
			continue;
		s = next;
		++outcome.moves;
		outcome.path.push_back(move);
		outcome.broken |= judged(s);
		if (!outcome.broken.none())
			break;
	}
	return outcome;
}

} // namespace dmamap::prove
