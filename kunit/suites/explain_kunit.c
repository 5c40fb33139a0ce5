// SPDX-License-Identifier: GPL-2.0
/* Names of regions, and the reasons for their strategy. */
#include <linux/string.h>

#include "dma/glue/explain.h"
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
static void snoop(struct device *dev, bool snoops)
{
	dev->dma_coherent = snoops;
}
#define SNOOPS "device snoops (bus or firmware)"
#define DOES_NOT "device not snooping (bus or firmware)"
#else
static void snoop(struct device *dev, bool snoops)
{
}
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

	snoop(dev, true);
	expect_reason(test, dev, 0, SNOOPS);
	expect_reason(test, dev, DMAMAP_NO_SNOOP, "device not snooping (DMAMAP_NO_SNOOP)");
	snoop(dev, false);
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

static struct kunit_case explain_cases[] = {
	KUNIT_CASE_PARAM(a_name_is_copied_and_harmless, name_gen_params),
	KUNIT_CASE(names_may_be_set_in_atomic_context),
	KUNIT_CASE(the_reason_says_who_decided),
	KUNIT_CASE(a_device_without_driver_stays_free_to_be_probed),
	{}
};

static struct kunit_suite explain_suite = {
	.name = "dmamap-explain",
	.test_cases = explain_cases,
};
kunit_test_suite(explain_suite);
