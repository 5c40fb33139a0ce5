// SPDX-License-Identifier: GPL-2.0
/* Mappings that are filled in mmap(): the same translations as faults make, none missing. */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "kunit/suites/suite.h"

/* Two regions, of whole large leaves and of less, in one mapping. */
struct shown {
	struct dmamap_region *large, *small;
	unsigned int access;
	size_t bytes;
};

static int show(struct file *file, struct vm_area_struct *vma)
{
	const struct shown *shown = file->private_data;
	const struct dmamap_segment all[] = {
		{ shown->large, 0, dmamap_size(shown->large) },
		{ shown->small, 0, dmamap_size(shown->small) },
		{ shown->large, PAGE_SIZE, dmamap_size(shown->large) - PAGE_SIZE },
	};

	return dmamap_mmap(vma, all, ARRAY_SIZE(all), shown->access);
}

static const struct file_operations shown_fops = {
	.mmap = show,
	.get_unmapped_area = thp_get_unmapped_area,	/* aligned for large leaves */
};

static u64 pfn_shown(const struct shown *shown, size_t offset)
{
	const size_t large = dmamap_size(shown->large), small = dmamap_size(shown->small);

	if (offset < large)
		return shown->large->core.pfn + (offset >> PAGE_SHIFT);
	if (offset < large + small)
		return shown->small->core.pfn + ((offset - large) >> PAGE_SHIFT);
	return shown->large->core.pfn + 1 + ((offset - large - small) >> PAGE_SHIFT);
}

/* Looks up @addr in the page tables of the test: the frame, and the end of its entry. */
static bool translation_of(unsigned long addr, u64 *pfn, unsigned long *end)
{
	pgd_t *pgd = pgd_offset(current->mm, addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte, entry;

	if (pgd_none(*pgd) || p4d_none(*p4d))
		return false;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return false;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return false;
	if (pmd_leaf(*pmd)) {
		*pfn = pmd_pfn(*pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
		*end = (addr & PMD_MASK) + PMD_SIZE;
		return true;
	}
	pte = pte_offset_map(pmd, addr);
	if (!pte)
		return false;
	entry = ptep_get(pte);
	pte_unmap(pte);
	*pfn = pte_pfn(entry);
	*end = addr + PAGE_SIZE;
	return pte_present(entry);
}

struct census {
	u32 leaves;	/* large ones */
	u32 entries;	/* all */
	u32 missing;
	u32 wrong;
};

static struct census count_translations(const struct shown *shown, unsigned long from)
{
	struct census census = { };
	unsigned long addr, end;
	u64 pfn;

	mmap_read_lock(current->mm);
	for (addr = from; addr < from + shown->bytes; addr = end) {
		if (!translation_of(addr, &pfn, &end)) {
			census.missing++;
			end = addr + PAGE_SIZE;
			continue;
		}
		census.entries++;
		census.leaves += end - addr > PAGE_SIZE;
		for (; addr < end; addr += PAGE_SIZE)
			census.wrong += pfn++ != pfn_shown(shown, addr - from);
	}
	mmap_read_unlock(current->mm);
	return census;
}

static void touch(struct kunit *test, const struct shown *shown, unsigned long from)
{
	size_t offset;
	u8 byte;

	for (offset = 0; offset < shown->bytes; offset += PAGE_SIZE)
		if (get_user(byte, (u8 __user *)(from + offset)))
			KUNIT_FAIL(test, "no byte at %#zx", offset);
}

static unsigned long map(struct kunit *test, struct shown *shown, unsigned int access)
{
	struct file *file = anon_inode_getfile("[dmamap-populate]", &shown_fops, shown, O_RDWR);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	shown->access = access;
	addr = kunit_vm_mmap(test, file, 0, shown->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	fput(file);
	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	return addr;
}

static struct shown shown_regions(struct kunit *test, struct device *dev)
{
	struct shown shown = {
		.large = suite_region(test, dev, SZ_4M),
		.small = suite_region(test, dev, SZ_8K),
	};

	shown.bytes = 2 * SZ_4M + SZ_8K - PAGE_SIZE;
	return shown;
}

#define BOTH (DMAMAP_USER_READ | DMAMAP_USER_WRITE)

static void all_is_there_at_once(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = shown_regions(test, dev);
	const unsigned long addr = map(test, &shown, BOTH | DMAMAP_USER_POPULATE);
	const struct census census = count_translations(&shown, addr);
	const unsigned long faults = current->min_flt + current->maj_flt;

	KUNIT_EXPECT_EQ(test, census.missing, 0);
	KUNIT_EXPECT_EQ(test, census.wrong, 0);
	touch(test, &shown, addr);
	KUNIT_EXPECT_EQ(test, current->min_flt + current->maj_flt, faults);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, shown.bytes), 0);
}

static void as_many_translations_as_faults_make(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = shown_regions(test, dev);
	unsigned long addr = map(test, &shown, BOTH | DMAMAP_USER_POPULATE);
	const struct census filled = count_translations(&shown, addr);
	struct census faulted;

	KUNIT_EXPECT_EQ(test, vm_munmap(addr, shown.bytes), 0);
	addr = map(test, &shown, BOTH);
	touch(test, &shown, addr);
	faulted = count_translations(&shown, addr);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, shown.bytes), 0);

	KUNIT_EXPECT_EQ(test, faulted.missing, 0);
	KUNIT_EXPECT_EQ(test, faulted.wrong, 0);
	KUNIT_EXPECT_EQ(test, filled.leaves, faulted.leaves);
	KUNIT_EXPECT_EQ(test, filled.entries, faulted.entries);
}

/* Where a VMA may have them, a region of 4 MiB is large leaves but for its edges. */
static void large_leaves_where_there_are_such(struct kunit *test)
{
	struct device *dev = suite_device(test);
	struct shown shown = shown_regions(test, dev);
	const unsigned long addr = map(test, &shown, BOTH | DMAMAP_USER_POPULATE);
	const struct census census = count_translations(&shown, addr);

	KUNIT_EXPECT_EQ(test, vm_munmap(addr, shown.bytes), 0);
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
		KUNIT_EXPECT_EQ(test, census.leaves, SZ_4M / PMD_SIZE);
	else
		KUNIT_EXPECT_EQ(test, census.leaves, 0);
}

static struct kunit_case populate_cases[] = {
	KUNIT_CASE(all_is_there_at_once),
	KUNIT_CASE(as_many_translations_as_faults_make),
	KUNIT_CASE(large_leaves_where_there_are_such),
	{}
};

static struct kunit_suite populate_suite = {
	.name = "dmamap-populate",
	.test_cases = populate_cases,
};
kunit_test_suite(populate_suite);
