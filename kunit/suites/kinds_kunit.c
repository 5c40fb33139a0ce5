// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of memory: what drivers ask for and what they promise to users, and what the
 * page tables of kernel and process say of it.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"

#define BYTES	SZ_64K
#define BOTH	(DMAMAP_USER_READ | DMAMAP_USER_WRITE)

/* The bits of an entry by which one kind of memory differs from another. */
static u64 kind_bits(u64 entry)
{
	const u64 plain = pgprot_val(PAGE_KERNEL);

	return entry & ((plain ^ pgprot_val(pgprot_noncached(PAGE_KERNEL))) |
			(plain ^ pgprot_val(pgprot_writecombine(PAGE_KERNEL))) |
			(plain ^ pgprot_val(pgprot_device(PAGE_KERNEL))));
}

static u64 kind_of(const struct dmamap_region *region)
{
	return kind_bits(pgprot_val(dmamap_pgprot(region->core.attribute, PAGE_KERNEL)));
}

static int read_entry(pte_t *pte, unsigned long addr, void *entry)
{
	*(u64 *)entry = pte_val(ptep_get(pte));
	return 0;
}

static void expect_kernel_mapping(struct kunit *test, const struct dmamap_region *region)
{
	const unsigned long addr = (unsigned long)dmamap_cpu_addr(region);
	u64 entry = 0;
	size_t at;

	for (at = 0; at < dmamap_size(region); at += PAGE_SIZE) {
		KUNIT_ASSERT_EQ(test, apply_to_existing_page_range(&init_mm, addr + at, PAGE_SIZE,
								   read_entry, &entry), 0);
		KUNIT_EXPECT_EQ(test, kind_bits(entry), kind_of(region));
	}
}

static u32 attribute_that_combines(void)
{
	return dmamap_machine_combining() == DMAMAP_COMBINING_SEPARATE ?
		DMAMAP_ATTR_WRITE_COMBINE : DMAMAP_ATTR_COHERENT;
}

static struct dmamap_region *region_with(struct kunit *test, struct device *dev,
					 unsigned int flags)
{
	struct dmamap_region *region = dmamap_alloc(dev, BYTES, GFP_KERNEL, flags);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "dmamap_alloc: %ld", PTR_ERR(region));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, suite_put_region, region), 0);
	return region;
}

static struct dmamap_region *combining_region(struct kunit *test, struct device *dev)
{
	return region_with(test, dev, DMAMAP_NO_SNOOP | DMAMAP_WRITE_COMBINE);
}

static void writes_are_gathered_where_the_board_can(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region = combining_region(test, dev);
	struct dmamap_pfn answer;

	KUNIT_EXPECT_EQ(test, region->core.attribute, attribute_that_combines());
	expect_kernel_mapping(test, region);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(dmamap_cpu_addr(region), 0, BYTES), NULL);
	KUNIT_ASSERT_EQ(test, dma_map_to_pfn(dev, dmamap_cpu_addr(region),
					     dmamap_dma_addr(region), &answer), 0);
	KUNIT_EXPECT_EQ(test, kind_bits(pgprot_val(answer.prot)), kind_of(region));
	KUNIT_EXPECT_EQ(test, answer.behind, DMAMAP_BEHIND_RESERVED);
	suite_expect_no_alias(test);
}

/* Memory that was freed a moment ago must not come back as another kind. */
static void kinds_are_not_mixed_up(struct kunit *test)
{
	struct device *dev = suite_device(test);
	unsigned int round;

	for (round = 0; round < 4; round++) {
		const unsigned int flags = round % 2 ? DMAMAP_WRITE_COMBINE : 0;
		struct dmamap_region *region = dmamap_alloc(dev, BYTES, GFP_KERNEL,
							    DMAMAP_NO_SNOOP | flags);

		KUNIT_ASSERT_FALSE(test, IS_ERR(region));
		KUNIT_EXPECT_EQ(test, region->core.attribute,
				flags ? attribute_that_combines() : DMAMAP_ATTR_COHERENT);
		expect_kernel_mapping(test, region);
		dmamap_put(region);
		/* The memory is zero again, and ready for the next region. */
		dmamap_machine_tend_later();
		dmamap_pool_settle();
	}
	suite_expect_no_alias(test);
}

