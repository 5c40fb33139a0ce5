// SPDX-License-Identifier: GPL-2.0
/* Sample driver in C: each open file has a ring of descriptors, which can be mapped. */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <asm/barrier.h>

#include <dmamap.h>

enum { RING_ENTRIES = 256, RING_READY = 1 };

struct ring_entry {
	__le64 next;	/* bus address of the next entry */
	__le32 number;
	__le32 flags;	/* RING_READY: the device may look */
};

static struct miscdevice sample_misc;

static void ring_fill(struct dmamap_region *ring)
{
	struct ring_entry *entries = dmamap_cpu_addr(ring);
	u64 bus = dmamap_dma_addr(ring);

	for (u32 i = 0; i < RING_ENTRIES; i++) {
		WRITE_ONCE(entries[i].next,
			   cpu_to_le64(bus + (i + 1) % RING_ENTRIES * sizeof(*entries)));
		WRITE_ONCE(entries[i].number, cpu_to_le32(i));
		dma_wmb();	/* the entry before its flag */
		WRITE_ONCE(entries[i].flags, cpu_to_le32(RING_READY));
	}
}

static int sample_open(struct inode *inode, struct file *file)
{
	struct device *dev = sample_misc.this_device;
	struct dmamap_region *ring;

	/* Where there is hardware, probe() does this, once. */
	if (dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		return -EIO;
	ring = dmamap_alloc(dev, RING_ENTRIES * sizeof(struct ring_entry), GFP_KERNEL,
			    DMAMAP_NO_SNOOP);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	dmamap_set_name(ring, "ring");
	ring_fill(ring);
	file->private_data = ring;
	return 0;
}

/* No process has the ring mapped any more: mappings hold the file. */
static int sample_release(struct inode *inode, struct file *file)
{
	dmamap_put(file->private_data);
	return 0;
}

/* Prints the memory behind the ring: "reserved pfn 0x12345". */
static ssize_t sample_read(struct file *file, char __user *to, size_t bytes, loff_t *at)
{
	static const char * const names[] = { "page", "reserved", "device" };
	struct dmamap_region *ring = file->private_data;
	struct dmamap_pfn answer;
	char line[48];
	int n = dma_map_to_pfn(sample_misc.this_device, dmamap_cpu_addr(ring),
			       dmamap_dma_addr(ring), &answer);

	if (n)
		return n;
	n = scnprintf(line, sizeof(line), "%s pfn %#lx\n", names[answer.behind], answer.pfn);
	return simple_read_from_buffer(to, bytes, at, line, n);
}

static int sample_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct dmamap_region *ring = file->private_data;
	struct dmamap_segment all = { ring, 0, dmamap_size(ring) };

	return dmamap_mmap(vma, &all, 1, DMAMAP_USER_READ);
}

static const struct file_operations sample_fops = {
	.owner = THIS_MODULE,
	.open = sample_open,
	.release = sample_release,
	.read = sample_read,
	.mmap = sample_mmap,
};

static struct miscdevice sample_misc = {
	.minor = MISC_DYNAMIC_MINOR, .name = "dmamap-sample-c", .fops = &sample_fops,
};
module_misc_device(sample_misc);

MODULE_DESCRIPTION("dmamap sample in C");
MODULE_LICENSE("GPL");
