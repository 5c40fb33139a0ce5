// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/walk.h"

#include <algorithm>

namespace dmamap::prove {

Walker::Walker(const Program &program, const judge::Hardware &hardware)
	: program_(program), hardware_(hardware)
{
	hardware_.each_move([&](const Move &move) { moves_.push_back(move); });
}

State Walker::first() const
{
	State s = hardware_.initial();

	hardware_.fill(s, program_.nodes()[0].owner);
	return s;
}

Rules Walker::replay(const Path &path) const
{
	State s = first();
	Rules broken = program_.broken();

	for (const Move &move : path) {
		State next = s;

		if (make(hardware_, program_, next, move, broken)) {
			s = next;
			broken |= judged(s);
		}
	}
	return broken;
}

Path Walker::shrink(Path path, Rules rules) const
{
	const auto breaks = [&](const Path &shorter) {
		return !(replay(shorter) & rules).none();
	};

	/* Tries to leave out halves, quarters, and so on down to single moves, until no
	   more can be left out. */
	for (std::size_t chunk = path.size() / 2 + 1; chunk > 0;) {
		bool shorter = false;

		for (std::size_t at = 0; at + chunk <= path.size();) {
			Path without = path;

			without.erase(without.begin() + std::ptrdiff_t(at),
				      without.begin() + std::ptrdiff_t(at + chunk));
			if (breaks(without)) {
				path = std::move(without);
				shorter = true;
			} else {
				at += chunk;
			}
		}
		if (!shorter)
			chunk /= 2;
	}
	return path;
}

std::vector<std::string> Walker::describe(const Path &path) const
{
	std::vector<std::string> lines;
	State s = first();
	Rules broken;

	for (const Move &move : path) {
		State next = s;

		if (!make(hardware_, program_, next, move, broken))
			continue;
		lines.push_back(prove::describe(program_, s, move));
		s = next;
	}
	return lines;
}

} // namespace dmamap::prove
