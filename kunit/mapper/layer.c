// SPDX-License-Identifier: GPL-2.0
/* The mapper that uses the layer. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "dma/glue/watch/steps.h"
#include "dmamap.h"
#include "kunit/mapper/mapper.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "mapper."

/* RAM that was kept from the kernel: its first byte, and how much of it. */
static unsigned long adopt_at, adopt_bytes;
module_param(adopt_at, ulong, 0444);
module_param(adopt_bytes, ulong, 0444);

size_t mapper_adoptable(phys_addr_t *phys)
{
	*phys = adopt_at;
	return adopt_bytes;
}

static u64 layer_adoptable(void)
{
	return adopt_bytes;
}

/* One failure at a time, of the whole layer. */
static DEFINE_MUTEX(failing);

static struct dmamap_region *alloc_failing(struct device *dev, struct mapper_alloc *request,
					   gfp_t gfp, unsigned int flags)
{
	struct dmamap_region *region;

	if (!request->fail_nth)
		return dmamap_alloc(dev, request->bytes, gfp, flags);
	mutex_lock(&failing);
	dmamap_fail_nth(request->fail_nth, 0);
	region = dmamap_alloc(dev, request->bytes, gfp, flags);
	request->failed = dmamap_fail_nth(0, 0);
	mutex_unlock(&failing);
	return region;
}

static int layer_alloc(struct mapper_buffer *buffer, struct mapper_alloc *request)
{
	const gfp_t gfp = request->flags & MAPPER_ATOMIC ? GFP_ATOMIC : GFP_KERNEL;
	const unsigned int flags = request->device == MAPPER_SNOOPING ? 0 : DMAMAP_NO_SNOOP;
	struct device *dev = &buffer->device->platform->dev;
	struct dmamap_region *region;

	/* The request may be larger than a size_t can say. */
	if (request->bytes > SIZE_MAX)
		return -EOVERFLOW;
	if (request->flags & MAPPER_ADOPT) {
		if (request->bytes > adopt_bytes || request->fail_nth)
			return -EOPNOTSUPP;
		region = dmamap_adopt(dev, adopt_at, request->bytes, DMAMAP_BEHIND_RESERVED, 0);
	} else {
		region = alloc_failing(dev, request, gfp, flags);
	}
	if (IS_ERR(region))
		return PTR_ERR(region);
	buffer->region = region;
	buffer->bytes = dmamap_size(region);
	return 0;
}

static void layer_free(struct mapper_buffer *buffer)
{
	dmamap_put(buffer->region);
}

static void *layer_cpu(const struct mapper_buffer *buffer)
{
	return dmamap_cpu_addr(buffer->region);
}

static int layer_map(struct vm_area_struct *vma, const struct mapper_part *parts, u32 count,
		     u32 access)
{
	struct dmamap_segment *segments;
	int err;
	u32 i;

	segments = kvmalloc_array(count, sizeof(*segments), GFP_KERNEL);
	if (!segments)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		err = -EINVAL;
		if (parts[i].offset > SIZE_MAX || parts[i].bytes > SIZE_MAX)
			goto out;
		segments[i] = (struct dmamap_segment){ parts[i].buffer->region, parts[i].offset,
						       parts[i].bytes };
	}
	err = dmamap_mmap(vma, segments, count, access);
out:
	kvfree(segments);
	return err;
}

static_assert(MAPPER_READ == DMAMAP_USER_READ && MAPPER_WRITE == DMAMAP_USER_WRITE);
static_assert(MAPPER_POPULATE == DMAMAP_USER_POPULATE);
static_assert(MAPPER_UNCHARGED == DMAMAP_USER_UNCHARGED);
static_assert(DMAMAP_BEHIND_PAGE == MAPPER_BEHIND_PAGE);
static_assert(DMAMAP_BEHIND_RESERVED == MAPPER_BEHIND_RESERVED);
static_assert(DMAMAP_BEHIND_DEVICE == MAPPER_BEHIND_DEVICE);

static int layer_resolve(const struct mapper_buffer *buffer, struct mapper_resolve *request)
{
	struct device *dev = &buffer->device->platform->dev;
	const void *cpu = dmamap_cpu_addr(buffer->region) + request->offset;
	const dma_addr_t dma = dmamap_dma_addr(buffer->region) + request->offset;
	struct page *page = dma_map_to_page(dev, cpu, dma);
	struct dmamap_pfn answer;
	const int err = dma_map_to_pfn(dev, cpu, dma, &answer);

	request->page = IS_ERR(page) ? 0 : page_to_pfn(page);
	request->page_error = PTR_ERR_OR_ZERO(page);
	if (err)
		return err;
	request->behind = answer.behind;
	request->pfn = answer.pfn;
	return 0;
}

static_assert(DMAMAP_AFTER_SIGBUS == MAPPER_AFTER_SIGBUS);
static_assert(DMAMAP_AFTER_ZERO == MAPPER_AFTER_ZERO);
static_assert(DMAMAP_AFTER_SNAPSHOT == MAPPER_AFTER_SNAPSHOT);

static int layer_revoke(struct mapper_buffer *buffer, u32 after)
{
	return dmamap_revoke(buffer->region, (enum dmamap_after)after);
}

static void layer_unbind(struct device *dev)
{
	dmamap_revoke_device(dev, DMAMAP_AFTER_SIGBUS);
}

static int layer_reattach(struct mapper_buffer *from, struct mapper_buffer *to)
{
	return dmamap_reattach(from->region, to->region);
}

static int layer_detach(struct mapper_buffer *buffer)
{
	return dmamap_detach(buffer->region);
}

/* The kernel calls this only where HAVE_IOREMAP_PROT is set (mm/memory.c). */
#ifdef CONFIG_HAVE_IOREMAP_PROT
#define HAS_ACCESS MAPPER_HAS_ACCESS
#else
#define HAS_ACCESS 0
#endif

const struct mapper_backend mapper_layer = {
	.has = MAPPER_HAS_PAGES | HAS_ACCESS | MAPPER_HAS_AROUND | MAPPER_HAS_AFTER |
	       MAPPER_HAS_REATTACH | MAPPER_HAS_QUOTA | MAPPER_HAS_READERS |
	       MAPPER_HAS_OFFSETS | MAPPER_HAS_LINEAR,
	.flips = true,
	.alloc = layer_alloc,
	.free = layer_free,
	.cpu = layer_cpu,
	.map = layer_map,
	.resolve = layer_resolve,
	.revoke = layer_revoke,
	.unbind = layer_unbind,
	.reattach = layer_reattach,
	.detach = layer_detach,
	.adoptable = layer_adoptable,
};
