// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of a real device behind an IOMMU, or one that the IOMMU lets through: QEMU's
 * "edu", which copies between memory and a buffer of its own. Its accesses go the way of
 * the board's IOMMU, so an address that is mapped wrongly, or not any more, shows.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iommu-dma.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "dma/abi/machine.h"
#include "dma/glue/watch/steps.h"
#include "kunit/mapper/mapper.h"
#include "kunit/suites/suite.h"

/* docs/specs/edu.rst of QEMU */
#define EDU_DMA_FROM	0x80
#define EDU_DMA_TO	0x88
#define EDU_DMA_BYTES	0x90
#define EDU_DMA_COMMAND	0x98
#define EDU_RUN		BIT(0)
#define EDU_TO_MEMORY	BIT(1)
#define EDU_BUFFER	0x40000
#define EDU_BUFFER_BYTES SZ_4K

struct edu {
	struct pci_dev *pci;
	void __iomem *registers;
};

static int edu_probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	int err = pcim_enable_device(pci);

	if (err)
		return err;
	pci_set_master(pci);
	return dma_set_mask_and_coherent(&pci->dev, DMA_BIT_MASK(32));
}

static const struct pci_device_id edu_ids[] = { { PCI_DEVICE(0x1234, 0x11e8) }, {} };

/* Does nothing: a region belongs to a device that has a driver, and ends with it. */
static struct pci_driver edu_driver = {
	.name = "dmamap-edu",
	.id_table = edu_ids,
	.probe = edu_probe,
};

static struct edu edu;

static int edu_init(struct kunit *test)
{
	edu.pci = pci_get_device(0x1234, 0x11e8, NULL);
	KUNIT_ASSERT_NOT_NULL_MSG(test, edu.pci, "the board has no edu: -device edu");
	KUNIT_ASSERT_EQ(test, pci_register_driver(&edu_driver), 0);
	KUNIT_ASSERT_NOT_NULL(test, edu.pci->dev.driver);
	edu.registers = ioremap(pci_resource_start(edu.pci, 0), pci_resource_len(edu.pci, 0));
	KUNIT_ASSERT_NOT_NULL(test, edu.registers);
	dmamap_pool_settle();
	return 0;
}

static void edu_exit(struct kunit *test)
{
	if (edu.registers)
		iounmap(edu.registers);
	if (edu.pci && edu.pci->dev.driver)
		pci_unregister_driver(&edu_driver);
	pci_dev_put(edu.pci);
	edu = (struct edu){};
}

static void edu_copy(struct kunit *test, u64 from, u64 to, u32 bytes, u32 direction)
{
	u32 tries;

	wmb(); /* what the device reads, before it is told to */
	lo_hi_writeq(from, edu.registers + EDU_DMA_FROM);
	lo_hi_writeq(to, edu.registers + EDU_DMA_TO);
	writel(bytes, edu.registers + EDU_DMA_BYTES);
	writel(EDU_RUN | direction, edu.registers + EDU_DMA_COMMAND);
	for (tries = 0; readl(edu.registers + EDU_DMA_COMMAND) & EDU_RUN; tries++) {
		KUNIT_ASSERT_LT(test, tries, 60000);
		msleep(1);
	}
}

/* Each byte of each page goes to the device and comes back, by the region's own addresses. */
static void expect_device_reaches(struct kunit *test, struct dmamap_region *region)
{
	u32 *const words = dmamap_cpu_addr(region);
	u64 at, i;

	for (at = 0; at < dmamap_size(region); at += EDU_BUFFER_BYTES) {
		u32 *page = words + at / sizeof(*words);
		u32 wrong = 0;

		for (i = 0; i < EDU_BUFFER_BYTES / sizeof(*page); i++)
			page[i] = at + i * 0x01010101;
		edu_copy(test, dmamap_dma_addr(region) + at, EDU_BUFFER, EDU_BUFFER_BYTES, 0);
		memset(page, 0, EDU_BUFFER_BYTES);
		edu_copy(test, EDU_BUFFER, dmamap_dma_addr(region) + at, EDU_BUFFER_BYTES,
			 EDU_TO_MEMORY);
		for (i = 0; i < EDU_BUFFER_BYTES / sizeof(*page); i++)
			wrong += page[i] != (u32)(at + i * 0x01010101);
		KUNIT_EXPECT_EQ_MSG(test, wrong, 0, "wrong words in the page at %#llx", at);
	}
}

