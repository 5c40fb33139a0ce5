/* SPDX-License-Identifier: GPL-2.0 */
/* A file whose mappings show two regions, for suites about the lives of mappings. */
#ifndef DMAMAP_TWO_REGIONS_H
#define DMAMAP_TWO_REGIONS_H

#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sizes.h>

#include "dmamap.h"

#define BYTES	SZ_16K
#define BOTH	(DMAMAP_USER_READ | DMAMAP_USER_WRITE)

/* A file whose mappings show two regions, one after the other. */
struct shown {
	struct dmamap_region *regions[2];
	unsigned int access;
};

static int two_regions_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct shown *shown = file->private_data;
	const struct dmamap_segment both[] = {
		{ shown->regions[0], 0, BYTES },
		{ shown->regions[1], 0, BYTES },
	};

	return dmamap_mmap(vma, both, ARRAY_SIZE(both), shown->access);
}

static const struct file_operations two_regions_fops = { .mmap = two_regions_mmap };

static struct file *file_of(struct kunit *test, struct shown *shown)
{
	struct file *file = anon_inode_getfile("[dmamap-mapping]", &two_regions_fops, shown, O_RDWR);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

/* An address, or a negative errno; the test gets an address space first. */
static unsigned long map_both(struct kunit *test, struct file *file)
{
	return kunit_vm_mmap(test, file, 0, 2 * BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

#endif /* DMAMAP_TWO_REGIONS_H */
