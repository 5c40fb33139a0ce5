// SPDX-License-Identifier: GPL-2.0
/* Hibernation and coherent frames exclude each other. The board is not put to sleep. */
#include <linux/suspend.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"

/* kernel/power/power.h, which belongs to kernel/power. */
int pm_notifier_call_chain_robust(unsigned long val_up, unsigned long val_down);
int pm_notifier_call_chain(unsigned long val);

static int prepare(void)
{
	return pm_notifier_call_chain_robust(PM_HIBERNATION_PREPARE, PM_POST_HIBERNATION);
}

static void finish(void *unused)
{
	pm_notifier_call_chain(PM_POST_HIBERNATION);
}

static void coherent_frames_forbid_hibernation(struct kunit *test)
{
	struct device *dev = suite_device(test);

	suite_region(test, dev, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, prepare(), -EBUSY);
	/* Hibernation was refused, so it is over. */
	suite_region(test, dev, PAGE_SIZE);
}

static void hibernation_forbids_coherent_frames(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;

	KUNIT_ASSERT_EQ(test, prepare(), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, finish, NULL), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP)),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP)),
			-EBUSY);
	/* Cached memory is copied like any other. */
	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(region));
	dmamap_put(region);

	kunit_release_action(test, finish, NULL);
	suite_region(test, dev, PAGE_SIZE);
}

static void what_nobody_uses_is_given_back(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	struct dmamap_counts counts;

	region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	dmamap_put(region);
	dmamap_counts(&counts);
	KUNIT_EXPECT_NE(test, counts.frames_coherent, 0);

	KUNIT_ASSERT_EQ(test, prepare(), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, finish, NULL), 0);
	/* The worker of the pool must not fill it now. */
	dmamap_machine_tend_later();
	dmamap_pool_settle();
	dmamap_counts(&counts);
	KUNIT_EXPECT_EQ(test, counts.frames_coherent, 0);

	kunit_release_action(test, finish, NULL);
	dmamap_pool_settle();
	dmamap_counts(&counts);
	KUNIT_EXPECT_GE(test, counts.frames_in_pool, CONFIG_DMAMAP_POOL_ATOMIC_KIB / 4);
}

/* A driver that frees its memory before, and allocates it again after. */
struct helper {
	struct notifier_block block;
	struct device *dev;
	struct dmamap_region *region;
};

static int help(struct notifier_block *block, unsigned long event, void *unused)
{
	struct helper *helper = container_of(block, struct helper, block);

	if (event == PM_HIBERNATION_PREPARE) {
		dmamap_put(helper->region);
		helper->region = NULL;
	} else if (event == PM_POST_HIBERNATION) {
		helper->region = dmamap_alloc(helper->dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	}
	return NOTIFY_OK;
}

static void a_driver_can_make_way(struct kunit *test)
{
	struct helper helper = { .block.notifier_call = help, .dev = suite_device(test) };
	int err;

	helper.region = dmamap_alloc(helper.dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(helper.region));
	KUNIT_ASSERT_EQ(test, register_pm_notifier(&helper.block), 0);
	err = prepare();
	KUNIT_EXPECT_EQ(test, err, 0);
	if (!err)
		finish(NULL);
	unregister_pm_notifier(&helper.block);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(helper.region));
	dmamap_put(helper.region);
}

static struct kunit_case power_cases[] = {
	KUNIT_CASE(coherent_frames_forbid_hibernation),
	KUNIT_CASE(hibernation_forbids_coherent_frames),
	KUNIT_CASE(what_nobody_uses_is_given_back),
	KUNIT_CASE(a_driver_can_make_way),
	{}
};

static struct kunit_suite power_suite = {
	.name = "dmamap-power",
	.test_cases = power_cases,
};
kunit_test_suite(power_suite);