/* The frame that the IOMMU has for an address; 0 for none. Without an IOMMU, the same. */
static phys_addr_t behind(dma_addr_t bus)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&edu.pci->dev);

	return domain ? iommu_iova_to_phys(domain, bus) : bus;
}

static bool translated(void)
{
	return use_dma_iommu(&edu.pci->dev);
}

struct kind {
	const char *what;
	unsigned int flags;
	u64 bytes;
};

static const struct kind kinds[] = {
	{ "flipped", DMAMAP_NO_SNOOP, SZ_16K },
	{ "flipped, of its own", DMAMAP_NO_SNOOP, SZ_2M + SZ_4K },
	{ "snooped", 0, SZ_16K },
};

KUNIT_ARRAY_PARAM_DESC(kind, kinds, what);

static struct dmamap_region *region_of(struct kunit *test, const struct kind *kind)
{
	struct dmamap_region *region =
		dmamap_alloc(&edu.pci->dev, kind->bytes, GFP_KERNEL, kind->flags);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_alloc: %ld", PTR_ERR(region));
	return region;
}

static void the_device_reaches_its_region(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct dmamap_region *region = region_of(test, kind);
	const dma_addr_t bus = dmamap_dma_addr(region);
	const phys_addr_t phys = PFN_PHYS(region->core.pfn);
	u64 at;

	if (translated()) {
		KUNIT_EXPECT_NE(test, bus, phys);
		for (at = 0; at < kind->bytes; at += PAGE_SIZE)
			KUNIT_EXPECT_EQ(test, behind(bus + at), phys + at);
	} else {
		KUNIT_EXPECT_EQ(test, bus, phys);
	}
	/* Each page takes the device a fifth of a second of the board's clock. */
	if (kind->bytes <= SZ_16K)
		expect_device_reaches(test, region);
	dmamap_put(region);
	for (at = 0; translated() && at < kind->bytes; at += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, behind(bus + at), 0);
}

static void resolution_goes_by_the_region(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct dmamap_region *region = region_of(test, kind);
	struct device *dev = &edu.pci->dev;
	void *const cpu = dmamap_cpu_addr(region) + PAGE_SIZE;
	const dma_addr_t bus = dmamap_dma_addr(region) + PAGE_SIZE;
	struct dmamap_pfn answer = {};

	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu, bus, &answer), 0);
	KUNIT_EXPECT_EQ(test, (u64)answer.pfn, region->core.pfn + 1);
	if (kind->flags)
		KUNIT_EXPECT_EQ(test, PTR_ERR(dma_map_to_page(dev, cpu, bus)), -EFAULT);
	else
		KUNIT_EXPECT_PTR_EQ(test, dma_map_to_page(dev, cpu, bus), virt_to_page(cpu));
	/* The physical address names no byte of a region that is translated. */
	if (translated())
		KUNIT_EXPECT_NE(test, dma_map_to_pfn(dev, cpu, PFN_PHYS(answer.pfn), &answer), 0);
	KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, cpu + 1, bus, &answer), -EINVAL);
	dmamap_put(region);
}

/* A region that rested may wake for this device, and one of this device for another. */
static void rest_does_not_keep_an_address(struct kunit *test)
{
	struct device *other = suite_device(test);
	struct dmamap_region *region;
	dma_addr_t bus;
	u32 i;

	for (i = 0; i < 50; i++) {
		region = region_of(test, &kinds[0]);
		bus = dmamap_dma_addr(region);
		dmamap_put(region);
		if (translated())
			KUNIT_EXPECT_EQ(test, behind(bus), 0);
		region = suite_region(test, other, kinds[0].bytes);
		KUNIT_EXPECT_EQ(test, dmamap_dma_addr(region), PFN_PHYS(region->core.pfn));
		kunit_release_action(test, suite_put_region, region);
	}
}

