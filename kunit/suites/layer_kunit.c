// SPDX-License-Identifier: GPL-2.0
/* Allocation, adoption, release: what drivers get, and what is left behind. */
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"

static void alloc_gives_zeroed_pages_on_the_bus(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, 3 * PAGE_SIZE + 1);

	KUNIT_EXPECT_EQ(test, dmamap_size(region), 4 * PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(dmamap_cpu_addr(region), 0, 4 * PAGE_SIZE), NULL);
	KUNIT_EXPECT_LE(test, dmamap_dma_addr(region) + 4 * PAGE_SIZE - 1, DMA_BIT_MASK(32));
	KUNIT_EXPECT_STREQ(test, dmamap_strategy(region),
			   dmamap_core_strategy_name(dmamap_core_board_strategy()));
	suite_expect_no_alias(test);
}

static void alloc_hides_old_contents(struct kunit *test)
{
	struct device *dev = suite_device(test);
	int round;

	/* Frames come back from the allocator with what the last owner wrote. */
	for (round = 0; round < 8; round++) {
		struct dmamap_region *region = dmamap_alloc(dev, SZ_64K, GFP_KERNEL,
							    DMAMAP_NO_SNOOP);

		KUNIT_ASSERT_FALSE(test, IS_ERR(region));
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(dmamap_cpu_addr(region), 0, SZ_64K), NULL);
		memset(dmamap_cpu_addr(region), 0xa5, SZ_64K);
		dmamap_put(region);
	}
}

static void alloc_and_put_return_all_counts(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_counts before, during, after;
	const u64 quarantined = dmamap_quarantined();
	struct dmamap_region *region;
	u64 flipped;

	dmamap_pool_drain();
	dmamap_counts(&before);
	KUNIT_EXPECT_EQ(test, before.frames_in_pool, 0);
	region = dmamap_alloc(dev, SZ_128K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	dmamap_counts(&during);
	flipped = during.frames_flipped - before.frames_flipped;
	KUNIT_EXPECT_EQ(test, during.regions, before.regions + 1);
	KUNIT_EXPECT_GE(test, flipped, 32);
	KUNIT_EXPECT_EQ(test, during.frames_coherent, before.frames_coherent + flipped);
	KUNIT_EXPECT_EQ(test, during.frames_in_pool, flipped - 32);
	dmamap_put(dmamap_get(region));
	dmamap_put(region);
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.regions, before.regions);
	KUNIT_EXPECT_EQ(test, after.frames_in_pool, flipped);
	dmamap_pool_drain();
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.frames_coherent, before.frames_coherent);
	KUNIT_EXPECT_EQ(test, after.frames_returned, before.frames_returned + flipped);
	KUNIT_EXPECT_EQ(test, dmamap_quarantined(), quarantined);
}

static void frames_are_ordinary_again_after_put(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = dmamap_alloc(dev, SZ_16K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	u64 pfn, i;
	u32 linear;

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	pfn = region->core.pfn;
	dmamap_put(region);
	dmamap_pool_drain();
	for (i = 0; i < 4; i++) {
		linear = dmamap_machine_linear(pfn + i);
		KUNIT_EXPECT_TRUE(test, linear == DMAMAP_LINEAR_CACHED ||
				  linear == DMAMAP_LINEAR_NONE);
	}
}

static void more_than_stock_can_map(struct kunit *test)
{
	struct device *dev = suite_device(test);

	/* More than dmamap_stock_pages() of some machines, which panic above it. */
	suite_region(test, dev, SZ_1M);
	suite_expect_no_alias(test);
}

/* On 64 bits that is more pages than can be counted. */
#define TOO_MANY (IS_ENABLED(CONFIG_64BIT) ? -EOVERFLOW : -ENOMEM)

struct bad_request {
	const char *what;
	size_t size;
	gfp_t gfp;
	unsigned int flags;
	int err;
};

static const struct bad_request bad_requests[] = {
	{ "no bytes", 0, GFP_KERNEL, DMAMAP_NO_SNOOP, -EINVAL },
	{ "unknown flag", PAGE_SIZE, GFP_KERNEL, BIT(9), -EINVAL },
	{ "half of all addresses", SIZE_MAX / 2, GFP_KERNEL, DMAMAP_NO_SNOOP, TOO_MANY },
	{ "all but a page", SIZE_MAX - PAGE_SIZE, GFP_KERNEL, DMAMAP_NO_SNOOP, TOO_MANY },
	{ "all bytes", SIZE_MAX, GFP_KERNEL, DMAMAP_NO_SNOOP, -EOVERFLOW },
};

KUNIT_ARRAY_PARAM_DESC(bad_request, bad_requests, what);

static void bad_requests_get_their_errno(struct kunit *test)
{
	const struct bad_request *bad = test->param_value;
	struct device *dev = suite_device(test);
	struct dmamap_counts before, after;
	struct dmamap_region *region;

	dmamap_counts(&before);
	region = dmamap_alloc(dev, bad->size, bad->gfp, bad->flags);
	KUNIT_EXPECT_EQ(test, PTR_ERR(region), bad->err);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(NULL, PAGE_SIZE, GFP_KERNEL, 0)), -EINVAL);
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.regions, before.regions);
	KUNIT_EXPECT_EQ(test, after.frames_flipped, before.frames_flipped);
	KUNIT_EXPECT_EQ(test, after.refused, before.refused + 2);
}

