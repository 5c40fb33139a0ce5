// SPDX-License-Identifier: GPL-2.0
/* Names of regions, the reasons for their strategy, and how many aliases they have. */
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "kunit/suites/plant.h"
#include "kunit/suites/suite.h"

struct name {
	const char *what;
	const char *given;
	const char *kept;
};

static const struct name names[] = {
	{ "a name", "rcvhdrq.3", "rcvhdrq.3" },
	{ "no name", NULL, "-" },
	{ "an empty name", "", "-" },
	{ "a format string", "%s%n%p", "%s%n%p" },
	{ "a line of its own", "a\nb: c d", "a_b__c_d" },
	{ "other than ASCII", "r\xc3\xa4.\x1b[31m\x7f", "r__._[31m_" },
	{ "as long as it may be", "0123456789012345678901234567890",
	  "0123456789012345678901234567890" },
	{ "longer", "01234567890123456789012345678901", "0123456789012345678901234567890" },
};

KUNIT_ARRAY_PARAM_DESC(name, names, what);

static void a_name_is_copied_and_harmless(struct kunit *test)
{
	const struct name *name = test->param_value;
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	char kept[DMAMAP_NAME_BYTES];

	dmamap_copy_name(region, kept);
	KUNIT_EXPECT_STREQ(test, kept, "-");
	dmamap_set_name(region, "old, and longer than many");
	dmamap_set_name(region, name->given);
	dmamap_copy_name(region, kept);
	KUNIT_EXPECT_STREQ(test, kept, name->kept);
}

static void names_may_be_set_in_atomic_context(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	unsigned long flags;

	local_irq_save(flags);
	dmamap_set_name(region, "atomic");
	local_irq_restore(flags);
}

#ifdef CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE
#define SNOOPS "device snoops (bus or firmware)"
#define DOES_NOT "device not snooping (bus or firmware)"
#else
#define SNOOPS "device snoops (all devices of this architecture)"
#define DOES_NOT "device not snooping (DMAMAP_NO_SNOOP)"
#endif

static void expect_reason(struct kunit *test, struct device *dev, unsigned int flags,
			  const char *reason)
{
	struct dmamap_region *region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, flags);

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_STREQ(test, dmamap_reason(region), reason);
	dmamap_put(region);
}

static void the_reason_says_who_decided(struct kunit *test)
{
	struct device *dev = suite_device(test);

	suite_set_snooping(dev, true);
	expect_reason(test, dev, 0, SNOOPS);
	expect_reason(test, dev, DMAMAP_NO_SNOOP, "device not snooping (DMAMAP_NO_SNOOP)");
	suite_set_snooping(dev, false);
	expect_reason(test, dev, DMAMAP_NO_SNOOP, DOES_NOT);
}

static void a_device_without_driver_stays_free_to_be_probed(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct device_driver *driver = dev->driver;
	struct dmamap_region *region;
	bool nothing;

	/* As for a device that waits for its driver; see dmamap_announce(). */
	dev->driver = NULL;
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP);
	nothing = list_empty(&dev->devres_head);
	dev->driver = driver;
	KUNIT_EXPECT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_TRUE(test, nothing);
	dmamap_put(region);
}

/* The line of @region in what debugfs shows begins so. */
static void expect_line(struct kunit *test, const struct dmamap_region *region,
			const char *says)
{
	struct seq_file out = { .size = SZ_16K };
	const char *line;
	char start[128];

	out.buf = kunit_kzalloc(test, out.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, out.buf);
	scnprintf(start, sizeof(start), "%s %s: %s, %s, %s; ", dev_name(region->dev),
		  region->name, dmamap_strategy(region), dmamap_reason(region), says);
	KUNIT_ASSERT_EQ(test, dmamap_explain_regions(&out), 0);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&out));
	line = strstr(out.buf, start);
	KUNIT_EXPECT_TRUE_MSG(test, line && (line == out.buf || line[-1] == '\n'),
			      "no %s in:\n%s", start, out.buf);
}

/* Cacheable, and never touched. */
static void plant_frames(struct kunit *test, struct vm_struct *area,
			 const struct dmamap_region *region, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ(test, 0, plant_pte((unsigned long)area->addr + i * PAGE_SIZE,
						   region->core.pfn + i, PAGE_KERNEL));
}

static void aliases_are_counted_when_asked(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *aliased = suite_region(test, dev, 2 * PAGE_SIZE);
	struct dmamap_region *other = suite_region(test, dev, PAGE_SIZE);
	struct vm_struct *area = get_vm_area(2 * PAGE_SIZE, VM_IOREMAP);

	KUNIT_ASSERT_NOT_NULL(test, area);
	dmamap_set_name(aliased, "aliased");
	dmamap_set_name(other, "other");
	expect_line(test, aliased, "0 aliases");

	plant_frames(test, area, aliased, 1);
	expect_line(test, aliased, "1 alias");
	expect_line(test, other, "0 aliases");
	plant_frames(test, area, aliased, 2);
	expect_line(test, aliased, "2 aliases");

	unplant_pte((unsigned long)area->addr);
	unplant_pte((unsigned long)area->addr + PAGE_SIZE);
	expect_line(test, aliased, "0 aliases");
	free_vm_area(area);
	suite_expect_no_alias(test);
}

/* Memory of a snooping device is cached everywhere: that is no alias. */
static void cached_regions_have_no_aliases(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;

	suite_set_snooping(dev, true);
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_KERNEL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, suite_put_region, region), 0);
	dmamap_set_name(region, "cached");
	expect_line(test, region, "0 aliases");
}

static void counting_leaves_no_reference(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);

	dmamap_set_name(region, "counted");
	expect_line(test, region, "0 aliases");
	KUNIT_EXPECT_EQ(test, refcount_read(&region->references), 1);
}

/* More than there is room for at first. */
static void many_regions_are_all_there(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region_audits *all;
	struct dmamap_counts counts;
	int i;

	for (i = 0; i < 100; i++)
		suite_region(test, dev, PAGE_SIZE);
	all = dmamap_audit_regions();
	KUNIT_ASSERT_FALSE(test, IS_ERR(all));
	dmamap_counts(&counts);
	KUNIT_EXPECT_EQ(test, all->count, counts.regions);
	for (i = 0; i < all->count; i++)
		KUNIT_EXPECT_EQ(test, all->each[i].aliases, 0);
	dmamap_audit_regions_end(all);
}

static struct kunit_case explain_cases[] = {
	KUNIT_CASE_PARAM(a_name_is_copied_and_harmless, name_gen_params),
	KUNIT_CASE(names_may_be_set_in_atomic_context),
	KUNIT_CASE(the_reason_says_who_decided),
	KUNIT_CASE(a_device_without_driver_stays_free_to_be_probed),
	KUNIT_CASE(aliases_are_counted_when_asked),
	KUNIT_CASE(cached_regions_have_no_aliases),
	KUNIT_CASE(counting_leaves_no_reference),
	KUNIT_CASE(many_regions_are_all_there),
	{}
};

static struct kunit_suite explain_suite = {
	.name = "dmamap-explain",
	.test_cases = explain_cases,
};
kunit_test_suite(explain_suite);