/* For a device that is not trusted the kernel may map copies: never of a region's frames. */
static void an_untrusted_device_gets_the_frames_themselves(struct kunit *test)
{
	struct dmamap_region *region;

	if (!translated())
		kunit_skip(test, "the IOMMU lets the device through");
	edu.pci->untrusted = true;
	region = region_of(test, &kinds[0]);
	KUNIT_EXPECT_EQ(test, behind(dmamap_dma_addr(region)), PFN_PHYS(region->core.pfn));
	expect_device_reaches(test, region);
	dmamap_put(region);
	edu.pci->untrusted = false;
}

static u64 ns_of_warm_pairs(struct kunit *test, struct device *dev)
{
	struct dmamap_region *region;
	u32 i, refused = 0;
	u64 start;

	dmamap_put(dmamap_alloc(dev, SZ_4K, GFP_KERNEL, DMAMAP_NO_SNOOP));
	start = ktime_get_ns();
	for (i = 0; i < 1000; i++) {
		region = dmamap_alloc(dev, SZ_4K, GFP_KERNEL, DMAMAP_NO_SNOOP);
		refused += IS_ERR(region);
		dmamap_put(region);
	}
	KUNIT_EXPECT_EQ(test, refused, 0);
	return (ktime_get_ns() - start) / 1000;
}

/* The time is only said: that of an emulated machine is no limit for anything. */
static void warm_regions_are_mapped_each_time(struct kunit *test)
{
	struct device *other = suite_device(test);

	kunit_info(test, "a warm region of 4 KiB: %llu ns, without an IOMMU %llu ns\n",
		   ns_of_warm_pairs(test, &edu.pci->dev), ns_of_warm_pairs(test, other));
}

/* A caller that can't sleep gets memory, and gives it back, as without an IOMMU. */
static void a_caller_that_cant_sleep_is_served(struct kunit *test)
{
	struct dmamap_region *region;
	unsigned long flags;
	dma_addr_t bus = 0;

	dmamap_machine_tend_later();
	dmamap_pool_settle();
	local_irq_save(flags);
	region = dmamap_alloc(&edu.pci->dev, SZ_4K, GFP_ATOMIC, DMAMAP_NO_SNOOP);
	if (!IS_ERR(region)) {
		bus = dmamap_dma_addr(region);
		dmamap_put(region);
	}
	local_irq_restore(flags);
	KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(region), "dmamap_alloc: %ld", PTR_ERR(region));
	if (translated())
		KUNIT_EXPECT_EQ(test, behind(bus), 0);
}

/* The mask of coherent memory may be narrower than the one that the kernel maps for. */
static void an_address_beyond_the_mask_is_refused(struct kunit *test)
{
	struct device *dev = &edu.pci->dev;
	struct dmamap_counts before, after;
	struct dmamap_region *region;

	if (!translated())
		kunit_skip(test, "the IOMMU lets the device through");
	dmamap_counts(&before);
	dev->coherent_dma_mask = DMA_BIT_MASK(20);
	region = dmamap_alloc(dev, SZ_4K, GFP_KERNEL, DMAMAP_NO_SNOOP);
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EIO);
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.regions, before.regions);
}

/* The way back from an address that could not be mapped: nothing is left of the region. */
static void a_failed_mapping_leaves_nothing(struct kunit *test)
{
	struct dmamap_counts before, after;
	struct dmamap_region *region;
	u32 nth, failures;

	for (nth = 1; nth < 2000; nth++) {
		dmamap_pool_drain();
		dmamap_counts(&before);
		dmamap_fail_nth(nth, 0);
		region = dmamap_alloc(&edu.pci->dev, SZ_8K, GFP_KERNEL, DMAMAP_NO_SNOOP);
		failures = dmamap_fail_nth(0, 0);
		if (!IS_ERR(region))
			dmamap_put(region);
		dmamap_pool_drain();
		dmamap_counts(&after);
		KUNIT_EXPECT_EQ(test, after.regions, before.regions);
		KUNIT_EXPECT_EQ(test, after.frames_coherent, before.frames_coherent);
		if (!failures)
			break;
	}
	KUNIT_EXPECT_LT(test, nth, 2000);
}