static void all_counts_return(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_counts before, after;
	struct dmamap_region *region;

	dmamap_pool_drain();
	dmamap_counts(&before);
	region = dmamap_alloc(dev, BYTES, GFP_KERNEL, DMAMAP_NO_SNOOP | DMAMAP_WRITE_COMBINE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	dmamap_put(region);
	dmamap_pool_drain();
	dmamap_counts(&after);
	KUNIT_EXPECT_EQ(test, after.regions, before.regions);
	KUNIT_EXPECT_EQ(test, after.frames_coherent, before.frames_coherent);
	KUNIT_EXPECT_GT(test, after.frames_flipped, before.frames_flipped);
}

/* The pool has one kind. */
static void who_cannot_sleep_gets_what_the_pool_has(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;

	dmamap_machine_tend_later();	/* the pool has something */
	dmamap_pool_settle();
	region = dmamap_alloc(dev, PAGE_SIZE, GFP_ATOMIC, DMAMAP_NO_SNOOP | DMAMAP_WRITE_COMBINE);
	if (dmamap_machine_combining() == DMAMAP_COMBINING_SEPARATE) {
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -ENOMEM);
		return;
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_EQ(test, region->core.attribute, DMAMAP_ATTR_COHERENT);
	dmamap_put(region);
}

/* Of a mapping that a test asks for. */
struct shown {
	struct dmamap_region *region;
	unsigned int access;
	int err;
};

static int show(struct file *file, struct vm_area_struct *vma)
{
	struct shown *shown = file->private_data;
	const struct dmamap_segment all = { shown->region, 0, dmamap_size(shown->region) };

	shown->err = dmamap_mmap(vma, &all, 1, shown->access);
	return shown->err;
}

static const struct file_operations shown_fops = { .mmap = show };

/* Its address, or 0 and @shown->err. */
static unsigned long map(struct kunit *test, struct shown *shown)
{
	struct file *file = anon_inode_getfile("[dmamap-kinds]", &shown_fops, shown, O_RDWR);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	shown->err = 0;
	addr = kunit_vm_mmap(test, file, 0, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	fput(file);
	KUNIT_EXPECT_EQ(test, !addr || IS_ERR_VALUE(addr), shown->err != 0);
	return shown->err ? 0 : addr;
}

static void expect_user_mapping(struct kunit *test, const struct dmamap_region *region,
				unsigned long from)
{
	unsigned long addr;
	u64 entry = 0;
	u8 byte;

	for (addr = from; addr < from + BYTES; addr += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, get_user(byte, (u8 __user *)addr), 0);
	mmap_read_lock(current->mm);
	for (addr = from; addr < from + BYTES; addr += PAGE_SIZE) {
		KUNIT_EXPECT_EQ(test, apply_to_existing_page_range(current->mm, addr, PAGE_SIZE,
								   read_entry, &entry), 0);
		KUNIT_EXPECT_EQ(test, kind_bits(entry), kind_of(region));
	}
	mmap_read_unlock(current->mm);
}

/* Promised to users: kept, or refused. */
static void expect_kind(struct kunit *test, struct dmamap_region *region, unsigned int kind,
			bool kept)
{
	struct shown shown = { .region = region, .access = BOTH | kind };
	const unsigned long addr = map(test, &shown);

	KUNIT_EXPECT_EQ_MSG(test, shown.err, kept ? 0 : -EOPNOTSUPP, "kind %#x of attribute %u",
			    kind, region->core.attribute);
	if (!addr)
		return;
	expect_user_mapping(test, region, addr);
	suite_expect_no_alias(test);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, BYTES), 0);
}

static void a_promise_is_kept_or_refused(struct kunit *test)
{
	struct device *dev = suite_device(test);
	const u32 combining = dmamap_machine_combining();
	struct dmamap_region *coherent = region_with(test, dev, DMAMAP_NO_SNOOP);
	struct dmamap_region *combines = combining_region(test, dev);

	expect_kind(test, coherent, 0, true);
	expect_kind(test, coherent, DMAMAP_USER_CACHED, false);
	expect_kind(test, coherent, DMAMAP_USER_UNCACHED, true);
	expect_kind(test, coherent, DMAMAP_USER_WRITE_COMBINE,
		    combining == DMAMAP_COMBINING_COHERENT);

	expect_kind(test, combines, 0, true);
	expect_kind(test, combines, DMAMAP_USER_CACHED, false);
	expect_kind(test, combines, DMAMAP_USER_UNCACHED,
		    combining != DMAMAP_COMBINING_SEPARATE);
	expect_kind(test, combines, DMAMAP_USER_WRITE_COMBINE,
		    combining != DMAMAP_COMBINING_NONE);
}

static void memory_of_a_snooping_device_is_cached(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct dmamap_region *region;

	suite_set_snooping(dev, true);
	region = region_with(test, dev, DMAMAP_WRITE_COMBINE);
	KUNIT_EXPECT_EQ(test, region->core.attribute, DMAMAP_ATTR_CACHED);
	expect_kind(test, region, DMAMAP_USER_CACHED, true);
	expect_kind(test, region, DMAMAP_USER_UNCACHED, false);
	expect_kind(test, region, DMAMAP_USER_WRITE_COMBINE, false);
}

static struct kunit_case kinds_cases[] = {
	KUNIT_CASE(writes_are_gathered_where_the_board_can),
	KUNIT_CASE(kinds_are_not_mixed_up),
	KUNIT_CASE(all_counts_return),
	KUNIT_CASE(who_cannot_sleep_gets_what_the_pool_has),
	KUNIT_CASE(a_promise_is_kept_or_refused),
	KUNIT_CASE(memory_of_a_snooping_device_is_cached),
	{}
};

static struct kunit_suite kinds_suite = {
	.name = "dmamap-kinds",
	.test_cases = kinds_cases,
};
kunit_test_suite(kinds_suite);
