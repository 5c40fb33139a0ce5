// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of a driver that is gone: they show what came after it, and hold none of its
 * memory, because nothing could show it again.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"
#include "kunit/suites/two_regions.h"

/* Regions and frames in use, when workers have done what they were asked for. */
static struct dmamap_counts counts_now(void)
{
	struct dmamap_counts counts;

	dmamap_regions_settle();
	dmamap_pool_drain();
	dmamap_counts(&counts);
	return counts;
}

static void expect_counts(struct kunit *test, const struct dmamap_counts *before)
{
	const struct dmamap_counts now = counts_now();

	KUNIT_EXPECT_EQ(test, now.regions, before->regions);
	KUNIT_EXPECT_EQ(test, now.frames_coherent, before->frames_coherent);
}

static const struct what_stays {
	const char *what;
	enum dmamap_after after;
	long error;	/* of a read */
	u32 word;	/* that it finds */
} what_stays[] = {
	{ "SIGBUS", DMAMAP_AFTER_SIGBUS, -EFAULT },
	{ "zeroes", DMAMAP_AFTER_ZERO, 0, 0 },
	{ "a snapshot", DMAMAP_AFTER_SNAPSHOT, 0, 0xbeef },
};

KUNIT_ARRAY_PARAM_DESC(stays, what_stays, what);

static void expect_shown(struct kunit *test, const struct what_stays *stays, unsigned long addr)
{
	u32 word = 0;

	KUNIT_EXPECT_EQ(test, get_user(word, (u32 __user *)addr), stays->error);
	KUNIT_EXPECT_EQ(test, word, stays->word);
	/* A page that nothing has touched before. */
	KUNIT_EXPECT_EQ(test, get_user(word, (u32 __user *)(addr + BYTES + PAGE_SIZE)),
			stays->error);
}

/* The driver's two regions, mapped by a process that stays. */
static unsigned long map_of_a_driver(struct kunit *test, struct device *dev, struct shown *shown,
				     struct file **file)
{
	unsigned long addr;
	u32 i;

	*shown = (struct shown){ .access = BOTH };
	for (i = 0; i < ARRAY_SIZE(shown->regions); i++) {
		shown->regions[i] = dmamap_alloc(dev, BYTES, GFP_KERNEL, DMAMAP_NO_SNOOP);
		KUNIT_ASSERT_FALSE(test, IS_ERR(shown->regions[i]));
		*(u32 *)dmamap_cpu_addr(shown->regions[i]) = 0xbeef;
	}
	*file = file_of(test, shown);
	addr = map_both(test, *file);
	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	return addr;
}

static void put_both(struct shown *shown)
{
	dmamap_put(shown->regions[0]);
	dmamap_put(shown->regions[1]);
}

/* A driver comes and goes three times, and a process keeps all mappings. */
static void mappings_hold_no_memory_of_a_driver_that_is_gone(struct kunit *test)
{
	const struct what_stays *stays = test->param_value;
	struct device *dev = suite_device(test);
	const struct dmamap_counts before = counts_now();
	unsigned long addr[3];
	struct shown shown[3];
	struct file *file[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = map_of_a_driver(test, dev, &shown[i], &file[i]);
		dmamap_revoke_device(dev, stays->after);
		put_both(&shown[i]);
		expect_counts(test, &before);
	}
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		expect_shown(test, stays, addr[i]);
		KUNIT_EXPECT_EQ(test, vm_munmap(addr[i], 2 * BYTES), 0);
		fput(file[i]);
	}
	expect_counts(test, &before);
	suite_expect_no_alias(test);
}

/* The other order: the driver has put its regions before the device goes. */
static void nor_if_it_went_before_its_device(struct kunit *test)
{
	const struct what_stays *stays = test->param_value;
	struct device *dev = suite_device(test);
	const struct dmamap_counts before = counts_now();
	struct shown shown;
	struct file *file;
	const unsigned long addr = map_of_a_driver(test, dev, &shown, &file);

	put_both(&shown);
	KUNIT_EXPECT_EQ(test, counts_now().regions, before.regions + 2);
	dmamap_revoke_device(dev, stays->after);
	expect_counts(test, &before);
	expect_shown(test, stays, addr);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, 2 * BYTES), 0);
	fput(file);
	expect_counts(test, &before);
}

/* As long as the device may write, the memory stays what it is. */
static void memory_of_a_device_that_runs_is_not_let_go(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const struct dmamap_counts before = counts_now();
	struct shown shown;
	struct file *file;
	const unsigned long addr = map_of_a_driver(test, dev, &shown, &file);

	dmamap_revoke_device(dev, DMAMAP_AFTER_ZERO);
	dmamap_abandon(shown.regions[0]);
	dmamap_put(shown.regions[1]);
	KUNIT_EXPECT_EQ(test, counts_now().regions, before.regions + 1);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	expect_counts(test, &before);
	expect_shown(test, &what_stays[1], addr);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, 2 * BYTES), 0);
	fput(file);
	expect_counts(test, &before);
}

/* A driver that still has the region can reattach its mappings: nothing goes. */
static void a_driver_that_has_a_reference_can_reattach(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *next = suite_region(test, dev, BYTES);
	struct shown shown;
	struct file *file;
	const unsigned long addr = map_of_a_driver(test, dev, &shown, &file);
	u32 word = 0;

	*(u32 *)dmamap_cpu_addr(next) = 0xfeed;
	dmamap_get(shown.regions[0]);
	dmamap_revoke_device(dev, DMAMAP_AFTER_SIGBUS);
	put_both(&shown);
	dmamap_regions_settle();
	KUNIT_EXPECT_EQ(test, dmamap_reattach(shown.regions[0], next), -ENXIO);	/* revoked, too */
	next = suite_region(test, dev, BYTES);
	*(u32 *)dmamap_cpu_addr(next) = 0xfeed;
	KUNIT_EXPECT_EQ(test, dmamap_reattach(shown.regions[0], next), 0);
	dmamap_put(shown.regions[0]);
	KUNIT_EXPECT_EQ(test, get_user(word, (u32 __user *)addr), 0);
	KUNIT_EXPECT_EQ(test, word, 0xfeed);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, 2 * BYTES), 0);
	fput(file);
}

/* The mappings of others are no reason to map it again. */
static void a_region_that_only_mappings_have_is_not_mapped(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown;
	struct file *file;
	const unsigned long addr = map_of_a_driver(test, dev, &shown, &file);

	put_both(&shown);
	KUNIT_EXPECT_EQ(test, (long)map_both(test, file), -ENXIO);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, 2 * BYTES), 0);
	fput(file);
}

static struct kunit_case driverless_cases[] = {
	KUNIT_CASE_PARAM(mappings_hold_no_memory_of_a_driver_that_is_gone, stays_gen_params),
	KUNIT_CASE_PARAM(nor_if_it_went_before_its_device, stays_gen_params),
	KUNIT_CASE(memory_of_a_device_that_runs_is_not_let_go),
	KUNIT_CASE(a_driver_that_has_a_reference_can_reattach),
	KUNIT_CASE(a_region_that_only_mappings_have_is_not_mapped),
	{}
};

static struct kunit_suite driverless_suite = {
	.name = "dmamap-driverless",
	.test_cases = driverless_cases,
};
kunit_test_suite(driverless_suite);
