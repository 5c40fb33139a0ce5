// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/dmamap/stock: buffers of dma_alloc_coherent() and of the
 * layer side by side, X-rayed in one walk; and what an X-ray of all memory
 * takes.
 */
#include <linux/debugfs.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/watch/watch.h"

/* Sizes that the kernel itself can allocate on every board (dmamap_stock_pages()). */
static const size_t sizes[] = { SZ_4K, SZ_64K, SZ_128K };

#define BUFFERS (2 * ARRAY_SIZE(sizes))
#define LINES 64

struct buffer {
	size_t size;
	void *cpu;			/* of stock ... */
	dma_addr_t dma;
	struct dmamap_region *region;	/* ... or of the layer */
	int err;			/* why it got none */
	u64 translations, cacheable, conflicts;
};

struct comparison {
	struct device *dev;
	struct buffer buffers[BUFFERS];
	struct dmamap_target targets[BUFFERS];
	u64 places[DMAMAP_PLACES];	/* of all memory: translations */
	u64 verdicts[DMAMAP_VERDICTS];
	struct dmamap_sightings list;
	struct dmamap_sighting kept[LINES];
};

static void give_back(struct comparison *all)
{
	size_t i;

	for (i = 0; i < BUFFERS; i++) {
		struct buffer *buffer = &all->buffers[i];

		if (buffer->cpu)
			dma_free_coherent(all->dev, buffer->size, buffer->cpu, buffer->dma);
		dmamap_put(buffer->region);
	}
}

/* -ENOMEM or an errno of dmamap_alloc(); the target stays empty then. */
static int take_stock(struct comparison *all, struct buffer *buffer,
		      struct dmamap_target *target)
{
	buffer->cpu = dma_alloc_coherent(all->dev, buffer->size, &buffer->dma, GFP_KERNEL);
	if (!buffer->cpu)
		return -ENOMEM;
	target->pages = buffer->size >> PAGE_SHIFT;
	target->pfn = PHYS_PFN(dma_to_phys(all->dev, buffer->dma));
	target->own = (unsigned long)buffer->cpu;
	/* A device that is taken for a snooping one has ordinary memory. */
	target->coherent = !dev_is_dma_coherent(all->dev);
	return 0;
}

static int take_region(struct comparison *all, struct buffer *buffer,
		       struct dmamap_target *target)
{
	buffer->region = dmamap_alloc(all->dev, buffer->size, GFP_KERNEL, DMAMAP_NO_SNOOP);
	if (IS_ERR(buffer->region))
		return PTR_ERR(buffer->region);
	target->pages = buffer->size >> PAGE_SHIFT;
	target->pfn = buffer->region->core.pfn;
	return 0;
}

/* First all sizes of stock, then all of the layer. */
static void take(struct comparison *all)
{
	size_t i;

	for (i = 0; i < BUFFERS; i++) {
		struct buffer *buffer = &all->buffers[i];
		struct dmamap_target *target = &all->targets[i];

		buffer->size = sizes[i % ARRAY_SIZE(sizes)];
		buffer->err = i < ARRAY_SIZE(sizes) ? take_stock(all, buffer, target) :
						      take_region(all, buffer, target);
	}
}

static void count_buffer(const struct dmamap_sighting *sighting, void *data)
{
	struct comparison *all = data;
	struct buffer *buffer = &all->buffers[sighting->target - all->targets];

	dmamap_sightings_keep(sighting, &all->list);
	if (!sighting->present)
		return;
	buffer->translations += sighting->pages;
	if (sighting->cacheable)
		buffer->cacheable += sighting->pages;
	if (sighting->verdict == DMAMAP_VERDICT_CONFLICT)
		buffer->conflicts += sighting->pages;
}

static const char *whose(size_t index)
{
	return index < ARRAY_SIZE(sizes) ? "stock" : "layer";
}

