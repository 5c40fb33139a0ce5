// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of mapping 2 MiB into a process and touching all of it: by the layer,
 * one page a fault, and by remap_pfn_range(), which needs no fault.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "kunit/suites/figures.h"

#define BYTES	SZ_2M
#define PLACES	16		/* more than figures_instructions() measures times */

struct way {
	const char *name;
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
};

struct mapped {
	struct dmamap_region *region;
	const struct way *way;
	struct file *file;
	unsigned long places[PLACES];
	unsigned int used;
	int err;
};

static int mmap_layer(struct file *file, struct vm_area_struct *vma)
{
	const struct mapped *mapped = file->private_data;
	const struct dmamap_segment all = { .region = mapped->region, .bytes = BYTES };

	return dmamap_mmap(vma, &all, 1, DMAMAP_USER_READ | DMAMAP_USER_WRITE);
}

static int mmap_populated(struct file *file, struct vm_area_struct *vma)
{
	const struct mapped *mapped = file->private_data;
	const struct dmamap_segment all = { .region = mapped->region, .bytes = BYTES };

	return dmamap_mmap(vma, &all, 1, DMAMAP_USER_READ | DMAMAP_USER_WRITE |
					 DMAMAP_USER_POPULATE);
}

static vm_fault_t fault_one(struct vm_fault *vmf)
{
	const struct mapped *mapped = vmf->vma->vm_private_data;
	const struct dmamap_core_region *core = &mapped->region->core;

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, core->pfn + vmf->pgoff,
				   dmamap_pgprot(core->attribute, vmf->vma->vm_page_prot));
}

static const struct vm_operations_struct single_ops = {
	.fault = fault_one,
};

static int mmap_single(struct file *file, struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP);
	vma->vm_ops = &single_ops;
	vma->vm_private_data = file->private_data;
	return 0;
}

static int mmap_remap(struct file *file, struct vm_area_struct *vma)
{
	const struct mapped *mapped = file->private_data;
	const struct dmamap_core_region *core = &mapped->region->core;

	return remap_pfn_range(vma, vma->vm_start, core->pfn, BYTES,
			       dmamap_pgprot(core->attribute, vma->vm_page_prot));
}

static const struct way ways[] = {
	{ "layer", mmap_layer },
	{ "populated", mmap_populated },
	{ "single", mmap_single },
	{ "remap", mmap_remap },
};

static int mmap_way(struct file *file, struct vm_area_struct *vma)
{
	const struct mapped *mapped = file->private_data;

	return mapped->way->mmap(file, vma);
}

static const struct file_operations fops = {
	.mmap = mmap_way,
	.get_unmapped_area = thp_get_unmapped_area,	/* aligned for large leaves */
};

static void touch(struct mapped *mapped, unsigned long address)
{
	unsigned long offset;
	u8 byte;

	for (offset = 0; offset < BYTES; offset += PAGE_SIZE)
		if (get_user(byte, (u8 __user *)(address + offset)))
			mapped->err = -EFAULT;
}

/* Each time somewhere else; taken away when all has been counted. */
static void map_and_touch(void *data)
{
	struct mapped *mapped = data;
	unsigned long address;

	if (mapped->used == PLACES) {
		mapped->err = -ENOSPC;
		return;
	}
	address = vm_mmap(mapped->file, 0, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (IS_ERR_VALUE(address)) {
		mapped->err = (long)address;
		return;
	}
	touch(mapped, address);
	mapped->places[mapped->used++] = address;
}

static void unmap(struct mapped *mapped)
{
	while (mapped->used)
		vm_munmap(mapped->places[--mapped->used], BYTES);
}

static void show_way(struct seq_file *out, struct mapped *mapped)
{
	unsigned long faults = current->min_flt;

	map_and_touch(mapped);
	seq_printf(out, "map.%s.faults %lu\n", mapped->way->name, current->min_flt - faults);
	seq_printf(out, "map.%s.instructions %llu\n", mapped->way->name,
		   figures_instructions(map_and_touch, mapped, 1));
	unmap(mapped);
}

static int show_ways(struct seq_file *out, struct mapped *mapped)
{
	size_t i;

	mapped->file = anon_inode_getfile("dmamap-figures", &fops, mapped, O_RDWR);
	if (IS_ERR(mapped->file))
		return PTR_ERR(mapped->file);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		mapped->way = &ways[i];
		show_way(out, mapped);
	}
	fput(mapped->file);
	return mapped->err;
}

int figures_show_maps(struct seq_file *out, struct device *dev)
{
	struct mapped mapped = { };
	int err;

	mapped.region = dmamap_alloc(dev, BYTES, GFP_KERNEL, DMAMAP_NO_SNOOP);
	if (IS_ERR(mapped.region))
		return PTR_ERR(mapped.region);
	err = show_ways(out, &mapped);
	dmamap_put(mapped.region);
	return err;
}
