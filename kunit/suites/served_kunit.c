// SPDX-License-Identifier: GPL-2.0
/* Which devices get memory, and that those which do not are told why, each of them. */
#include <kunit/static_stub.h>
#include <linux/cma.h>
#include <linux/console.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/swiotlb.h>
#include <linux/workqueue.h>

#include "dma/abi/machine.h"
#include "kunit/mapper/mapper.h"
#include "kunit/suites/suite.h"

static bool is_encrypted(struct device *dev)
{
	return true;
}

static u32 mask_warnings;

static void count_mask_warning(struct device *dev)
{
	mask_warnings++;
}

/* An allocation in a task that runs no test: there, usual devices are told apart first. */
struct attempt {
	struct work_struct work;
	struct device *dev;
	unsigned int flags;
	int err;
};

static void try_to_allocate(struct work_struct *work)
{
	struct attempt *attempt = container_of(work, struct attempt, work);
	struct dmamap_region *region =
		dmamap_alloc(attempt->dev, SZ_4K, GFP_KERNEL, attempt->flags);

	attempt->err = PTR_ERR_OR_ZERO(region);
	dmamap_put(region);
}

static int error_elsewhere(struct device *dev, unsigned int flags)
{
	struct attempt attempt = { .dev = dev, .flags = flags };

	INIT_WORK_ONSTACK(&attempt.work, try_to_allocate);
	schedule_work(&attempt.work);
	flush_work(&attempt.work);
	destroy_work_on_stack(&attempt.work);
	return attempt.err;
}

static void expect_elsewhere(struct kunit *test, struct device *dev, int err)
{
	KUNIT_EXPECT_EQ(test, error_elsewhere(dev, DMAMAP_NO_SNOOP), err);
	KUNIT_EXPECT_EQ(test, error_elsewhere(dev, 0), err);
}

/* An allocation, flipped and snooped, gets @err, and the question gets it, with @says. */
static void expect_refused(struct kunit *test, struct device *dev, int err, const char *says)
{
	const unsigned int flags[] = { DMAMAP_NO_SNOOP, 0 };
	char why[DMAMAP_WHY_BYTES];
	size_t i;

	KUNIT_EXPECT_EQ(test, dmamap_device_served(dev, why, sizeof(why)), err);
	KUNIT_EXPECT_PTR_NE_MSG(test, strstr(why, says), NULL, "said: %s", why);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct dmamap_region *region = dmamap_alloc(dev, SZ_4K, GFP_KERNEL, flags[i]);

		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), err);
		if (!IS_ERR(region))
			dmamap_put(region);
	}
}

static void a_device_of_the_board_is_served(struct kunit *test)
{
	struct device *dev = suite_device(test);
	char why[DMAMAP_WHY_BYTES] = "?";

	KUNIT_EXPECT_EQ(test, dmamap_device_served(dev, why, sizeof(why)), 0);
	KUNIT_EXPECT_STREQ(test, why, "");
	KUNIT_EXPECT_EQ(test, dmamap_device_served(dev, NULL, 0), 0);
	expect_elsewhere(test, dev, 0);
	KUNIT_EXPECT_EQ(test, dmamap_device_served(NULL, why, sizeof(why)), -EINVAL);
}

static void a_sentence_is_cut_to_its_room(struct kunit *test)
{
	struct device *dev = suite_device(test);
	char why[8] = "xxxxxxx";

	dev->coherent_dma_mask = 0;
	KUNIT_EXPECT_EQ(test, dmamap_device_served(dev, why, 4), -EIO);
	KUNIT_EXPECT_EQ(test, strlen(why), 3);
	KUNIT_EXPECT_EQ(test, why[4], 'x');
	KUNIT_EXPECT_EQ(test, dmamap_device_served(dev, NULL, 0), -EIO);
}

