// SPDX-License-Identifier: GPL-2.0
/* Strategies that a board can't keep are refused with a sentence. */
#include <linux/string.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"

struct board {
	const char *what;
	u32 strategy;
	u32 cma;
	u32 cpu;
	bool kept;
	const char *says;
};

static const struct board boards[] = {
	{ "highmem with CMA in highmem", DMAMAP_STRATEGY_HIGHMEM, DMAMAP_CMA_HIGHMEM,
	  DMAMAP_CPU_FIT, true, "highmem" },
	{ "highmem with CMA in lowmem", DMAMAP_STRATEGY_HIGHMEM, DMAMAP_CMA_LOWMEM,
	  DMAMAP_CPU_FIT, false, "lies in lowmem" },
	{ "highmem without CMA", DMAMAP_STRATEGY_HIGHMEM, DMAMAP_CMA_NONE, DMAMAP_CPU_FIT, false,
	  "no contiguous memory" },
	{ "highmem with CMA that the kernel gave back", DMAMAP_STRATEGY_HIGHMEM,
	  DMAMAP_CMA_UNUSABLE, DMAMAP_CPU_FIT, false, "straddles" },
	{ "highmem on a CPU whose caches alias", DMAMAP_STRATEGY_HIGHMEM, DMAMAP_CMA_HIGHMEM,
	  DMAMAP_CPU_ALIASES, false, "at two addresses" },
	{ "unmap needs no CMA", DMAMAP_STRATEGY_UNMAP, DMAMAP_CMA_NONE, DMAMAP_CPU_FIT, true,
	  "linear map" },
	{ "unmap on a CPU that can't flush lines", DMAMAP_STRATEGY_UNMAP, DMAMAP_CMA_NONE,
	  DMAMAP_CPU_KEEPS_LINES, false, "can't flush" },
	{ "purge needs no CMA", DMAMAP_STRATEGY_PURGE, DMAMAP_CMA_NONE, DMAMAP_CPU_FIT, true,
	  "purge" },
	{ "purge on a CPU without the uncacheable bit", DMAMAP_STRATEGY_PURGE, DMAMAP_CMA_NONE,
	  DMAMAP_CPU_IGNORES_UNCACHED, false, "uncacheable" },
	{ "snooped is no board strategy", DMAMAP_STRATEGY_SNOOPED, DMAMAP_CMA_NONE,
	  DMAMAP_CPU_FIT, false, "no strategy" },
};

KUNIT_ARRAY_PARAM_DESC(board, boards, what);

static void probe_says_what_can_be_kept(struct kunit *test)
{
	const struct board *board = test->param_value;
	struct dmamap_core_verdict verdict;
	char why[DMAMAP_WHY_BYTES];

	KUNIT_EXPECT_EQ(test, dmamap_core_probe(board->strategy, board->cma, board->cpu, &verdict),
			board->kept ? DMAMAP_OK : DMAMAP_NODEV);
	KUNIT_EXPECT_EQ(test, verdict.kept, board->kept);
	KUNIT_ASSERT_LT(test, verdict.why_bytes, sizeof(why));
	memcpy(why, verdict.why, verdict.why_bytes);
	why[verdict.why_bytes] = '\0';
	KUNIT_EXPECT_PTR_NE_MSG(test, strstr(why, board->says), NULL, "said: %s", why);
}

static void this_board_keeps_its_strategy(struct kunit *test)
{
	char why[DMAMAP_WHY_BYTES];

	KUNIT_EXPECT_TRUE_MSG(test, dmamap_strategy_kept(why, sizeof(why)), "%s", why);
}

static struct kunit_case refusal_cases[] = {
	KUNIT_CASE_PARAM(probe_says_what_can_be_kept, board_gen_params),
	KUNIT_CASE(this_board_keeps_its_strategy),
	{}
};

static struct kunit_suite refusal_suite = {
	.name = "dmamap-refusal",
	.test_cases = refusal_cases,
};
kunit_test_suite(refusal_suite);
