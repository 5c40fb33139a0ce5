// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of all kernel memory: /proc/kcore, and so drgn, crash and gdb. A region is a hole
 * there: such a reader gets zeroes, and never looks for frames elsewhere.
 */
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "dma/abi/machine.h"
#include "kunit/suites/suite.h"

/* In a page of the region, not at its start. */
#define OFFSET	0x40
#define BYTES	0x100

static struct dmamap_region *full_region(struct kunit *test, size_t size)
{
	struct dmamap_region *region = suite_region(test, suite_device(test), size);

	memset(dmamap_cpu_addr(region), 0xa5, size);
	return region;
}

/* As read() of /proc/kcore does. */
static void expect_hole_for_a_process(struct kunit *test, struct dmamap_region *region)
{
	unsigned long user = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, 0);
	char *seen = kunit_kzalloc(test, BYTES, GFP_KERNEL);
	struct iov_iter to;

	KUNIT_ASSERT_FALSE(test, !user || IS_ERR_VALUE(user));
	KUNIT_ASSERT_NOT_NULL(test, seen);
	/* Present: vread_iter() takes no faults. */
	KUNIT_ASSERT_EQ(test, clear_user((void __user *)user, PAGE_SIZE), 0);
	iov_iter_ubuf(&to, ITER_DEST, (void __user *)user, BYTES);
	KUNIT_EXPECT_EQ(test, vread_iter(&to, dmamap_cpu_addr(region) + OFFSET, BYTES), BYTES);
	KUNIT_ASSERT_EQ(test, copy_from_user(seen, (void __user *)user, BYTES), 0);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(seen, 0, BYTES), NULL);
}

static void a_small_region_is_a_hole(struct kunit *test)
{
	expect_hole_for_a_process(test, full_region(test, PAGE_SIZE));
}

/* Too large for the pool: a mapping of its own. */
static void a_large_region_is_a_hole(struct kunit *test)
{
	expect_hole_for_a_process(test,
				  full_region(test, (dmamap_machine_chunk() + 1) * PAGE_SIZE));
}

/* As splice() of /proc/kcore does: a fault would be an oops here. */
static void a_region_is_a_hole_for_the_kernel(struct kunit *test)
{
	struct dmamap_region *region = full_region(test, PAGE_SIZE);
	char *seen = kunit_kzalloc(test, BYTES, GFP_KERNEL);
	struct kvec vec = { seen, BYTES };
	struct iov_iter to;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	memset(seen, 0x5a, BYTES);
	iov_iter_kvec(&to, ITER_DEST, &vec, 1, BYTES);
	KUNIT_EXPECT_EQ(test, vread_iter(&to, dmamap_cpu_addr(region) + OFFSET, BYTES), BYTES);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(seen, 0, BYTES), NULL);
}

static struct kunit_case observer_cases[] = {
	KUNIT_CASE(a_small_region_is_a_hole),
	KUNIT_CASE(a_large_region_is_a_hole),
	KUNIT_CASE(a_region_is_a_hole_for_the_kernel),
	{}
};

static struct kunit_suite observer_suite = {
	.name = "dmamap-observer",
	.test_cases = observer_cases,
};
kunit_test_suite(observer_suite);