static void a_device_without_a_mask_is_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);

	mask_warnings = 0;
	kunit_activate_static_stub(test, dmamap_warn_of_mask, count_mask_warning);
	dev->coherent_dma_mask = 0;
	dev->bus_dma_limit = 0;
	expect_refused(test, dev, -EIO, "mask");
	/* A limit of the bus is no word of the driver. */
	dev->bus_dma_limit = DMA_BIT_MASK(32);
	expect_refused(test, dev, -EIO, "mask");
	KUNIT_EXPECT_EQ(test, mask_warnings, 4);
}

static void a_device_that_needs_decrypted_memory_is_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);

	kunit_activate_static_stub(test, dmamap_device_encrypted, is_encrypted);
	expect_refused(test, dev, -EOPNOTSUPP, "decrypted");
	/* RAM that the driver chose is as private as any other. */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(dmamap_adopt(dev, 0, SZ_4K, DMAMAP_BEHIND_RESERVED,
							   0)),
			-EOPNOTSUPP);
}

static void operations_of_its_own_are_refused(struct kunit *test)
{
#ifdef CONFIG_ARCH_HAS_DMA_OPS
	static const struct dma_map_ops ops;
	struct device *dev = suite_device(test);

	set_dma_ops(dev, &ops);
	expect_refused(test, dev, -EOPNOTSUPP, "dma_map_ops");
	expect_elsewhere(test, dev, -EOPNOTSUPP);
	set_dma_ops(dev, NULL);
#else
	kunit_skip(test, "no device of this kernel has DMA operations of its own");
#endif
}

static void memory_that_was_declared_is_not_ignored(struct kunit *test)
{
#ifdef CONFIG_DMA_DECLARE_COHERENT
	struct device *dev = suite_device(test);

	dev->dma_mem = (void *)dev; /* only whether there is one is looked at */
	expect_refused(test, dev, -EOPNOTSUPP, "of its own");
	expect_elsewhere(test, dev, -EOPNOTSUPP);
	dev->dma_mem = NULL;
#else
	kunit_skip(test, "no memory can be declared for a device of this kernel");
#endif
}

static void a_restricted_pool_is_not_ignored(struct kunit *test)
{
#ifdef CONFIG_DMA_RESTRICTED_POOL
	struct io_tlb_mem *const own = kunit_kzalloc(test, sizeof(*own), GFP_KERNEL);
	struct device *dev = suite_device(test);
	struct io_tlb_mem *const before = dev->dma_io_tlb_mem;

	KUNIT_ASSERT_NOT_NULL(test, own);
	own->for_alloc = true;
	dev->dma_io_tlb_mem = own;
	expect_refused(test, dev, -EOPNOTSUPP, "restricted-dma-pool");
	expect_elsewhere(test, dev, -EOPNOTSUPP);
	dev->dma_io_tlb_mem = before;
#else
	kunit_skip(test, "no device of this kernel has a restricted pool");
#endif
}

#ifdef CONFIG_DMA_CMA
static bool in_area(const struct dmamap_region *region, struct cma *area)
{
	const u64 first = PHYS_PFN(cma_get_base(area));

	return region->core.pfn >= first &&
	       region->core.pfn + region->core.pages <= first + (cma_get_size(area) >> PAGE_SHIFT);
}

/* Flipped and snooped memory comes from the device's area, not from the pool's chunks. */
static void contiguous_memory_of_its_own_is_used(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct cma *const area = dev_get_cma_area(NULL);
	struct dmamap_region *region;
	char why[DMAMAP_WHY_BYTES];
	u32 round;

	if (!area)
		kunit_skip(test, "the board has no contiguous memory");
	dev->cma_area = area;
	KUNIT_EXPECT_EQ_MSG(test, dmamap_device_served(dev, why, sizeof(why)), 0, "%s", why);
	for (round = 0; round < 4; round++) {
		suite_set_snooping(dev, round % 2);
		if (round % 2 && dmamap_area_placement(area) == DMAMAP_CMA_HIGHMEM) {
			expect_refused(test, dev, -ENODEV, "memory-region");
			continue;
		}
		region = dmamap_alloc(dev, SZ_16K, GFP_KERNEL, 0);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "%ld", PTR_ERR(region));
		KUNIT_EXPECT_TRUE(test, in_area(region, area));
		KUNIT_EXPECT_EQ(test, region->core.chunk, 0);
		dmamap_put(region);
	}
	suite_set_snooping(dev, false);
	dev->cma_area = NULL;
}

