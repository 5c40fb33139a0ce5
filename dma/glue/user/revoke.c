// SPDX-License-Identifier: GPL-2.0
/*
 * Taking a region away from processes (revoke), and giving their mappings another region
 * (reattach) or a placeholder (detach) in its place. fault.c explains how faults and a
 * revoke meet; this is the order of the steps.
 *
 * dmamap_revoke():
 *  1. Close the region (maps_lock held): from here on no mapping can be added.
 *  2. Wait for mmap() calls that fill early: until such a call returns, its VMA is not to
 *     be found by the file, so its PTEs could not be zapped. New ones fail at step 1.
 *  3. Take revoke_lock for writing: all faults that were inserting PTEs are over, and later
 *     ones wait.
 *  4. Set @revoked, and zap the PTEs of every part, in all processes.
 *  5. Copy the snapshot, if one was asked for: no process can write by its mapping now.
 *  6. Release revoke_lock: faults go on, and see what comes after.
 * The memory is given back later, with the last reference of a driver: from then on no
 * reattach can come, and the parts, which hold references of their own, need none of it.
 *
 * A revoke can't fail to take the region away. If there is no memory for the snapshot, it
 * returns -ENOMEM, and processes get SIGBUS in place of the snapshot. Zapping can't
 * fail. Revoking twice is harmless: the first one decides what comes after.
 *
 * dmamap_reattach() and dmamap_detach() move the parts of a revoked region, one at a time,
 * with map->lock held for writing: no fault of the map is under way. A part gets its new
 * region first, and PTEs of what came after the old one (zeroes, a snapshot) are zapped
 * then; until that, the process still sees these ordinary pages, and nothing of either
 * region. If the new region is revoked meanwhile, its faults show what comes after it.
 * Both first wait for a revoke that is zapping: it finds PTEs by the parts on the region's
 * list. moving_parts lets only one such call run, so that no two of them move the same part.
 * Detach can't fail: the placeholders are static.
 */
#include <linux/cacheflush.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/list_sort.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "dma/glue/user/user_map.h"
#include "dma/glue/watch/trace.h"

/* No part is added to the region's list any more: dmamap_attach_parts() looks at @closed. */
static void dmamap_close_region(struct dmamap_region *region)
{
	mutex_lock(&region->maps_lock);
	region->closed = true;
	mutex_unlock(&region->maps_lock);
}

/*
 * Waits for each mmap() that is filling a VMA of this region: unmap_mapping_pages() does
 * not find the VMA before. mmap() holds the mmap_lock until the VMA can be found, so it is
 * enough to take that lock once. maps_lock can't be held meanwhile, hence the reference on
 * the map; the region is closed, so the list only gets shorter.
 */
static void dmamap_wait_for_mmap(struct dmamap_region *region)
{
	struct dmamap_user_map *map;
	struct dmamap_user_part *part;

	do {
		map = NULL;
		mutex_lock(&region->maps_lock);
		list_for_each_entry(part, &region->maps, entry) {
			if (part->map->filled_early)
				map = dmamap_user_map_get(part->map);
			if (map)
				break;
		}
		mutex_unlock(&region->maps_lock);
		if (map) {
			mmap_read_lock(map->mm);
			map->filled_early = false;
			mmap_read_unlock(map->mm);
			dmamap_user_map_put(map);
		}
	} while (map);
}

/* Order for list_sort(): by file, then by place in the file. */
static int dmamap_by_place(void *unused, const struct list_head *a, const struct list_head *b)
{
	const struct dmamap_user_part *one = list_entry(a, struct dmamap_user_part, entry);
	const struct dmamap_user_part *other = list_entry(b, struct dmamap_user_part, entry);

	if (one->map->mapping != other->map->mapping)
		return one->map->mapping > other->map->mapping ? 1 : -1;
	if (dmamap_part_first(one) != dmamap_part_first(other))
		return dmamap_part_first(one) > dmamap_part_first(other) ? 1 : -1;
	return dmamap_part_pages(one) > dmamap_part_pages(other) ? 1 : -1;
}

/*
 * Zaps a part in all VMAs that show its place of the file. Not by unmap_mapping_range():
 * that counts in bytes, and cuts them to the width of a pgoff_t.
 */
static void dmamap_zap(const struct dmamap_user_part *part)
{
	unmap_mapping_pages(part->map->mapping, dmamap_part_first(part), dmamap_part_pages(part),
			    true);
}

/*
 * Zaps all PTEs of the region. One call reaches the mappings of all processes at a place of
 * a file, so parts are sorted and each place is zapped once. Mappings of other regions at
 * the same place lose their PTEs as well, and fault them in again. Caller holds revoke_lock
 * for writing.
 */
