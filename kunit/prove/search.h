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

/// One line of a trace: the step or move that was made in @from.
[[nodiscard]] std::string describe(const Program &program, const State &from, const Move &move);

/// Makes one move in @s, and adds the rules that it breaks to @broken. False if the
/// move is not possible.
[[nodiscard]] bool make(const judge::Hardware &hardware, const Program &program, State &s,
			const Move &move, Rules &broken);

/// A search, breadth first, of all that a program and a machine may do together.
class Search {
public:
	struct Limits {
		std::size_t states;              ///< with more, the search stops, incomplete
		bool stop_at_first = true;       ///< stop when a rule is broken
	};
	struct Outcome {
		Rules broken;
		std::size_t states = 0;
		std::size_t moves = 0;
		bool complete = false;           ///< a fixpoint was reached
		/// The shortest trace that breaks each of the rules.
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