/* As the kernel leaves an area that it could not activate: a name without pages. */
static void contiguous_memory_that_is_not_there_is_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);

	dev->cma_area = kunit_kzalloc(test, SZ_1K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev->cma_area);
	expect_refused(test, dev, -ENODEV, "memory-region");
	expect_elsewhere(test, dev, -ENODEV);
	dev->cma_area = NULL;
}
#endif

/* What the log says while a console of the test listens. */
static char heard[8192];
static size_t heard_bytes;

static void hear(struct console *console, const char *text, unsigned int bytes)
{
	const size_t more = min_t(size_t, bytes, sizeof(heard) - 1 - heard_bytes);

	memcpy(heard + heard_bytes, text, more);
	heard_bytes += more;
}

static struct console listener = {
	.name = "dmamap",
	.write = hear,
	.flags = CON_ENABLED,
	.index = -1,
};

static u32 times_heard(const char *words, const char *device)
{
	const char *at = heard;
	u32 times = 0;

	heard[heard_bytes] = '\0';
	while ((at = strstr(at, words))) {
		const char *line = at;

		while (line > heard && line[-1] != '\n')
			line--;
		times += strnstr(line, device, at - line) != NULL;
		at++;
	}
	return times;
}

/* With a driver, without which the layer can't remember what it has said. */
static struct device *driven_device(struct kunit *test, const char *name)
{
	struct device *dev = kunit_device_register(test, name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_NOT_NULL(test, dev->driver);
	dev->coherent_dma_mask = 0;
	return dev;
}

static void each_device_is_told_why_once(struct kunit *test)
{
	struct device *first = driven_device(test, "dmamap-first");
	struct device *second = driven_device(test, "dmamap-second");
	int i;

	kunit_activate_static_stub(test, dmamap_warn_of_mask, count_mask_warning);
	heard_bytes = 0;
	register_console(&listener);
	for (i = 0; i < 3; i++) {
		dmamap_alloc(first, SZ_4K, GFP_KERNEL, 0);
		dmamap_alloc(second, SZ_4K, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	}
	unregister_console(&listener);
	KUNIT_EXPECT_EQ(test, times_heard("no coherent memory", ".dmamap-first: "), 1);
	KUNIT_EXPECT_EQ(test, times_heard("no coherent memory", ".dmamap-second: "), 1);
}

/* RAM that the board keeps from its kernel, adopted. */
static struct dmamap_region *adopted(struct kunit *test, struct device *dev)
{
	struct dmamap_region *region;
	phys_addr_t phys;

	KUNIT_ASSERT_GE(test, mapper_adoptable(&phys), SZ_4K);
	region = dmamap_adopt(dev, phys, SZ_4K, DMAMAP_BEHIND_RESERVED, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_adopt: %ld", PTR_ERR(region));
	return region;
}

/* What the device can't reach has no address, and is still memory of the CPU. */
static void expect_no_address(struct kunit *test, struct device *dev)
{
	struct dmamap_region *region = adopted(test, dev);
	const u64 pfn = region->core.pfn;
	struct dmamap_pfn answer = {};

	KUNIT_EXPECT_EQ(test, dmamap_dma_addr(region), DMAMAP_NO_BUS_ADDRESS);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region) + 8,
					     DMAMAP_NO_BUS_ADDRESS, &answer), 0);
	KUNIT_EXPECT_EQ(test, (u64)answer.pfn, pfn);
	KUNIT_EXPECT_EQ(test, answer.behind, DMAMAP_BEHIND_RESERVED);
	/* Behind the end is another byte, whatever is not looked at. */
	KUNIT_EXPECT_NE(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region) + SZ_4K,
					     DMAMAP_NO_BUS_ADDRESS, &answer), 0);
	dmamap_put(region);
}

