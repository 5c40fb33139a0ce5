// SPDX-License-Identifier: GPL-2.0
/* Walks find what searches find, and the traces that they print are short and
   true. */
#include "kunit/prove/walk.h"

#include <random>

#include <gtest/gtest.h>

#include "kunit/prove/cases.h"
#include "kunit/prove/programs.h"

namespace dmamap::prove {
namespace {

constexpr judge::Bounds kBounds{.frames = 1};
constexpr std::string_view kNoPurge =
	"take claim lazy close map flush barrier zero barrier publish use quiet withdraw barrier "
	"unmap reopen purge release give";

class WalkTest : public ::testing::Test {
protected:
	static Program program_of(std::string_view order)
	{
		return *program_of_order(*find_strategy("unmap"), judge::profiles().front(),
					 kBounds, 1, order);
	}
	static judge::Hardware hardware()
	{
		return {judge::profiles().front(), kBounds};
	}
	static Walker::Outcome walk(const Walker &walker, unsigned seed)
	{
		std::mt19937 random(seed);

		return walker.walk(20'000, [&](unsigned below) { return random() % below; });
	}
};

TEST_F(WalkTest, KeepsGoingWhereNothingIsWrong)
{
	const Program program = program_of(kRight);
	const Walker walker(program, hardware());
	const auto outcome = walk(walker, 1);

	EXPECT_TRUE(outcome.broken.none());
	EXPECT_EQ(outcome.moves, 20'000u);
}

TEST_F(WalkTest, FindsAForgottenPurgeAndShrinksIt)
{
	const Program program = program_of(kNoPurge);
	const Walker walker(program, hardware());

	for (unsigned seed = 1; seed <= 20; ++seed) {
		const auto outcome = walk(walker, seed);

		ASSERT_FALSE(outcome.broken.none()) << seed;

		const Path path = walker.shrink(outcome.path, outcome.broken);

		EXPECT_LE(path.size(), 20u);
		EXPECT_FALSE((walker.replay(path) & outcome.broken).none());
		EXPECT_EQ(walker.describe(path).size(), path.size());
		/* Without any one of its moves nothing is broken, so it can't be shorter. */
		for (std::size_t i = 0; i < path.size(); ++i) {
			Path shorter = path;

			shorter.erase(shorter.begin() + std::ptrdiff_t(i));
			EXPECT_TRUE((walker.replay(shorter) & outcome.broken).none());
		}
	}
}

TEST_F(WalkTest, TheSameSeedWalksTheSameWay)
{
	const Program program = program_of(kNoPurge);
	const Walker walker(program, hardware());

	EXPECT_EQ(walk(walker, 7).path, walk(walker, 7).path);
	EXPECT_NE(walk(walker, 7).path, walk(walker, 8).path);
}

TEST_F(WalkTest, ASearchPrintsTheShortestTrace)
{
	const Program program = program_of(kNoPurge);
	Search search(program, hardware(), {.states = 1'000'000});
	const auto outcome = search.run();
	const auto &trace = outcome.traces.at(judge::Rule::alias);

	/* The steps take, claim, lazy, close, map, with the linear address in a TLB. */
	EXPECT_LE(trace.size(), 12u);
	EXPECT_NE(trace.back().find("set_pte"), std::string::npos) << trace.back();
}

TEST_F(WalkTest, ASearchWithoutRoomSaysSo)
{
	const Program program = program_of(kRight);
	Search search(program, hardware(), {.states = 100});
	const auto outcome = search.run();

	EXPECT_FALSE(outcome.complete);
	EXPECT_EQ(outcome.states, 100u);
}

} // namespace
} // namespace dmamap::prove
