// SPDX-License-Identifier: GPL-2.0
/* Sample driver in C++: the functions that the kernel calls, in C. See sample_ring.cc. */
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "sample_ring.h"

static struct miscdevice sample_misc;

static int sample_open(struct inode *inode, struct file *file)
{
	struct device *dev = sample_misc.this_device;
	struct sample_ring *ring;
	int err;

	/* Where there is hardware, probe() does this, once. */
	if (dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		return -EIO;
	ring = kzalloc(sample_ring_bytes, GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	err = sample_ring_start(ring, dev);
	if (err)
		kfree(ring);
	else
		file->private_data = ring;
	return err;
}

/* No process has the ring mapped any more: mappings hold the file. */
static int sample_release(struct inode *inode, struct file *file)
{
	sample_ring_stop(file->private_data);
	kfree(file->private_data);
	return 0;
}

/* Prints the memory behind the ring: "reserved pfn 0x12345". */
static ssize_t sample_read(struct file *file, char __user *to, size_t bytes, loff_t *at)
{
	static const char * const names[] = { "page", "reserved", "device" };
	unsigned long long pfn;
	char line[48];
	int n = sample_ring_behind(file->private_data, &pfn);

	if (n < 0)
		return n;
	n = scnprintf(line, sizeof(line), "%s pfn %#llx\n", names[n], pfn);
	return simple_read_from_buffer(to, bytes, at, line, n);
}

static int sample_mmap(struct file *file, struct vm_area_struct *vma)
{
	return sample_ring_mmap(file->private_data, vma);
}

static const struct file_operations sample_fops = {
	.owner = THIS_MODULE,
	.open = sample_open,
	.release = sample_release,
	.read = sample_read,
	.mmap = sample_mmap,
};

static struct miscdevice sample_misc = {
	.minor = MISC_DYNAMIC_MINOR, .name = "dmamap-sample-cxx", .fops = &sample_fops,
};
module_misc_device(sample_misc);

MODULE_DESCRIPTION("dmamap sample in C++");
MODULE_LICENSE("GPL");
