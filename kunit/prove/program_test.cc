// SPDX-License-Identifier: GPL-2.0
/* The graph that is made of the layer's runs. */
#include "kunit/prove/program.h"

#include <gtest/gtest.h>

#include "kunit/prove/programs.h"

namespace dmamap::prove {
namespace {

using judge::Event;
using judge::Op;

TEST(ProgramTest, RunsThatBeginAlikeShareTheirBeginning)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::succeeds}, {.op = Op::give}}, true);
	program.add({{.op = Op::take}, {.op = Op::fails}, {.op = Op::give}}, true);
	program.join();
	ASSERT_EQ(program.nodes()[0].edges.size(), 1u);

	const auto &second = program.nodes()[program.nodes()[0].edges[0].to];

	ASSERT_EQ(second.edges.size(), 2u);
	/* The runs end alike too, and go on at the beginning. */
	EXPECT_EQ(second.edges[0].to, second.edges[1].to);
	EXPECT_EQ(program.nodes()[second.edges[0].to].edges[0].to, 0u);
	EXPECT_EQ(program.nodes().size(), 3u);
	EXPECT_TRUE(program.broken().none());
}

/* An invalidation has two edges: the line may have been evicted before. */
TEST(ProgramTest, ARunThatEndsWithAnInvalidationGoesOn)
{
	Program program;

	program.add({{.op = Op::barrier}, {.op = Op::invalidate}}, true);
	program.join();
	ASSERT_EQ(program.nodes().size(), 2u);
	ASSERT_EQ(program.nodes()[1].edges.size(), 2u);
	for (const auto &edge : program.nodes()[1].edges)
		EXPECT_EQ(edge.to, 0u);
}

TEST(ProgramTest, TheSameRunTwiceIsOneRun)
{
	const std::vector<Event> run = {{.op = Op::take}, {.op = Op::give}};
	Program program;

	program.add(run, true);
	program.add(run, true);
	program.join();
	ASSERT_EQ(program.nodes().size(), 2u);
	ASSERT_EQ(program.nodes()[1].edges.size(), 1u);
	EXPECT_EQ(program.nodes()[1].edges[0].to, 0u);
}

TEST(ProgramTest, ARunThatIsTheBeginningOfAnotherMayEndThere)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::give}, {.op = Op::barrier}}, true);
	program.add({{.op = Op::take}, {.op = Op::give}}, true);
	program.join();
	ASSERT_EQ(program.nodes().size(), 3u);

	const auto &taken = program.nodes()[program.nodes()[0].edges[0].to];

	ASSERT_EQ(taken.edges.size(), 2u);
	EXPECT_NE(taken.edges[0].to, 0u);
	EXPECT_EQ(taken.edges[1].to, 0u);
}

TEST(ProgramTest, ARunMayGoOnWhereAnotherEnds)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::give}}, true);
	program.add({{.op = Op::take}, {.op = Op::give}, {.op = Op::barrier}}, true);
	program.join();
	ASSERT_EQ(program.nodes()[0].edges.size(), 2u);
	EXPECT_EQ(program.nodes()[0].edges[1].event.op, Op::barrier);
	EXPECT_EQ(program.nodes()[0].edges[1].to, 0u);
}

TEST(ProgramTest, ARunThatKeepsFramesDoesNotGoOn)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::quarantine}}, false);
	program.join();
	EXPECT_TRUE(program.nodes()[program.nodes()[program.nodes()[0].edges[0].to]
					    .edges[0].to].edges.empty());
}

TEST(ProgramTest, MarksOutOfTurnAreSeen)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::give}, {.op = Op::give}}, true);
	EXPECT_EQ(names_of(program.broken()), "I7");
}

TEST(ProgramTest, WorkDoneTwiceIsSeen)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::flush}, {.op = Op::flush}}, true);
	EXPECT_EQ(names_of(program.broken()), "I10");
}

TEST(ProgramTest, AnUndoMayWorkTwice)
{
	Program program;

	program.add({{.op = Op::take}, {.op = Op::purge}, {.op = Op::fails}, {.op = Op::purge}},
		    true);
	EXPECT_TRUE(program.broken().none());
}

TEST(ProgramTest, ARunWithoutEndIsSeen)
{
	Program program;

	program.add(std::vector<Event>(20'000, Event{.op = Op::barrier}), true);
	EXPECT_EQ(names_of(program.broken()), "I11");
}

/* Every primitive that can fail does so in some run, and in no run the layer gives
   a frame back that is not as before. */
TEST(ProgramTest, TheLayerHasAnEdgeForEachFailure)
{
	for (const StrategyInfo &strategy : strategies())
		for (const judge::Profile &profile : judge::profiles()) {
			if (strategy.snooped != profile.device_snoops)
				continue;
			const Program program = program_of_layer(
				strategy, profile, {.highmem = strategy.highmem}, 2);
			unsigned choices = 0;

			for (const auto &node : program.nodes())
				choices += node.edges.size() == 2;
			EXPECT_TRUE(program.broken().none()) << strategy.name;
			EXPECT_GE(choices, strategy.snooped ? 3u : 5u) << strategy.name;
		}
}

TEST(ProgramTest, UnknownStepsAreNamed)
{
	const auto program = program_of_order(*find_strategy("unmap"),
					      judge::profiles().front(), {}, 1, "take  fly");

	ASSERT_FALSE(program);
	EXPECT_EQ(program.error(), "fly");
}

} // namespace
} // namespace dmamap::prove
