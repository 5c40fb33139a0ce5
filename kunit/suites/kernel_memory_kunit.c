// SPDX-License-Identifier: GPL-2.0
/* The answer for coherent memory that a driver got from elsewhere. */
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dmapool.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kunit/suites/suite.h"

static struct device *snooping_device(struct kunit *test)
{
	struct device *dev = suite_device(test);

	suite_set_snooping(dev, true);
	return dev;
}

/* Coherent memory of the kernel is cached for devices that snoop, and for no others. */
static void expect_coherent(struct kunit *test, struct device *dev, void *cpu, dma_addr_t dma)
{
	const bool cached = dev_is_dma_coherent(dev);
	struct dmamap_pfn answer = { };

	KUNIT_ASSERT_EQ(test, dma_map_to_pfn(dev, cpu, dma, &answer), 0);
	KUNIT_EXPECT_EQ(test, (u64)answer.pfn, (u64)PHYS_PFN(dma_to_phys(dev, dma)));
	KUNIT_EXPECT_EQ(test, answer.behind, cached ? DMAMAP_BEHIND_PAGE : DMAMAP_BEHIND_RESERVED);
	KUNIT_EXPECT_EQ(test, dmamap_arch_pte_cacheable(pfn_pte(answer.pfn, answer.prot)), cached);
	if (cached)
		KUNIT_EXPECT_PTR_EQ(test, dma_map_to_page(dev, cpu, dma), pfn_to_page(answer.pfn));
	else
		KUNIT_EXPECT_EQ(test, PTR_ERR(dma_map_to_page(dev, cpu, dma)), -EFAULT);
}

static void what_the_kernel_allocates_is_resolved(struct kunit *test)
{
	struct device *dev = suite_device(test);
	dma_addr_t dma;
	void *cpu = dma_alloc_coherent(dev, SZ_64K, &dma, GFP_KERNEL);
	unsigned long flags;

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	expect_coherent(test, dev, cpu, dma);
	expect_coherent(test, dev, cpu + SZ_64K - 1, dma + SZ_64K - 1);
	local_irq_save(flags);
	expect_coherent(test, dev, cpu + SZ_16K, dma + SZ_16K);
	local_irq_restore(flags);
	dma_free_coherent(dev, SZ_64K, cpu, dma);
}

static void a_part_of_a_page_is_resolved(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dma_pool *pool = dma_pool_create("dmamap-suite", dev, 64, 64, 0);
	dma_addr_t dma[3];
	void *cpu[3];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (i = 0; i < ARRAY_SIZE(cpu); i++) {
		cpu[i] = dma_pool_alloc(pool, GFP_KERNEL, &dma[i]);
		KUNIT_ASSERT_NOT_NULL(test, cpu[i]);
		expect_coherent(test, dev, cpu[i], dma[i]);
	}
	for (i = 0; i < ARRAY_SIZE(cpu); i++)
		dma_pool_free(pool, cpu[i], dma[i]);
	dma_pool_destroy(pool);
}

static void views_of_different_bytes_are_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_pfn answer = { .pfn = 42 };
	dma_addr_t dma;
	void *cpu = dma_alloc_coherent(dev, SZ_8K, &dma, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cpu);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, dma + PAGE_SIZE, &answer), -EINVAL);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, dma + 1, &answer), -EINVAL);
	KUNIT_EXPECT_EQ(test, answer.pfn, 42);
	dma_free_coherent(dev, SZ_8K, cpu, dma);
}

/* The device memory is only mapped, never touched. */
static void device_memory_is_resolved(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const phys_addr_t phys = 0xfd000000;
	void __iomem *registers;
	struct dmamap_pfn answer;

	KUNIT_ASSERT_FALSE(test, pfn_valid(PHYS_PFN(phys)));
	registers = ioremap(phys, SZ_8K);
	KUNIT_ASSERT_NOT_NULL(test, registers);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, (__force void *)registers + PAGE_SIZE,
					     phys_to_dma(dev, phys + PAGE_SIZE), &answer), 0);
	KUNIT_EXPECT_EQ(test, answer.behind, DMAMAP_BEHIND_DEVICE);
	KUNIT_EXPECT_EQ(test, (u64)answer.pfn, (u64)PHYS_PFN(phys) + 1);
	KUNIT_EXPECT_FALSE(test, dmamap_arch_pte_cacheable(pfn_pte(answer.pfn, answer.prot)));
	iounmap(registers);
}

/* A perfectly valid pfn with a struct page, but coherent only for devices that snoop. */
static void expect_cached(struct kunit *test, struct device *dev, void *cpu, dma_addr_t dma)
{
	struct dmamap_pfn answer;

	if (dev_is_dma_coherent(dev)) {
		expect_coherent(test, dev, cpu, dma);
		return;
	}
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, dma, &answer), -ENOENT);
	KUNIT_EXPECT_EQ(test, PTR_ERR(dma_map_to_page(dev, cpu, dma)), -ENOENT);
}

static void look_at_cached(struct kunit *test, struct device *dev)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *buffer = kmalloc(SZ_4K, GFP_KERNEL), *mapped;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL(test, buffer);
	mapped = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mapped);
	expect_cached(test, dev, buffer, phys_to_dma(dev, virt_to_phys(buffer)));
	expect_cached(test, dev, mapped, phys_to_dma(dev, page_to_phys(page)));
	vunmap(mapped);
	__free_page(page);
	kfree(buffer);
}

static void cached_memory_is_coherent_for_who_snoops(struct kunit *test)
{
	look_at_cached(test, snooping_device(test));
}

static void cached_memory_is_unknown_for_others(struct kunit *test)
{
	look_at_cached(test, suite_device(test));
}

static void what_nobody_can_vouch_for_is_unknown(struct kunit *test)
{
	static u32 in_the_image[4096];
	struct device *dev = snooping_device(test);
	struct dmamap_pfn answer = { .pfn = 42 };
	dma_addr_t dma = phys_to_dma(dev, __pa_symbol(in_the_image));

	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, in_the_image, dma, &answer), -ENOENT);
	/* PA-RISC has its gateway page there. */
	KUNIT_EXPECT_NE(test, dma_map_to_pfn(dev, NULL, 0, &answer), 0);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, (void *)-PAGE_SIZE, dma, &answer), -ENOENT);
	KUNIT_EXPECT_EQ(test, answer.pfn, 42);
}

static struct kunit_case kernel_memory_cases[] = {
	KUNIT_CASE(what_the_kernel_allocates_is_resolved),
	KUNIT_CASE(a_part_of_a_page_is_resolved),
	KUNIT_CASE(views_of_different_bytes_are_refused),
	KUNIT_CASE(device_memory_is_resolved),
	KUNIT_CASE(cached_memory_is_coherent_for_who_snoops),
	KUNIT_CASE(cached_memory_is_unknown_for_others),
	KUNIT_CASE(what_nobody_can_vouch_for_is_unknown),
	{}
};

static struct kunit_suite kernel_memory_suite = {
	.name = "dmamap-kernel-memory",
	.test_cases = kernel_memory_cases,
};
kunit_test_suite(kernel_memory_suite);
