/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User mappings, shared by vma.c (made and ended), fault.c (filled) and revoke.c
 * (taken away, given another region). Lock order: region.h.
 */
#ifndef DMAMAP_GLUE_USER_MAP_H
#define DMAMAP_GLUE_USER_MAP_H

#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/rwsem.h>

#include "dma/glue/region.h"

/* One segment of a mapping; on its region's list of maps. */
struct dmamap_user_part {
	struct list_head entry;		/* under region->maps_lock */
	struct dmamap_user_map *map;
	struct dmamap_region *region;	/* counted; under map->lock */
};

/* One call of dmamap_mmap(); shared by the VMAs that it is split into. */
struct dmamap_user_map {
	struct kref vmas;
	struct rw_semaphore lock;	/* for writing: a part gets another region */
	struct address_space *mapping;	/* lives as long as a VMA does */
	struct mm_struct *mm;		/* held; it pays for @charged pages */
	u64 charged;
	pgoff_t base;			/* vm_pgoff of the first page */
	bool pages;			/* struct pages are mapped, else pfns */
	bool filled_early;		/* by mmap(), before others find the VMA */
	struct page *scratch;		/* DMAMAP_AFTER_ZERO: the process's own */
	struct dmamap_core_segment *segments;
	unsigned int count;
	struct dmamap_user_part parts[] __counted_by(count);
};

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
vm_fault_t dmamap_user_fault(struct vm_fault *vmf);
vm_fault_t dmamap_user_huge_fault(struct vm_fault *vmf, unsigned int order);
int dmamap_user_access(struct vm_area_struct *vma, unsigned long address, void *buffer, int bytes,
		       int write);
/* All pages of a VMA that nobody else can find yet. */
int dmamap_user_fill(struct vm_area_struct *vma);

/* vma.c: keeps a map while it has VMAs; NULL if it has none any more. */
struct dmamap_user_map *dmamap_user_map_get(struct dmamap_user_map *map);
void dmamap_user_map_put(struct dmamap_user_map *map);

#endif /* DMAMAP_GLUE_USER_MAP_H */
