// SPDX-License-Identifier: GPL-2.0
/* Texts that /sys/kernel/debug/dmamap/load takes for a plan, and those it refuses. */
#include <kunit/test.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "kunit/suites/load.h"

static int parse(const char *words, struct dmamap_load_plan *plan, char why[96])
{
	char text[160];

	strscpy(text, words, sizeof(text));
	why[0] = '\0';
	return dmamap_load_parse(text, plan, why, 96);
}

static void a_plan_is_what_the_words_say(struct kunit *test)
{
	struct dmamap_load_plan plan;
	char why[96];

	KUNIT_EXPECT_EQ(test, parse("flips=10000 min=8192  max=65536 live=3 seconds=40 seed=9 tries=7\n",
				    &plan, why), 0);
	KUNIT_EXPECT_EQ(test, plan.flips, 10000);
	KUNIT_EXPECT_EQ(test, plan.min, SZ_8K);
	KUNIT_EXPECT_EQ(test, plan.max, SZ_64K);
	KUNIT_EXPECT_EQ(test, plan.live, 3);
	KUNIT_EXPECT_EQ(test, plan.seconds, 40);
	KUNIT_EXPECT_EQ(test, plan.seed, 9);
	KUNIT_EXPECT_EQ(test, plan.tries, 7);
}

static void what_is_not_said_has_a_default(struct kunit *test)
{
	struct dmamap_load_plan plan;
	char why[96];

	KUNIT_EXPECT_EQ(test, parse("", &plan, why), 0);
	KUNIT_EXPECT_EQ(test, plan.flips, 0);
	KUNIT_EXPECT_EQ(test, plan.min, SZ_4K);
	KUNIT_EXPECT_EQ(test, plan.max, SZ_8M);
	KUNIT_EXPECT_EQ(test, plan.live, 16);
}

static const struct wrong {
	const char *words;
	int err;
	const char *says;
} wrongs[] = {
	{ "flips", -EINVAL, "'flips' is not KEY=NUMBER" },
	{ "flops=1", -EINVAL, "there is no key 'flops'" },
	{ "=1", -EINVAL, "there is no key ''" },
	{ "flips=", -EINVAL, "flips= is no number" },
	{ "flips=-1", -EINVAL, "flips=-1 is no number" },
	{ "flips=+1", -EINVAL, "flips=+1 is no number" },
	{ "flips=1k", -EINVAL, "flips=1k is no number" },
	{ "flips=4294967296", -EINVAL, "flips=4294967296 is no number" },
	{ "flips=1 flips=1", -EINVAL, "flips stands there twice" },
	{ "flips=1\tlive=2", -EINVAL, "flips=1\tlive=2 is no number" },
	{ "live=0", -ERANGE, "live=0 is not between 1 and 64" },
	{ "live=65", -ERANGE, "live=65 is not between 1 and 64" },
	{ "min=0", -ERANGE, "min=0 is not between 1 and 1073741824" },
	{ "seconds=601", -ERANGE, "seconds=601 is not between 1 and 600" },
	{ "min=8192 max=4096", -ERANGE, "min=8192 is more than max=4096" },
};

static void wrong_to_desc(const struct wrong *wrong, char *desc)
{
	strscpy(desc, wrong->says, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wrong, wrongs, wrong_to_desc);

static void wrong_words_are_refused(struct kunit *test)
{
	const struct wrong *wrong = test->param_value;
	struct dmamap_load_plan plan;
	char why[96];

	KUNIT_EXPECT_EQ(test, parse(wrong->words, &plan, why), wrong->err);
	KUNIT_EXPECT_STREQ(test, why, wrong->says);
}

static struct kunit_case load_cases[] = {
	KUNIT_CASE(a_plan_is_what_the_words_say),
	KUNIT_CASE(what_is_not_said_has_a_default),
	KUNIT_CASE_PARAM(wrong_words_are_refused, wrong_gen_params),
	{}
};

static struct kunit_suite load_suite = {
	.name = "dmamap-load",
	.test_cases = load_cases,
};
kunit_test_suite(load_suite);