static void a_mask_that_reaches_nothing_is_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_counts before, after;

	dmamap_counts(&before);
	dev->coherent_dma_mask = DMA_BIT_MASK(12);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_alloc(dev, SZ_64K, GFP_KERNEL, DMAMAP_NO_SNOOP)),
			-EIO);
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.regions, before.regions);
	KUNIT_EXPECT_EQ(test, after.frames_coherent, before.frames_coherent);
}

static void memory_of_the_kernel_is_not_adopted(struct kunit *test)
{
	struct device *dev = suite_device(test);
	void *ours = kunit_kzalloc(test, 4 * PAGE_SIZE, GFP_KERNEL);
	phys_addr_t phys;

	KUNIT_ASSERT_NOT_NULL(test, ours);
	phys = PAGE_ALIGN(virt_to_phys(ours));
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_adopt(dev, phys, PAGE_SIZE,
						   DMAMAP_BEHIND_RESERVED, 0)), -EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_adopt(dev, phys, PAGE_SIZE,
						   DMAMAP_BEHIND_PAGE, 0)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_adopt(dev, phys + 1, PAGE_SIZE,
						   DMAMAP_BEHIND_DEVICE, 0)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_adopt(dev, phys, 0,
						   DMAMAP_BEHIND_DEVICE, 0)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dmamap_adopt(dev, phys, PAGE_SIZE,
						   DMAMAP_BEHIND_DEVICE, BIT(7))), -EINVAL);
}

static void a_planted_alias_is_found(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = suite_region(test, dev, PAGE_SIZE);
	struct page *page = pfn_to_page(region->core.pfn);
	struct dmamap_audit audit;
	void *alias;

	/* Never touched: the page table alone is what the audit must see. */
	alias = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, alias);
	dmamap_audit_kernel(&audit);
	KUNIT_EXPECT_EQ(test, audit.cacheable, 1);
	vunmap(alias);
	vm_unmap_aliases();
	suite_expect_no_alias(test);
}

static bool is_of_device(const struct dmamap_region *region, const void *dev)
{
	return region->dev == dev;
}

/* Regions of two devices by turns: each is passed once, however many are found. */
static void a_tour_passes_each_region_once(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct device *other = kunit_device_register(test, "dmamap-other");
	struct dmamap_region *region;
	struct dmamap_counts counts;
	struct dmamap_tour tour;
	u32 i, found = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	other->dma_mask = &other->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(other, DMA_BIT_MASK(32)), 0);
	for (i = 0; i < 200; i++)
		suite_region(test, i % 2 ? other : dev, PAGE_SIZE);
	dmamap_pool_settle();
	dmamap_counts(&counts);
	dmamap_tour_begin(&tour);
	while ((region = dmamap_tour_next(&tour, is_of_device, dev))) {
		found++;
		dmamap_region_unkeep(region);
	}
	dmamap_tour_end(&tour);
	KUNIT_EXPECT_EQ(test, found, 100);
	KUNIT_EXPECT_GE(test, tour.passed, 200);
	/* Besides the live ones, the list has some that rest. */
	KUNIT_EXPECT_LE(test, tour.passed, counts.regions + 256);
}

/* All of one device, and none of the other. */
static void revoking_a_device_takes_all_of_it(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct device *other = kunit_device_register(test, "dmamap-other");
	struct dmamap_region *regions[100];
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	other->dma_mask = &other->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(other, DMA_BIT_MASK(32)), 0);
	for (i = 0; i < ARRAY_SIZE(regions); i++)
		regions[i] = suite_region(test, i % 2 ? other : dev, PAGE_SIZE);
	dmamap_revoke_device(dev, DMAMAP_AFTER_SIGBUS);
	for (i = 0; i < ARRAY_SIZE(regions); i++)
		KUNIT_EXPECT_EQ(test, regions[i]->revoked, i % 2 == 0);
}

static struct kunit_case layer_cases[] = {
	KUNIT_CASE(alloc_gives_zeroed_pages_on_the_bus),
	KUNIT_CASE(alloc_hides_old_contents),
	KUNIT_CASE(alloc_and_put_return_all_counts),
	KUNIT_CASE(frames_are_ordinary_again_after_put),
	KUNIT_CASE(more_than_stock_can_map),
	KUNIT_CASE_PARAM(bad_requests_get_their_errno, bad_request_gen_params),
	KUNIT_CASE(a_mask_that_reaches_nothing_is_refused),
	KUNIT_CASE(memory_of_the_kernel_is_not_adopted),
	KUNIT_CASE(a_planted_alias_is_found),
	KUNIT_CASE(a_tour_passes_each_region_once),
	KUNIT_CASE(revoking_a_device_takes_all_of_it),
	{}
};

static struct kunit_suite layer_suite = {
	.name = "dmamap-layer",
	.test_cases = layer_cases,
};
kunit_test_suite(layer_suite);
