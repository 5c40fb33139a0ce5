/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "kunit/prove/program.h"
#include "kunit/prove/state_set.h"

namespace dmamap::prove {

using judge::Move;
using judge::Rule;
using judge::Rules;
using judge::State;

/// How a state came out of another, for whoever reads a trace.
[[nodiscard]] std::string describe(const Program &program, const State &from, const Move &move);

/// What one move did: the state after it, and the rules broken on the way.
/// False if it is not possible.
[[nodiscard]] bool make(const judge::Hardware &hardware, const Program &program, State &s,
			const Move &move, Rules &broken);

/// Breadth first over all that a program and a machine may do together.
class Search {
public:
	struct Limits {
		std::size_t states;              ///< stops, incomplete, when there are more
		bool stop_at_first = true;       ///< of the rules that are broken
	};
	struct Outcome {
		Rules broken;
		std::size_t states = 0;
		std::size_t moves = 0;
		bool complete = false;           ///< a fixpoint was reached
		/// The shortest way to each rule that was broken.
		std::map<Rule, std::vector<std::string>> traces;
	};

	Search(const Program &program, const judge::Hardware &hardware, Limits limits)
		: program_(program), hardware_(hardware), limits_(limits), seen_(limits.states)
	{
	}

	/// @progress is set to the number of states now and then.
	[[nodiscard]] Outcome run(std::atomic<std::size_t> *progress = nullptr);

private:
	struct Next {
		State state;
		Move move;
		std::uint64_t hash;
		Rules broken;
	};

	void expand(std::uint32_t index);
	void found(Rules broken, std::uint32_t from, const Move &move);
	[[nodiscard]] std::vector<std::string> trace(std::uint32_t from, const Move &last) const;
	[[nodiscard]] std::string step_between(std::uint32_t from, std::uint32_t to) const;

	const Program &program_;
	judge::Hardware hardware_;
	Limits limits_;
	StateSet seen_;
	std::vector<Next> next_;   ///< of the state that is being expanded
	Outcome outcome_;
};

} // namespace dmamap::prove
