// SPDX-License-Identifier: GPL-2.0
/* The two mappers as character devices; mapper_abi.h says what they are for. */
#define pr_fmt(fmt) "mapper: " fmt

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "kunit/mapper/mapper.h"

static int mapper_open(struct inode *inode, struct file *file)
{
	struct mapper *mapper = container_of(file->private_data, struct mapper, misc);
	struct mapper_file *mine = kzalloc(sizeof(*mine), GFP_KERNEL);

	if (!mine)
		return -ENOMEM;
	mine->mapper = mapper;
	mutex_init(&mine->lock);
	xa_init_flags(&mine->objects, XA_FLAGS_ALLOC1);
	file->private_data = mine;
	return 0;
}

static int mapper_release(struct inode *inode, struct file *file)
{
	struct mapper_file *mine = file->private_data;

	mapper_unpin(mine);
	mapper_free_all(mine);
	kfree(mine);
	return 0;
}

static int mapper_mmap(struct file *file, struct vm_area_struct *vma)
{
	return mapper_map(file->private_data, vma);
}

static long mapper_ioctl(struct file *file, unsigned int number, unsigned long argument)
{
	return mapper_request(file->private_data, number, (void __user *)argument);
}

/* All offsets, as DRM drivers: 32-bit kernels stop others at 4 GiB. */
static const struct file_operations mapper_fops = {
	.owner = THIS_MODULE,
	.open = mapper_open,
	.release = mapper_release,
	.mmap = mapper_mmap,
	.unlocked_ioctl = mapper_ioctl,
	.llseek = noop_llseek,
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

static struct mapper mappers[] = {
	{
		.misc = { .minor = MISC_DYNAMIC_MINOR, .name = "dmamap-mapper",
			  .fops = &mapper_fops, .mode = 0600 },
		.backend = &mapper_layer,
	},
	{
		.misc = { .minor = MISC_DYNAMIC_MINOR, .name = "stock-mapper",
			  .fops = &mapper_fops, .mode = 0600 },
		.backend = &mapper_stock,
	},
};

/* As a property of the bus or the firmware says it, where the kernel lets devices differ. */
static void set_snooping(struct device *dev, bool snooping)
{
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU)
	dev->dma_coherent = snooping;
#endif
}

static int add_device(struct mapper *mapper, u32 index)
{
	struct mapper_device *device = &mapper->devices[index];

	/* A platform device has a mask of 32 bits. */
	device->platform = platform_device_register_simple(mapper->misc.name, index, NULL, 0);
	if (IS_ERR(device->platform))
		return PTR_ERR(device->platform);
	set_snooping(&device->platform->dev, index == MAPPER_SNOOPING);
	mutex_init(&device->lock);
	INIT_LIST_HEAD(&device->buffers);
	device->bound = true;
	return 0;
}

static int __init mapper_init(void)
{
	u32 i, j;
	int err;

	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		err = 0;
		init_rwsem(&mappers[i].use);
		for (j = 0; j < MAPPER_DEVICES && !err; j++)
			err = add_device(&mappers[i], j);
		err = err ?: misc_register(&mappers[i].misc);
		if (err)
			pr_err("no %s: %d\n", mappers[i].misc.name, err);
	}
	return 0;
}
late_initcall(mapper_init);