static void adopted_memory_has_the_address_of_its_device(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = adopted(test, dev);

	KUNIT_EXPECT_EQ(test, dmamap_dma_addr(region),
			phys_to_dma(dev, PFN_PHYS(region->core.pfn)));
	dmamap_put(region);
}

static void adopted_memory_out_of_reach_has_no_address(struct kunit *test)
{
	struct device *dev = suite_device(test);

	dev->coherent_dma_mask = DMA_BIT_MASK(24);
	expect_no_address(test, dev);
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
	dev->bus_dma_limit = DMA_BIT_MASK(24);
	expect_no_address(test, dev);
	dev->bus_dma_limit = 0;
	dev->coherent_dma_mask = 0;
	expect_no_address(test, dev);
}

static void adopted_memory_beside_a_window_has_no_address(struct kunit *test)
{
#ifdef CONFIG_ARCH_HAS_PHYS_TO_DMA
	kunit_skip(test, "the architecture computes bus addresses by itself");
#else
	static const struct bus_dma_region windows[] = {
		{ .cpu_start = 0, .dma_start = 0x1000000, .size = SZ_4K }, {}
	};
	struct device *dev = suite_device(test);

	dev->dma_range_map = windows;
	expect_no_address(test, dev);
	dev->dma_range_map = NULL;
#endif
}

/* Its driver, or a frame buffer's, has the window mapped as memory that gathers writes. */
static void a_window_with_another_attribute_is_busy(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;
	void __iomem *others;
	phys_addr_t phys;

	if (dmamap_machine_combining() != DMAMAP_COMBINING_SEPARATE)
		kunit_skip(test, "the kernel keeps no record of attributes");
	KUNIT_ASSERT_GE(test, mapper_adoptable(&phys), SZ_64K);
	others = ioremap_wc(phys, SZ_64K);
	KUNIT_ASSERT_NOT_NULL(test, others);
	region = dmamap_adopt(dev, phys, SZ_64K, DMAMAP_BEHIND_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EBUSY);
	if (!IS_ERR(region))
		dmamap_put(region);
	region = dmamap_adopt(dev, phys, SZ_64K, DMAMAP_BEHIND_DEVICE, DMAMAP_WRITE_COMBINE);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), 0);
	if (!IS_ERR(region))
		dmamap_put(region);
	iounmap(others);
	region = dmamap_adopt(dev, phys, SZ_64K, DMAMAP_BEHIND_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), 0);
	if (!IS_ERR(region))
		dmamap_put(region);
}

static struct kunit_case served_cases[] = {
	KUNIT_CASE(a_device_of_the_board_is_served),
	KUNIT_CASE(a_sentence_is_cut_to_its_room),
	KUNIT_CASE(a_device_without_a_mask_is_refused),
	KUNIT_CASE(a_device_that_needs_decrypted_memory_is_refused),
	KUNIT_CASE(operations_of_its_own_are_refused),
	KUNIT_CASE(memory_that_was_declared_is_not_ignored),
	KUNIT_CASE(a_restricted_pool_is_not_ignored),
#ifdef CONFIG_DMA_CMA
	KUNIT_CASE(contiguous_memory_of_its_own_is_used),
	KUNIT_CASE(contiguous_memory_that_is_not_there_is_refused),
#endif
	KUNIT_CASE(each_device_is_told_why_once),
	KUNIT_CASE(adopted_memory_has_the_address_of_its_device),
	KUNIT_CASE(adopted_memory_out_of_reach_has_no_address),
	KUNIT_CASE(adopted_memory_beside_a_window_has_no_address),
	KUNIT_CASE(a_window_with_another_attribute_is_busy),
	{}
};

static struct kunit_suite served_suite = {
	.name = "dmamap-served",
	.test_cases = served_cases,
};
kunit_test_suite(served_suite);