static void dmamap_zap_all_locked(struct dmamap_region *region)
{
	const struct dmamap_user_part *part, *last = NULL;

	lockdep_assert_held_write(&region->revoke_lock);
	mutex_lock(&region->maps_lock);
	list_sort(NULL, &region->maps, dmamap_by_place);
	list_for_each_entry(part, &region->maps, entry) {
		if (!last || last->map->mapping != part->map->mapping ||
		    dmamap_part_first(last) != dmamap_part_first(part) ||
		    dmamap_part_pages(last) != dmamap_part_pages(part))
			dmamap_zap(part);
		last = part;
	}
	mutex_unlock(&region->maps_lock);
}

/* Room for a copy of each page, or none. Caller holds revoke_lock for writing. */
static int dmamap_alloc_snapshot_locked(struct dmamap_region *region)
{
	u64 i;

	lockdep_assert_held_write(&region->revoke_lock);
	region->snapshot = kvcalloc(region->core.pages, sizeof(*region->snapshot), GFP_KERNEL);
	if (!region->snapshot)
		return -ENOMEM;
	for (i = 0; i < region->core.pages; i++) {
		region->snapshot[i] = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		if (!region->snapshot[i]) {
			dmamap_free_snapshot(region);
			return -ENOMEM;
		}
	}
	return 0;
}

/*
 * Copies the region after the last PTE is gone. The device may still be writing. Caller
 * holds revoke_lock for writing.
 */
static void dmamap_take_snapshot_locked(const struct dmamap_region *region)
{
	u64 i;

	lockdep_assert_held_write(&region->revoke_lock);
	for (i = 0; i < region->core.pages; i++) {
		struct page *page = region->snapshot[i];
		void *to = kmap_local_page(page);

		memcpy(to, dmamap_cpu_addr(region) + (i << PAGE_SHIFT), PAGE_SIZE);
		kunmap_local(to);
		flush_dcache_page(page);
	}
}

int dmamap_revoke(struct dmamap_region *region, enum dmamap_after after)
{
	int err = 0;

	might_sleep();
	if (IS_ERR_OR_NULL(region) || after > DMAMAP_AFTER_SNAPSHOT)
		return -EINVAL;
	/* Reading registers of a device may have effects, and shows no last state. */
	if (after == DMAMAP_AFTER_SNAPSHOT && region->core.behind == DMAMAP_BEHIND_DEVICE)
		return -EINVAL;
	/* So that lockdep sees each caller that holds a lock of the driver's mmap(). */
	if (current->mm)
		might_lock_read(&current->mm->mmap_lock);
	trace_dmamap_revoke(region);
	dmamap_close_region(region);
	dmamap_wait_for_mmap(region);

	down_write(&region->revoke_lock);
	if (!region->revoked) {
		if (after == DMAMAP_AFTER_SNAPSHOT)
			err = dmamap_alloc_snapshot_locked(region);
		region->after = err ? DMAMAP_AFTER_SIGBUS : after;
		region->revoked = true;
		dmamap_zap_all_locked(region);
		if (region->after == DMAMAP_AFTER_SNAPSHOT)
			dmamap_take_snapshot_locked(region);
	}
	up_write(&region->revoke_lock);
	smp_mb(); /* closed before drivers; dmamap_put() has it the other way */
	if (!refcount_read(&region->drivers))
		dmamap_region_let_go(region);
	return err;
}
EXPORT_SYMBOL_GPL(dmamap_revoke);

static bool dmamap_is_open(const struct dmamap_region *region, const void *dev)
{
	return region->dev == dev && !READ_ONCE(region->closed);
}

void dmamap_revoke_device(struct device *dev, enum dmamap_after after)
{
	struct dmamap_region *region;
	struct dmamap_tour tour;

	might_sleep();
	dmamap_tour_begin(&tour);
	while ((region = dmamap_tour_next(&tour, dmamap_is_open, dev))) {
		if (dmamap_revoke(region, after) == -EINVAL)
			dmamap_revoke(region, DMAMAP_AFTER_SIGBUS);
		dmamap_region_unkeep(region);
	}
	dmamap_tour_end(&tour);
}
EXPORT_SYMBOL_GPL(dmamap_revoke_device);

/*
 * A part on the region's list whose map is not ending. The caller drops the reference on
 * the map by dmamap_user_map_put().
 */
static struct dmamap_user_part *dmamap_first_part(struct dmamap_region *region)
{
	struct dmamap_user_part *part, *found = NULL;

	mutex_lock(&region->maps_lock);
	list_for_each_entry(part, &region->maps, entry) {
		if (dmamap_user_map_get(part->map)) {
			found = part;
			break;
		}
	}
	mutex_unlock(&region->maps_lock);
	return found;
}

/*
 * Gives @part another region. Caller holds map->lock for writing, so no fault is in the
 * middle of it, and has a reference on @to, which is the part's afterwards; the part's one
 * on @from is then the caller's.
 */