static void adopted_ram_is_mapped_and_registers_are_not(struct kunit *test)
{
	struct device *dev = &edu.pci->dev;
	struct dmamap_region *region;
	phys_addr_t phys;
	dma_addr_t bus;

	KUNIT_ASSERT_GE(test, mapper_adoptable(&phys), SZ_8K);
	region = dmamap_adopt(dev, phys, SZ_8K, DMAMAP_BEHIND_RESERVED, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_adopt: %ld", PTR_ERR(region));
	bus = dmamap_dma_addr(region);
	KUNIT_EXPECT_EQ(test, behind(bus + SZ_4K), phys + SZ_4K);
	expect_device_reaches(test, region);
	dmamap_put(region);
	if (translated())
		KUNIT_EXPECT_EQ(test, behind(bus), 0);

	region = dmamap_adopt(dev, pci_resource_start(edu.pci, 0) + SZ_4K, SZ_4K,
			      DMAMAP_BEHIND_DEVICE, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_adopt: %ld", PTR_ERR(region));
	KUNIT_EXPECT_EQ(test, dmamap_dma_addr(region), pci_bus_address(edu.pci, 0) + SZ_4K);
	dmamap_put(region);
}

/* Processes may hold a region when its driver is gone; the device may not reach it then. */
static void an_address_ends_with_the_driver(struct kunit *test)
{
	struct device *dev = &edu.pci->dev;
	struct dmamap_region *region = region_of(test, &kinds[0]);
	const dma_addr_t bus = dmamap_dma_addr(region);
	const u64 pfn = region->core.pfn;
	struct dmamap_pfn answer = {};

	device_release_driver(dev);
	if (translated()) {
		KUNIT_EXPECT_EQ(test, behind(bus), 0);
		KUNIT_EXPECT_EQ(test, dmamap_dma_addr(region), DMAMAP_NO_BUS_ADDRESS);
		KUNIT_EXPECT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region),
						     DMAMAP_NO_BUS_ADDRESS, &answer), 0);
		KUNIT_EXPECT_EQ(test, (u64)answer.pfn, pfn);
	}
	/* The look at the region was no driver's: the one that there is has it still. */
	KUNIT_EXPECT_EQ(test, refcount_read(&region->drivers), 1);
	dmamap_put(region);
	KUNIT_EXPECT_EQ(test, device_attach(dev), 1);
}

/* A device that could not be stopped is kept from memory that nobody may use yet. */
static void an_abandoned_region_is_out_of_reach(struct kunit *test)
{
	struct device *dev = &edu.pci->dev;
	struct dmamap_region *region = region_of(test, &kinds[0]);
	const dma_addr_t bus = dmamap_dma_addr(region);

	dmamap_abandon(region);
	if (translated())
		KUNIT_EXPECT_EQ(test, behind(bus), 0);
	device_release_driver(dev);
	KUNIT_EXPECT_EQ(test, dmamap_device_stopped(dev), 1);
	KUNIT_EXPECT_EQ(test, device_attach(dev), 1);
}

static struct kunit_case iommu_cases[] = {
	KUNIT_CASE_PARAM(the_device_reaches_its_region, kind_gen_params),
	KUNIT_CASE_PARAM(resolution_goes_by_the_region, kind_gen_params),
	KUNIT_CASE(rest_does_not_keep_an_address),
	KUNIT_CASE(an_untrusted_device_gets_the_frames_themselves),
	KUNIT_CASE(warm_regions_are_mapped_each_time),
	KUNIT_CASE(a_caller_that_cant_sleep_is_served),
	KUNIT_CASE(an_address_beyond_the_mask_is_refused),
	KUNIT_CASE(a_failed_mapping_leaves_nothing),
	KUNIT_CASE(adopted_ram_is_mapped_and_registers_are_not),
	KUNIT_CASE(an_address_ends_with_the_driver),
	KUNIT_CASE(an_abandoned_region_is_out_of_reach),
	{}
};

static struct kunit_suite iommu_suite = {
	.name = "dmamap-iommu",
	.init = edu_init,
	.exit = edu_exit,
	.test_cases = iommu_cases,
};
kunit_test_suite(iommu_suite);
