// SPDX-License-Identifier: GPL-2.0
/*
 * The mapper that uses what the kernel has: dma_alloc_coherent() and
 * dma_mmap_coherent(), written as drivers of 6.12 are.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>

#include "kunit/mapper/mapper.h"

static u64 stock_adoptable(void)
{
	return 0;
}

static int stock_alloc(struct mapper_buffer *buffer, struct mapper_alloc *request)
{
	const gfp_t gfp = request->flags & MAPPER_ATOMIC ? GFP_ATOMIC : GFP_KERNEL;

	if ((request->flags & MAPPER_ADOPT) || request->fail_nth)
		return -EOPNOTSUPP;
	/* Drivers ask for what they have use for; 0 and 4 GiB are warned about. */
	if (!request->bytes || request->bytes > SZ_1G)
		return -EINVAL;
	/* More than the page allocator has in one piece is nothing to be warned about. */
	buffer->cpu = dma_alloc_coherent(&buffer->device->platform->dev, request->bytes,
					 &buffer->dma, gfp | __GFP_NOWARN);
	if (!buffer->cpu)
		return -ENOMEM;
	buffer->bytes = request->bytes;
	return 0;
}

/* remove() frees; that processes still have it mapped, a driver does not know. */
static void stock_free(struct mapper_buffer *buffer)
{
	if (buffer->cpu)
		dma_free_coherent(&buffer->device->platform->dev, buffer->bytes, buffer->cpu,
				  buffer->dma);
	buffer->cpu = NULL;
}

static void *stock_cpu(const struct mapper_buffer *buffer)
{
	return buffer->cpu;
}

/* vm_pgoff is the offset into the buffer; checked by dma_mmap_coherent(). */
static int stock_map(struct vm_area_struct *vma, const struct mapper_part *parts, u32 count,
		     u32 access)
{
	const struct mapper_buffer *buffer = parts[0].buffer;
	struct device *dev = &buffer->device->platform->dev;

	if (count != 1 || !dma_can_mmap(dev))
		return -EOPNOTSUPP;
	/* As hfi1 does it for what processes may only read. */
	if ((vma->vm_flags & VM_WRITE) && !(access & MAPPER_WRITE))
		return -EACCES;
	vma->vm_pgoff = parts[0].offset >> PAGE_SHIFT;
	return dma_mmap_coherent(dev, vma, buffer->cpu, buffer->dma, buffer->bytes);
}

static int stock_resolve(const struct mapper_buffer *buffer, struct mapper_resolve *request)
{
	struct sg_table table;
	int err;

	if (request->offset >= buffer->bytes)
		return -EINVAL;
	err = dma_get_sgtable(&buffer->device->platform->dev, &table, buffer->cpu, buffer->dma,
			      buffer->bytes);
	if (err)
		return err;
	request->behind = MAPPER_BEHIND_PAGE;
	request->pfn = page_to_pfn(sg_page(table.sgl)) + PFN_DOWN(request->offset);
	request->page = request->pfn;
	request->page_error = 0;
	sg_free_table(&table);
	return 0;
}

static int stock_revoke(struct mapper_buffer *buffer, u32 after)
{
	if (after != MAPPER_AFTER_SIGBUS)
		return -EOPNOTSUPP;
	down_write(&buffer->mapper->use);
	stock_free(buffer);
	up_write(&buffer->mapper->use);
	return 0;
}

static int stock_reattach(struct mapper_buffer *from, struct mapper_buffer *to)
{
	return -EOPNOTSUPP;
}

static int stock_detach(struct mapper_buffer *buffer)
{
	return -EOPNOTSUPP;
}

const struct mapper_backend mapper_stock = {
	.alloc = stock_alloc,
	.free = stock_free,
	.cpu = stock_cpu,
	.map = stock_map,
	.resolve = stock_resolve,
	.revoke = stock_revoke,
	.reattach = stock_reattach,
	.detach = stock_detach,
	.adoptable = stock_adoptable,
};
