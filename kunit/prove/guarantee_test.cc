// SPDX-License-Identifier: GPL-2.0
/*
 * The usage guarantee: a frame is DMA or page cache, never both, so no code uses
 * the linear address of a coherent frame. Only the strategy purge needs it.
 */
#include <gtest/gtest.h>

#include "kunit/prove/plan.h"
#include "kunit/prove/search.h"

namespace dmamap::prove {
namespace {

Rules broken_without_guarantee(std::string_view strategy, const judge::Profile &profile)
{
	const StrategyInfo &info = *find_strategy(strategy);
	const judge::Bounds bounds{.frames = 1, .highmem = info.highmem, .eager = true,
				   .guarantee = false};
	const Program program = program_of_layer(info, profile, bounds, 1);
	Search search(program, judge::Hardware(profile, bounds),
		      {.states = 1'000'000, .stop_at_first = false});
	const auto outcome = search.run();

	EXPECT_TRUE(outcome.complete);
	return outcome.broken;
}

TEST(GuaranteeTest, OnlyPurgeRestsOnIt)
{
	for (const judge::Profile &profile : judge::profiles()) {
		SCOPED_TRACE(std::string(profile.name));
		if (profile.device_snoops) {
			EXPECT_EQ(names_of(broken_without_guarantee("snooped", profile)), "none");
			continue;
		}
		for (const char *strategy : {"highmem", "unmap", "purge-trap"})
			EXPECT_EQ(names_of(broken_without_guarantee(strategy, profile)), "none")
				<< strategy;
		/* A stray access reaches the region; yet no cacheable alias lives. */
		EXPECT_EQ(names_of(broken_without_guarantee("purge", profile)), "I9");
	}
}

} // namespace
} // namespace dmamap::prove
