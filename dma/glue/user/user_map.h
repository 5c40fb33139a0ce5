/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User mappings of regions: vma.c makes and ends them, fault.c fills them, revoke.c
 * takes them away or gives them another region. Lock order: dma/glue/region/region.h.
 */
#ifndef DMAMAP_GLUE_USER_MAP_H
#define DMAMAP_GLUE_USER_MAP_H

#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/rwsem.h>

#include "dma/glue/region/region.h"

/**
 * struct dmamap_user_part - one segment of a mapping
 * @entry: in the region's list of maps; protected by the region's maps_lock
 * @map: the mapping
 * @region: what the part shows; holds a reference, protected by map->lock
 */
struct dmamap_user_part {
	struct list_head entry;
	struct dmamap_user_map *map;
	struct dmamap_region *region;
};

/**
 * struct dmamap_user_map - one call of dmamap_mmap()
 * @vmas: VMAs that the mapping is split into, each with a reference
 * @lock: held for writing while a part gets another region
 * @file: holds a reference, because the map may outlive its last VMA, which holds another
 * @mapping: of the file, where a revoke finds the VMAs
 * @mm: address space that pays for @charged pages; holds a reference
 * @charged: pages
 * @base: vm_pgoff of the first page
 * @pages: struct pages are mapped, else pfns
 * @filled_early: mmap() filled the VMA before others could find it
 * @scratch: zeroes of the process, for DMAMAP_AFTER_ZERO, or NULL
 * @segments: which pages of its region each part shows
 * @count: number of @segments and @parts
 * @parts: the segments' regions
 */
struct dmamap_user_map {
	struct kref vmas;
	struct rw_semaphore lock;
	struct file *file;
	struct address_space *mapping;
	struct mm_struct *mm;
	u64 charged;
	pgoff_t base;
	bool pages;
	bool filled_early;
	struct page *scratch;
	struct dmamap_core_segment *segments;
	unsigned int count;
	struct dmamap_user_part parts[] __counted_by(count);
};

/* The first page of the file that shows @part. */
static inline pgoff_t dmamap_part_first(const struct dmamap_user_part *part)
{
	const struct dmamap_user_map *map = part->map;

	return map->base + map->segments[part - map->parts].first;
}

static inline pgoff_t dmamap_part_pages(const struct dmamap_user_part *part)
{
	return part->map->segments[part - part->map->parts].bytes >> PAGE_SHIFT;
}

/* The part that shows page @pgoff of the file, and which page of its region that is. */
static inline struct dmamap_user_part *dmamap_part_at(struct dmamap_user_map *map, pgoff_t pgoff,
						      u64 *region_page)
{
	u32 segment;

	if (pgoff < map->base ||
	    dmamap_core_user_locate(map->segments, map->count, pgoff - map->base, &segment,
				    region_page) != DMAMAP_OK)
		return NULL;
	return &map->parts[segment];
}

/* fault.c */

/**
 * dmamap_user_fault() - fill the page table around an address
 * @vmf: the fault
 *
 * Context: process, may sleep; mmap_lock or the VMA's lock held for reading.
 * Return: VM_FAULT_NOPAGE, or why not.
 */
vm_fault_t dmamap_user_fault(struct vm_fault *vmf);

/**
 * dmamap_user_huge_fault() - fill one large leaf around an address
 * @vmf: the fault
 * @order: of the leaf
 *
 * Context: as dmamap_user_fault().
 * Return: VM_FAULT_NOPAGE, or VM_FAULT_FALLBACK where small pages must do.
 */
vm_fault_t dmamap_user_huge_fault(struct vm_fault *vmf, unsigned int order);

/**
 * dmamap_user_access() - what a debugger reads or writes
 * @vma: a mapping of the layer
 * @address: in @vma
 * @buffer: kernel memory
 * @bytes: of @buffer; not all need be done at once
 * @write: from @buffer, else into it
 *
 * Context: process, may sleep; mmap_lock held for reading.
 * Return: bytes done, or -EACCES where the process may not do it, or -EFAULT.
 */
int dmamap_user_access(struct vm_area_struct *vma, unsigned long address, void *buffer, int bytes,
		       int write);

/**
 * dmamap_user_fill() - fill all pages of a VMA that its process can't find yet
 * @vma: a mapping of the layer, inside of mmap()
 *
 * Context: process, may sleep; mmap_lock held for writing.
 * Return: 0, -ENOMEM, or -ENXIO if a region is revoked.
 */
int dmamap_user_fill(struct vm_area_struct *vma);

/* vma.c */

/**
 * dmamap_user_map_get() - keep a map while it has VMAs
 * @map: found through a part on a region's list, with its maps_lock held
 *
 * Context: any.
 * Return: @map, or NULL if it has no VMA any more.
 */
struct dmamap_user_map *dmamap_user_map_get(struct dmamap_user_map *map);

/**
 * dmamap_user_map_put() - drop a reference; the last one ends the map
 * @map: from dmamap_user_map_get(), or of a VMA
 *
 * Context: process, may sleep; no lock of a region or of the map held.
 */
void dmamap_user_map_put(struct dmamap_user_map *map);

/**
 * dmamap_is_user_map() - is this a mapping that dmamap_mmap() made?
 * @vma: any VMA
 *
 * Context: any; the caller keeps @vma.
 */
bool dmamap_is_user_map(const struct vm_area_struct *vma);

#endif /* DMAMAP_GLUE_USER_MAP_H */
