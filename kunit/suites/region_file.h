/* SPDX-License-Identifier: GPL-2.0 */
/* A file whose mappings show a region, for suites about mappings of a process. */
#ifndef DMAMAP_REGION_FILE_H
#define DMAMAP_REGION_FILE_H

#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fs.h>

#include "dmamap.h"

static int region_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct dmamap_region *region = file->private_data;
	struct dmamap_segment all = { region, 0, dmamap_size(region) };

	return dmamap_mmap(vma, &all, 1, DMAMAP_USER_READ);
}

static const struct file_operations region_file_fops = {
	.mmap = region_file_mmap,
};

/* All of @region, read only. The file holds no reference to it; fput() ends the file. */
static struct file *suite_region_file(struct kunit *test, struct dmamap_region *region)
{
	struct file *file = anon_inode_getfile("[dmamap-suite]", &region_file_fops, region, O_RDWR);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

#endif /* DMAMAP_REGION_FILE_H */
