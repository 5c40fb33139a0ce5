// SPDX-License-Identifier: GPL-2.0
/* The layer's own source, on a machine whose moves are those of the input. The
   first byte chooses strategy, machine and size; each other byte is one move. */
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "kunit/prove/fuzz.h"
#include "kunit/prove/walk.h"

namespace dmamap::prove {
namespace {

/* libFuzzer keeps an input that makes a counter move as no other input has. The
   branches of the machine alone are soon all taken, so places are counted too. */
[[gnu::section("__libfuzzer_extra_counters")]] std::uint8_t places[1 << 13];

/// A program on a machine, with all that the two refer to.
class Course {
public:
	Course(const Fit &fit, bool neighbour)
		: name_(std::string(fit.strategy->name) + " on " + std::string(fit.profile->name) +
			(neighbour ? ", with a neighbour" : "")),
		  bounds_{.highmem = fit.strategy->highmem},
		  program_(program_of_layer(*fit.strategy, *fit.profile, bounds_,
					    neighbour ? 1 : judge::kFrames)),
		  hardware_(*fit.profile, bounds_), walker_(program_, hardware_)
	{
		fill_moves();
	}

	/* Makes the moves that @bytes stand for; one that is not possible is left out. */
	void run(Bytes bytes) const
	{
		State s = hardware_.initial();
		Path path;

		while (!bytes.empty()) {
			const Move &move = moves_[bytes.next()];
			State next = s;
			Rules broken = program_.broken();

			if (!make(hardware_, program_, next, move, broken))
				continue;
			been(s.node, move);
			s = next;
			path.push_back(move);
			broken |= hardware_.judge(s, program_.nodes()[s.node].owner);
			if (!broken.none())
				report(walker_.shrink(path, broken), broken);
		}
	}

private:
	/* Gives each value of a byte a move. One fifth of them is the next step of the
	   program, which would never get far otherwise. Each other move has one value,
	   and what is left goes to moves without which no rule is broken, and to moves
	   that a barrier waits for. */
	void fill_moves()
	{
		using enum Move::Kind;
		std::vector<Move> bringing, awaited;

		hardware_.each_move([&](const Move &move) {
			const auto is = [&](auto... kinds) { return ((move.kind == kinds) || ...); };

			moves_.push_back(move);
			if (is(walk, prefetch, owner_store))
				bringing.push_back(move);
			if (is(arrive_store, arrive_flush, arrive_outer, see_pte, purge))
				awaited.push_back(move);
		});
		moves_.insert(moves_.end(), 256 / 5, moves_.front());
		assert(moves_.size() <= 256);   // else some move would have no byte
		for (std::size_t i = 0; moves_.size() < 256; ++i) {
			const auto &from = i % 2 && !awaited.empty() ? awaited : bringing;

			moves_.push_back(from[i / 2 % from.size()]);
		}
	}

	/* Counts the kind of move at the step of the program at which it was made. */
	static void been(unsigned node, const Move &move)
	{
		++places[(node * judge::kMoveKinds + unsigned(move.kind)) % std::size(places)];
	}

	[[noreturn]] void report(const Path &path, Rules broken) const
	{
		std::fprintf(stderr, "%s\n", name_.c_str());
		broken.each([](Rule rule) {
			std::fprintf(stderr, "  %s: %s\n", name_of(rule).c_str(), describe(rule));
		});
		for (const std::string &line : walker_.describe(path))
			std::fprintf(stderr, "    %s\n", line.c_str());
		std::abort();
	}

	std::string name_;
	judge::Bounds bounds_;
	Program program_;
	judge::Hardware hardware_;
	Walker walker_;
	std::vector<Move> moves_;
};

/* Each course is made when it is asked for first. */
const Course &course(std::size_t number)
{
	static std::vector<std::unique_ptr<Course>> all(fits().size() * 2);
	auto &made = all[number];

	if (!made)
		made = std::make_unique<Course>(fits()[number / 2], number % 2);
	return *made;
}

} // namespace
} // namespace dmamap::prove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	using namespace dmamap::prove;

	Bytes bytes(data, size);

	course(bytes.below(fits().size() * 2)).run(bytes);
	return 0;
}