static void show_buffers(struct seq_file *out, const struct comparison *all)
{
	size_t i;

	seq_printf(out, "snooping %d\n", dev_is_dma_coherent(all->dev));
	for (i = 0; i < BUFFERS; i++) {
		const struct buffer *buffer = &all->buffers[i];

		if (buffer->err) {
			seq_printf(out, "%s.%zu refused %d\n", whose(i), buffer->size,
				   buffer->err);
			continue;
		}
		seq_printf(out, "%s.%zu frames %llu translations %llu cacheable %llu conflicts %llu\n",
			   whose(i), buffer->size, all->targets[i].pages, buffer->translations,
			   buffer->cacheable, buffer->conflicts);
	}
	for (i = 0; i < min(all->list.used, LINES); i++) {
		const size_t index = all->kept[i].target - all->targets;

		seq_printf(out, "see.%zu %s.%zu ", i, whose(index), all->buffers[index].size);
		dmamap_sighting_show(out, &all->kept[i]);
	}
	if (all->list.used > LINES)
		seq_printf(out, "see.more %u\n", all->list.used - LINES);
}

static int walk_buffers(struct seq_file *out, struct comparison *all)
{
	struct dmamap_xray xray = {
		.targets = all->targets, .count = BUFFERS,
		.saw = count_buffer, .data = all,
	};
	const ktime_t start = ktime_get();
	const int err = dmamap_xray(&xray);
	const s64 us = ktime_us_delta(ktime_get(), start);

	if (err)
		return err;
	show_buffers(out, all);
	seq_printf(out, "buffers.microseconds %lld\n", us);
	return 0;
}

static void count_place(const struct dmamap_sighting *sighting, void *data)
{
	struct comparison *all = data;

	if (!sighting->present)
		return;
	all->places[sighting->place] += sighting->pages;
	all->verdicts[sighting->verdict] += sighting->pages;
}

/* Every frame that the kernel has, wherever it is reached from. */
static int walk_all(struct seq_file *out, struct comparison *all)
{
	const struct dmamap_target target = {
		.pfn = min_low_pfn,
		.pages = max_pfn - min_low_pfn,
	};
	struct dmamap_xray xray = {
		.targets = &target, .count = 1, .saw = count_place, .data = all,
	};
	const ktime_t start = ktime_get();
	const int err = dmamap_xray(&xray);
	const s64 us = ktime_us_delta(ktime_get(), start);
	int i;

	if (err)
		return err;
	seq_printf(out, "all.frames %llu\nall.leaves %llu\nall.spaces %llu\n", target.pages,
		   xray.leaves, xray.spaces);
	for (i = 0; i < DMAMAP_PLACES; i++)
		seq_printf(out, "all.place.%s %llu\n", dmamap_place_name(i), all->places[i]);
	for (i = 0; i < DMAMAP_VERDICTS; i++)
		seq_printf(out, "all.verdict.%s %llu\n", dmamap_verdict_name(i),
			   all->verdicts[i]);
	seq_printf(out, "all.microseconds %lld\n", us);
	return 0;
}

static int compare(struct seq_file *out, struct comparison *all)
{
	int err = dma_set_mask_and_coherent(all->dev, DMA_BIT_MASK(32));

	if (err)
		return err;
	all->list.kept = all->kept;
	all->list.room = LINES;
	take(all);
	err = walk_buffers(out, all) ?: walk_all(out, all);
	give_back(all);
	return err;
}

static int stock_show(struct seq_file *out, void *unused)
{
	struct platform_device *device;
	struct comparison *all;
	int err;

	all = kvzalloc(sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	device = platform_device_register_simple("dmamap-stock", PLATFORM_DEVID_AUTO, NULL, 0);
	err = PTR_ERR_OR_ZERO(device);
	if (!err) {
		all->dev = &device->dev;
		err = compare(out, all);
		platform_device_unregister(device);
	}
	kvfree(all);
	return err;
}

/* Room for all lines at once: a second try would allocate and walk again. */
static int stock_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, stock_show, NULL, SZ_16K);
}

static const struct file_operations stock_fops = {
	.owner = THIS_MODULE,
	.open = stock_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init stock_init(void)
{
	struct dentry *dir = debugfs_lookup("dmamap", NULL);

	debugfs_create_file("stock", 0400, dir, NULL, &stock_fops);
	dput(dir);
	return 0;
}
late_initcall_sync(stock_init);	/* after the layer's own directory */
