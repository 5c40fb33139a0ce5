// SPDX-License-Identifier: GPL-2.0
/*
 * The one order, as the kernel really ran it: every primitive of the machine is
 * recorded on its way through the boundary. That the order is right is not for
 * this board to say (it has no caches) but for the simulated machine.
 */
#include <linux/sizes.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/steps.h"
#include "kunit/suites/suite.h"

#define ROOM 256

static const u32 to_coherent[] = {
	DMAMAP_STEP_TAKE, DMAMAP_STEP_CLAIM, DMAMAP_STEP_DROP_LAZY, DMAMAP_STEP_PURGE,
	DMAMAP_STEP_MAP, DMAMAP_STEP_FLUSH, DMAMAP_STEP_BARRIER, DMAMAP_STEP_ZERO,
	DMAMAP_STEP_BARRIER, DMAMAP_STEP_HOLD, DMAMAP_STEP_LEND,
};

static const u32 to_cached[] = {
	DMAMAP_STEP_RECALL, DMAMAP_STEP_WITHDRAW, DMAMAP_STEP_BARRIER, DMAMAP_STEP_UNMAP, DMAMAP_STEP_PURGE,
	DMAMAP_STEP_RELEASE, DMAMAP_STEP_GIVE,
};

/* More than a chunk of the pool: flipped for itself. */
static size_t pages_of_its_own(void)
{
	return dmamap_machine_chunk() + 1;
}

static size_t units_of_its_own(void)
{
	return DIV_ROUND_UP(pages_of_its_own(), dmamap_machine_unit());
}

/* Linear state that the board's strategy leaves, or -1 if it edits no PTE. */
static int linear_while_coherent(void)
{
	switch (dmamap_core_board_strategy()) {
	case DMAMAP_STRATEGY_UNMAP:
		return DMAMAP_LINEAR_ABSENT;
	case DMAMAP_STRATEGY_PURGE:
		return IS_ENABLED(CONFIG_DMAMAP_PURGE_TRAP) ? DMAMAP_LINEAR_ABSENT :
							      DMAMAP_LINEAR_UNCACHED;
	default:
		return -1;
	}
}

static struct dmamap_recorder *new_recorder(struct kunit *test)
{
	struct dmamap_recorder *recorder = kunit_kzalloc(test, sizeof(*recorder), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, recorder);
	recorder->room = ROOM;
	recorder->steps = kunit_kcalloc(test, ROOM, sizeof(*recorder->steps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, recorder->steps);
	return recorder;
}

/*
 * Expects @order, with one SET_LINEAR to @linear for each unit directly before
 * the PURGE, if @linear is not -1.
 */
static void expect_order(struct kunit *test, const struct dmamap_recorder *recorder,
			 const u32 *order, size_t count, int linear)
{
	size_t at = 0, i, unit;

	KUNIT_ASSERT_LE(test, recorder->used, recorder->room);
	for (i = 0; i < count; i++) {
		if (order[i] == DMAMAP_STEP_PURGE && linear >= 0) {
			for (unit = 0; unit < units_of_its_own(); unit++, at++) {
				KUNIT_EXPECT_EQ(test, recorder->steps[at].id,
						DMAMAP_STEP_SET_LINEAR);
				KUNIT_EXPECT_EQ(test, recorder->steps[at].value, linear);
			}
		}
		KUNIT_EXPECT_STREQ(test, dmamap_step_name(recorder->steps[at].id),
				   dmamap_step_name(order[i]));
		at++;
	}
	KUNIT_EXPECT_EQ(test, recorder->used, at);
}

static void flips_run_in_the_one_order(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_recorder *recorder = new_recorder(test);
	const int linear = linear_while_coherent();
	struct dmamap_region *region;

	KUNIT_ASSERT_EQ(test, dmamap_record_start(recorder), 0);
	region = dmamap_alloc(dev, pages_of_its_own() * PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	dmamap_record_stop();
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	expect_order(test, recorder, to_coherent, ARRAY_SIZE(to_coherent), linear);

	KUNIT_ASSERT_EQ(test, dmamap_record_start(recorder), 0);
	dmamap_put(region);
	dmamap_record_stop();
	expect_order(test, recorder, to_cached, ARRAY_SIZE(to_cached),
		     linear < 0 ? -1 : DMAMAP_LINEAR_CACHED);
}

static void a_batch_is_purged_and_flushed_once(struct kunit *test)
{
	struct dmamap_step_count before[DMAMAP_STEPS], after[DMAMAP_STEPS];
	struct device *dev = suite_device(test);
	const u64 frames = units_of_its_own() * dmamap_machine_unit();

	dmamap_step_counts(before);
	suite_region(test, dev, pages_of_its_own() * PAGE_SIZE);
	dmamap_step_counts(after);
	KUNIT_EXPECT_EQ(test, after[DMAMAP_STEP_PURGE].calls, before[DMAMAP_STEP_PURGE].calls + 1);
	KUNIT_EXPECT_EQ(test, after[DMAMAP_STEP_FLUSH].calls, before[DMAMAP_STEP_FLUSH].calls + 1);
	KUNIT_EXPECT_EQ(test, after[DMAMAP_STEP_FLUSH].pages,
			before[DMAMAP_STEP_FLUSH].pages + frames);
}

static void the_linear_map_says_what_the_strategy_left(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, SZ_16K);
	const int linear = linear_while_coherent();
	u64 i;

	for (i = 0; i < region->core.pages; i++)
		KUNIT_EXPECT_EQ(test, dmamap_machine_linear(region->core.pfn + i),
				linear < 0 ? DMAMAP_LINEAR_NONE : linear);
}

static struct kunit_case flip_cases[] = {
	KUNIT_CASE(flips_run_in_the_one_order),
	KUNIT_CASE(a_batch_is_purged_and_flushed_once),
	KUNIT_CASE(the_linear_map_says_what_the_strategy_left),
	{}
};

static struct kunit_suite flip_suite = {
	.name = "dmamap-flip-order",
	.test_cases = flip_cases,
};
kunit_test_suite(flip_suite);