static void dmamap_relink_locked(struct dmamap_user_part *part, struct dmamap_region *from,
				 struct dmamap_region *to)
{
	lockdep_assert_held_write(&part->map->lock);
	mutex_lock(&from->maps_lock);
	list_del(&part->entry);
	mutex_unlock(&from->maps_lock);
	part->region = to;
	mutex_lock(&to->maps_lock);
	list_add_tail(&part->entry, &to->maps);
	mutex_unlock(&to->maps_lock);
}

/*
 * Moves a part and zaps what it showed. Caller holds map->lock for writing. @to may be
 * revoked after it was looked at: its revoke then finds the part, or no PTE of @to exists.
 */
static int dmamap_move_part_locked(struct dmamap_user_part *part, struct dmamap_region *from,
				   struct dmamap_region *to)
{
	bool closed;

	lockdep_assert_held_write(&part->map->lock);
	mutex_lock(&to->maps_lock);
	closed = to->closed;
	mutex_unlock(&to->maps_lock);
	if (closed || !dmamap_region_keep(to))
		return -ENXIO;
	dmamap_relink_locked(part, from, to);
	dmamap_zap(part);
	dmamap_region_unkeep(from);
	return 0;
}

/*
 * Is a revoke of @region over? Not, as long as it has PTEs to zap: it finds them by the parts
 * on the region's list, which the caller is about to take off.
 */
static bool dmamap_was_revoked(struct dmamap_region *region)
{
	bool revoked;

	down_read(&region->revoke_lock);
	revoked = region->revoked;
	up_read(&region->revoke_lock);
	return revoked;
}

/* Can @to replace @from? A mapping keeps the size, kind and attribute of its mmap(). */
static bool dmamap_alike(const struct dmamap_region *from, const struct dmamap_region *to)
{
	return from->core.pages == to->core.pages && from->core.behind == to->core.behind &&
	       from->core.attribute == to->core.attribute;
}

/* Held by reattach and detach: two calls at once could move the same part. */
static DEFINE_MUTEX(dmamap_moving_parts);

int dmamap_reattach(struct dmamap_region *from, struct dmamap_region *to)
{
	struct dmamap_user_part *part;
	int err = 0;

	might_sleep();
	if (IS_ERR_OR_NULL(from) || IS_ERR_OR_NULL(to) || from == to)
		return -EINVAL;
	if (!dmamap_alike(from, to) || !dmamap_was_revoked(from))
		return -EINVAL;
	mutex_lock(&dmamap_moving_parts);
	while (!err && (part = dmamap_first_part(from))) {
		down_write(&part->map->lock);
		err = dmamap_move_part_locked(part, from, to);
		up_write(&part->map->lock);
		dmamap_user_map_put(part->map);
	}
	mutex_unlock(&dmamap_moving_parts);
	return err;
}
EXPORT_SYMBOL_GPL(dmamap_reattach);

#define NOWHERE(_after)                                                                 \
	{                                                                               \
		.references = REFCOUNT_INIT(1), .revoked = true, .after = (_after),     \
		.revoke_lock = __RWSEM_INITIALIZER(dmamap_nowhere[_after].revoke_lock), \
		.maps_lock = __MUTEX_INITIALIZER(dmamap_nowhere[_after].maps_lock),     \
		.maps = LIST_HEAD_INIT(dmamap_nowhere[_after].maps), .closed = true,    \
	}

/* Placeholders without memory, which never end: the regions of detached mappings. */
static struct dmamap_region dmamap_nowhere[] = {
	[DMAMAP_AFTER_SIGBUS] = NOWHERE(DMAMAP_AFTER_SIGBUS),
	[DMAMAP_AFTER_ZERO] = NOWHERE(DMAMAP_AFTER_ZERO),
};

int dmamap_detach(struct dmamap_region *region)
{
	struct dmamap_region *nowhere;
	struct dmamap_user_part *part;

	might_sleep();
	if (IS_ERR_OR_NULL(region) || !dmamap_was_revoked(region) ||
	    region->after >= ARRAY_SIZE(dmamap_nowhere))
		return -EINVAL;
	nowhere = &dmamap_nowhere[region->after];
	mutex_lock(&dmamap_moving_parts);
	while ((part = dmamap_first_part(region))) {
		down_write(&part->map->lock);
		/* PTEs of what came after stay: no translation of the region is left. */
		if (part->region == region && dmamap_region_keep(nowhere)) {
			dmamap_relink_locked(part, region, nowhere);
			dmamap_region_unkeep(region);
		}
		up_write(&part->map->lock);
		dmamap_user_map_put(part->map);
	}
	mutex_unlock(&dmamap_moving_parts);
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_detach);
