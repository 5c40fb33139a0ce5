// SPDX-License-Identifier: GPL-2.0
/* Taking a region away from processes, and giving them another one in its place. */
#include <linux/cacheflush.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/list_sort.h>
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "dma/glue/user/user_map.h"
#include "dma/glue/watch/trace.h"

/* From now on nobody maps the region any more. */
static void dmamap_close_region(struct dmamap_region *region)
{
	mutex_lock(&region->maps_lock);
	region->closed = true;
	mutex_unlock(&region->maps_lock);
}

/*
 * unmap_mapping_pages() does not find a VMA whose mmap() has not returned. One that
 * was filled there is waited for: mmap() has the mmap_lock until others can find it.
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

/* Not unmap_mapping_range(): of bytes it keeps as many bits as a pgoff_t has. */
static void dmamap_zap(const struct dmamap_user_part *part)
{
	unmap_mapping_pages(part->map->mapping, dmamap_part_first(part), dmamap_part_pages(part),
			    true);
}

/*
 * Goes through the mappings of all processes at a place of a file at once, so
 * each place only once. Neighbours at the same place fault in again.
 */
static void dmamap_zap_all(struct dmamap_region *region)
{
	const struct dmamap_user_part *part, *last = NULL;

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

static int dmamap_alloc_snapshot(struct dmamap_region *region)
{
	u64 i;

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

static void dmamap_take_snapshot(const struct dmamap_region *region)
{
	u64 i;

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
	if (after > DMAMAP_AFTER_SNAPSHOT)
		return -EINVAL;
	/* Reading a device's registers may have effects, and shows no last state. */
	if (after == DMAMAP_AFTER_SNAPSHOT && region->core.behind == DMAMAP_BEHIND_DEVICE)
		return -EINVAL;
	trace_dmamap_revoke(region);
	dmamap_close_region(region);
	dmamap_wait_for_mmap(region);

	down_write(&region->revoke_lock);
	if (!region->revoked) {
		if (after == DMAMAP_AFTER_SNAPSHOT)
			err = dmamap_alloc_snapshot(region);
		region->after = err ? DMAMAP_AFTER_SIGBUS : after;
		region->revoked = true;
		dmamap_zap_all(region);
		if (region->after == DMAMAP_AFTER_SNAPSHOT)
			dmamap_take_snapshot(region);
	}
	up_write(&region->revoke_lock);
	return err;
}
EXPORT_SYMBOL_GPL(dmamap_revoke);

struct search {
	const struct device *dev;
	struct dmamap_region *found; /* counted */
};

static void dmamap_find_open(struct dmamap_region *region, void *data)
{
	struct search *search = data;

	if (!search->found && region->dev == search->dev && !READ_ONCE(region->closed) &&
	    refcount_inc_not_zero(&region->references))
		search->found = region;
}

void dmamap_revoke_device(struct device *dev, enum dmamap_after after)
{
	struct search search = { .dev = dev };

	might_sleep();
	for (;;) {
		search.found = NULL;
		dmamap_for_each_region(dmamap_find_open, &search);
		if (!search.found)
			break;
		if (dmamap_revoke(search.found, after) == -EINVAL)
			dmamap_revoke(search.found, DMAMAP_AFTER_SIGBUS);
		dmamap_put(search.found);
	}
}
EXPORT_SYMBOL_GPL(dmamap_revoke_device);

/* A part of a map that is not ending, which is kept until dmamap_user_map_put(). */
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
 * middle of it; the part's reference on @from is the caller's afterwards.
 */
static void dmamap_relink(struct dmamap_user_part *part, struct dmamap_region *from,
			  struct dmamap_region *to)
{
	lockdep_assert_held_write(&part->map->lock);
	mutex_lock(&from->maps_lock);
	list_del(&part->entry);
	mutex_unlock(&from->maps_lock);
	part->region = dmamap_get(to);
	mutex_lock(&to->maps_lock);
	list_add_tail(&part->entry, &to->maps);
	mutex_unlock(&to->maps_lock);
}

/* Caller holds map->lock for writing. */
static int dmamap_move_part(struct dmamap_user_part *part, struct dmamap_region *from,
			    struct dmamap_region *to)
{
	bool closed;

	mutex_lock(&to->maps_lock);
	closed = to->closed;
	mutex_unlock(&to->maps_lock);
	if (closed)
		return -ENXIO;
	dmamap_relink(part, from, to);
	dmamap_zap(part);
	dmamap_put(from);
	return 0;
}

static bool dmamap_alike(const struct dmamap_region *from, const struct dmamap_region *to)
{
	return from->core.pages == to->core.pages && from->core.behind == to->core.behind &&
	       from->core.attribute == to->core.attribute;
}

/* Held by reattach and detach: two of them would move the same part. */
static DEFINE_MUTEX(dmamap_moving_parts);

int dmamap_reattach(struct dmamap_region *from, struct dmamap_region *to)
{
	struct dmamap_user_part *part;
	int err = 0;

	might_sleep();
	if (from == to || !dmamap_alike(from, to) || !READ_ONCE(from->revoked))
		return -EINVAL;
	mutex_lock(&dmamap_moving_parts);
	while (!err && (part = dmamap_first_part(from))) {
		down_write(&part->map->lock);
		err = dmamap_move_part(part, from, to);
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
	struct dmamap_user_part *part;

	might_sleep();
	if (!READ_ONCE(region->revoked) || region->after >= ARRAY_SIZE(dmamap_nowhere))
		return -EINVAL;
	mutex_lock(&dmamap_moving_parts);
	while ((part = dmamap_first_part(region))) {
		down_write(&part->map->lock);
		/* Nothing to zap: a revoked region has no translation left. */
		if (part->region == region) {
			dmamap_relink(part, region, &dmamap_nowhere[region->after]);
			dmamap_put(region);
		}
		up_write(&part->map->lock);
		dmamap_user_map_put(part->map);
	}
	mutex_unlock(&dmamap_moving_parts);
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_detach);
