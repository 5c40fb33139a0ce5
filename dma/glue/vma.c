// SPDX-License-Identifier: GPL-2.0
/*
 * User mappings of regions. Which pages a mapping shows and who may have it is
 * decided in dma/core/user_map.h; here are the VMA, its lifetime and its end.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "dma/glue/region.h"
#include "dma/glue/trace.h"

/* One segment of a mapping; on its region's list of maps. */
struct dmamap_user_part {
	struct list_head entry;
	struct dmamap_user_map *map;
	struct dmamap_region *region;	/* counted */
	pgoff_t first;			/* of this segment, in the file */
	pgoff_t pages;
};

/* One call of dmamap_mmap(); shared by the VMAs that it is split into. */
struct dmamap_user_map {
	struct kref vmas;
	struct address_space *mapping;	/* lives as long as a VMA does */
	pgoff_t base;			/* vm_pgoff of the first page */
	struct dmamap_core_segment *segments;
	unsigned int count;
	struct dmamap_user_part parts[] __counted_by(count);
};

static void attach_parts(struct dmamap_user_map *map)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		struct dmamap_user_part *part = &map->parts[i];

		mutex_lock(&part->region->maps_lock);
		list_add_tail(&part->entry, &part->region->maps);
		mutex_unlock(&part->region->maps_lock);
	}
}

static void free_map(struct kref *kref)
{
	struct dmamap_user_map *map = container_of(kref, struct dmamap_user_map, vmas);
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		struct dmamap_user_part *part = &map->parts[i];

		mutex_lock(&part->region->maps_lock);
		list_del(&part->entry);
		mutex_unlock(&part->region->maps_lock);
		dmamap_put(part->region);
	}
	kfree(map->segments);
	kfree(map);
}

static void user_open(struct vm_area_struct *vma)
{
	struct dmamap_user_map *map = vma->vm_private_data;

	kref_get(&map->vmas);
}

static void user_close(struct vm_area_struct *vma)
{
	struct dmamap_user_map *map = vma->vm_private_data;

	kref_put(&map->vmas, free_map);
}

static vm_fault_t user_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct dmamap_user_map *map = vma->vm_private_data;
	struct dmamap_region *region;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	u64 region_page;
	u32 segment;

	if (vmf->pgoff < map->base ||
	    dmamap_core_user_locate(map->segments, map->count, vmf->pgoff - map->base,
				    &segment, &region_page) != DMAMAP_OK)
		return VM_FAULT_SIGBUS;
	region = map->parts[segment].region;

	/* A revoke that has begun waits for us, and then zaps what we insert. */
	down_read(&region->revoke_lock);
	if (!region->revoked)
		ret = vmf_insert_pfn_prot(vma, vmf->address & PAGE_MASK,
					  region->core.pfn + region_page,
					  dmamap_pgprot(region->core.attribute,
							vma->vm_page_prot));
	up_read(&region->revoke_lock);
	trace_dmamap_fault(vmf, region->core.pfn + region_page, ret);
	return ret;
}

static const struct vm_operations_struct user_ops = {
	.open = user_open,
	.close = user_close,
	.fault = user_fault,
};

bool dmamap_is_user_map(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &user_ops;
}

static struct dmamap_user_map *new_map(struct vm_area_struct *vma,
				       const struct dmamap_segment *segments, unsigned int count)
{
	pgoff_t first = vma->vm_pgoff;
	struct dmamap_user_map *map;
	unsigned int i;

	map = kzalloc(struct_size(map, parts, count), GFP_KERNEL);
	if (!map)
		return NULL;
	map->segments = kcalloc(count, sizeof(*map->segments), GFP_KERNEL);
	if (!map->segments) {
		kfree(map);
		return NULL;
	}
	kref_init(&map->vmas);
	map->mapping = vma->vm_file->f_mapping;
	map->base = vma->vm_pgoff;
	map->count = count;
	for (i = 0; i < count; i++) {
		map->segments[i].region_bytes = dmamap_size(segments[i].region);
		map->segments[i].offset = segments[i].offset;
		map->segments[i].bytes = segments[i].bytes;
		map->parts[i].map = map;
		map->parts[i].region = segments[i].region;
		map->parts[i].first = first;
		map->parts[i].pages = segments[i].bytes >> PAGE_SHIFT;
		first += map->parts[i].pages;
	}
	return map;
}

static int admit(struct vm_area_struct *vma, const struct dmamap_user_map *map,
		 unsigned int access)
{
	const struct dmamap_core_user_request request = {
		.bytes = vma->vm_end - vma->vm_start,
		.shared = !!(vma->vm_flags & VM_SHARED),
		.read = !!(vma->vm_flags & VM_READ),
		.write = !!(vma->vm_flags & VM_WRITE),
		.execute = !!(vma->vm_flags & VM_EXEC),
		.may_read = !!(access & DMAMAP_USER_READ),
		.may_write = !!(access & DMAMAP_USER_WRITE),
	};

	return dmamap_errno(dmamap_core_user_admit(&request, map->segments, map->count));
}

static bool any_revoked(const struct dmamap_segment *segments, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (READ_ONCE(segments[i].region->revoked))
			return true;
	return false;
}

int dmamap_mmap(struct vm_area_struct *vma, const struct dmamap_segment *segments,
		unsigned int count, unsigned int access)
{
	vm_flags_t never = VM_MAYEXEC;
	struct dmamap_user_map *map;
	unsigned int i;
	int err;

	if (!count || !access || (access & ~(DMAMAP_USER_READ | DMAMAP_USER_WRITE)))
		return -EINVAL;
	if (any_revoked(segments, count))
		return -ENXIO;
	map = new_map(vma, segments, count);
	if (!map)
		return -ENOMEM;
	err = admit(vma, map, access);
	if (err) {
		kfree(map->segments);
		kfree(map);
		return err;
	}

	if (!(access & DMAMAP_USER_READ))
		never |= VM_MAYREAD;
	if (!(access & DMAMAP_USER_WRITE))
		never |= VM_MAYWRITE;
	/*
	 * Only pfns, never pages: ARM's short descriptors have no special bit,
	 * so the VMA's flags alone tell the kernel to keep its hands off. VM_IO,
	 * because without it madvise(MADV_DOFORK) takes VM_DONTCOPY away.
	 */
	vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP, never);
	vma->vm_ops = &user_ops;
	vma->vm_private_data = map;
	for (i = 0; i < count; i++)
		dmamap_get(segments[i].region);
	attach_parts(map);
	trace_dmamap_map(vma, segments, count, access);
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_mmap);

void dmamap_revoke(struct dmamap_region *region)
{
	struct dmamap_user_part *part;

	might_sleep();
	trace_dmamap_revoke(region);
	down_write(&region->revoke_lock);
	region->revoked = true;
	up_write(&region->revoke_lock);

	/* Zaps neighbours at the same file offset too; they fault in again. */
	mutex_lock(&region->maps_lock);
	list_for_each_entry(part, &region->maps, entry)
		unmap_mapping_range(part->map->mapping, (loff_t)part->first << PAGE_SHIFT,
				    (loff_t)part->pages << PAGE_SHIFT, 1);
	mutex_unlock(&region->maps_lock);
}
EXPORT_SYMBOL_GPL(dmamap_revoke);
