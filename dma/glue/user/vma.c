// SPDX-License-Identifier: GPL-2.0
/*
 * User mappings of regions: made and ended. dma/core/user_map.h decides which pages a
 * mapping shows, and which requests are refused; fault.c fills mappings, and revoke.c
 * takes their regions away.
 *
 * The map (struct dmamap_user_map) belongs to the VMAs: each VMA that a split leaves holds
 * a reference, and the last close ends the map. The map holds a reference on the region of
 * each part, so a region lives as long as it is mapped.
 *
 * Each refusal has a reason beside its errno, one word for the event dmamap_map_refuse: an
 * errno has several causes, and some of them are the driver's.
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/personality.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "dma/abi/machine.h"
#include "dma/glue/user/user_map.h"
#include "dma/glue/watch/trace.h"

/*
 * A mistake that only the driver can have made is told once: the process did nothing wrong.
 * By the name of the file, because there may be no region to ask for its device.
 */
#define dmamap_blame_driver(vma, what) \
	pr_warn_once("driver's mmap() of %pD2: " what "\n", (vma)->vm_file)

/*
 * Puts each part on the list of its region. From then on a revoke or a reattach of that
 * region may hold the map. If a region is closed, the parts from there on are on no list.
 */
static int dmamap_attach_parts(struct dmamap_user_map *map)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		struct dmamap_user_part *part = &map->parts[i];
		bool closed;

		mutex_lock(&part->region->maps_lock);
		closed = part->region->closed;
		if (!closed)
			list_add_tail(&part->entry, &part->region->maps);
		mutex_unlock(&part->region->maps_lock);
		if (closed)
			return -ENXIO;
	}
	return 0;
}

/* Takes the parts off the lists; each reference may be the last one of its region. */
static void dmamap_detach_parts(struct dmamap_user_map *map)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		struct dmamap_user_part *part = &map->parts[i];

		mutex_lock(&part->region->maps_lock);
		list_del(&part->entry); /* also of a part that is on no list: alone in its own */
		mutex_unlock(&part->region->maps_lock);
		dmamap_region_unkeep(part->region);
	}
}

/* The file goes last, and late: fput() never ends a file inside, whatever the caller holds. */
static void dmamap_free_map(struct dmamap_user_map *map)
{
	dmamap_uncharge(map->mm, map->charged);
	mmdrop(map->mm);
	fput(map->file);
	if (map->scratch)
		__free_page(map->scratch);
	kvfree(map->segments);
	kvfree(map);
}

/* The last VMA is gone or never came, or the last dmamap_user_map_put() came after that. */
static void dmamap_end_map(struct kref *kref)
{
	struct dmamap_user_map *map = container_of(kref, struct dmamap_user_map, vmas);

	dmamap_detach_parts(map);
	dmamap_free_map(map);
}

struct dmamap_user_map *dmamap_user_map_get(struct dmamap_user_map *map)
{
	return kref_get_unless_zero(&map->vmas) ? map : NULL;
}

void dmamap_user_map_put(struct dmamap_user_map *map)
{
	kref_put(&map->vmas, dmamap_end_map);
}

/* A VMA was split or moved: the new one shares the map. */
static void dmamap_user_open(struct vm_area_struct *vma)
{
	struct dmamap_user_map *map = vma->vm_private_data;

	kref_get(&map->vmas);
}

static void dmamap_user_close(struct vm_area_struct *vma)
{
	dmamap_user_map_put(vma->vm_private_data);
}

static const struct vm_operations_struct dmamap_user_ops = {
	.open = dmamap_user_open,
	.close = dmamap_user_close,
	.fault = dmamap_user_fault,
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	.huge_fault = dmamap_user_huge_fault,
#endif
	.access = dmamap_user_access,
};

bool dmamap_is_user_map(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &dmamap_user_ops;
}

/* Mapped RAM is charged, unless this process pays for the region already. */
static bool dmamap_is_charged(const struct dmamap_region *region)
{
	return region->core.behind != DMAMAP_BEHIND_DEVICE && region->payer != current->mm;
}

/* Only pages that the VMA shows are charged: segments may go on behind its end. */
static u64 dmamap_pages_to_charge(struct vm_area_struct *vma, const struct dmamap_segment *segments,
				  unsigned int count)
{
	u64 left = vma_pages(vma), pages = 0;
	unsigned int i;

	for (i = 0; i < count && left; i++) {
		const u64 shown = min_t(u64, left, segments[i].bytes >> PAGE_SHIFT);

		left -= shown;
		if (dmamap_is_charged(segments[i].region))
			pages += shown;
	}
	return pages;
}

/* A reference for a part, if the driver has one: those of other mappings are not enough. */
static bool dmamap_keep_of_driver(struct dmamap_region *region)
{
	if (!dmamap_region_keep(region))
		return false;
	if (refcount_read(&region->drivers))
		return true;
	dmamap_region_unkeep(region);
	return false;
}

/*
 * Takes a reference on the region of each segment, before anything of it is read. A region
 * without references is put already, and its memory may be another region's. On failure
 * @count is cut to the parts that have a reference.
 */
static int dmamap_take_regions(struct vm_area_struct *vma, struct dmamap_user_map *map,
			       const struct dmamap_segment *segments, const char **why)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		struct dmamap_region *region = segments[i].region;

		if (IS_ERR_OR_NULL(region)) {
			dmamap_blame_driver(vma, "a segment has no region");
			map->count = i;
			*why = "region";
			return -EINVAL;
		}
		if (!dmamap_keep_of_driver(region)) {
			dmamap_blame_driver(vma, "a segment has a region that was put");
			map->count = i;
			*why = "put";
			return -ENXIO;
		}
		map->parts[i].region = region;
		map->parts[i].map = map;
		INIT_LIST_HEAD(&map->parts[i].entry);
	}
	return 0;
}

/* Notes which pages of its region each part shows. Caller has references on the regions. */
static void dmamap_lay_out(struct dmamap_user_map *map, const struct dmamap_segment *segments)
{
	unsigned int i;

	map->pages = true;
	for (i = 0; i < map->count; i++) {
		const struct dmamap_region *region = map->parts[i].region;

		map->segments[i].region_bytes = dmamap_size(region);
		map->segments[i].offset = segments[i].offset;
		map->segments[i].bytes = segments[i].bytes;
		map->pages &= region->core.behind == DMAMAP_BEHIND_PAGE;
	}
	dmamap_core_user_lay_out(map->segments, map->count);
}

static struct dmamap_user_map *dmamap_new_map(struct vm_area_struct *vma, unsigned int count)
{
	struct dmamap_user_map *map;

	map = kvzalloc(struct_size(map, parts, count), GFP_KERNEL);
	if (!map)
		return NULL;
	map->segments = kvcalloc(count, sizeof(*map->segments), GFP_KERNEL);
	if (!map->segments) {
		kvfree(map);
		return NULL;
	}
	kref_init(&map->vmas);
	init_rwsem(&map->lock);
	map->file = get_file(vma->vm_file);
	map->mapping = map->file->f_mapping;
	map->mm = vma->vm_mm;
	mmgrab(map->mm);
	map->base = vma->vm_pgoff;
	map->count = count;
	return map;
}

/*
 * For a program with an executable stack (READ_IMPLIES_EXEC), mmap() adds PROT_EXEC to each
 * PROT_READ. Such a program gets its mapping, but not executable. mprotect() can't make it so
 * later, because VM_MAYEXEC goes as well.
 */
static void dmamap_drop_implied_exec(struct vm_area_struct *vma)
{
	if (!(current->personality & READ_IMPLIES_EXEC) || !(vma->vm_flags & VM_READ))
		return;
	vm_flags_clear(vma, VM_EXEC);
	/* mmap() computes it again, but only after dmamap_user_fill(). */
	vma->vm_page_prot = pgprot_modify(vma->vm_page_prot, vm_get_page_prot(vma->vm_flags));
}

static int dmamap_check_segments(struct vm_area_struct *vma, const struct dmamap_user_map *map,
				 const char **why)
{
	const u32 status = dmamap_core_user_check(map->segments, map->count);

	if (status == DMAMAP_OK)
		return 0;
	dmamap_blame_driver(vma, "a segment is empty, unaligned or beyond its region");
	*why = "segment";
	return dmamap_errno(status);
}

/* The segments are right, so the process asked for too much: for what? */
static const char *dmamap_excess(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_EXEC ? "execute" : "access";
}

/* Asks the C++ side whether this mapping may be had, in plain types. */
static int dmamap_admit(struct vm_area_struct *vma, const struct dmamap_user_map *map,
			unsigned int access, const char **why)
{
	const struct dmamap_core_user_request request = {
		.bytes = vma->vm_end - vma->vm_start,
		/* Not VM_SHARED: mmap() clears that if the file can't be written. */
		.shared = !!(vma->vm_flags & VM_MAYSHARE),
		.read = !!(vma->vm_flags & VM_READ),
		.write = !!(vma->vm_flags & VM_WRITE),
		.execute = !!(vma->vm_flags & VM_EXEC),
		.may_read = !!(access & DMAMAP_USER_READ),
		.may_write = !!(access & DMAMAP_USER_WRITE),
	};

	const int err = dmamap_errno(dmamap_core_user_admit(&request, map->segments, map->count));

	if (err == -EACCES)
		*why = dmamap_excess(vma);
	else if (err)
		*why = request.shared ? "length" : "private";
	return err;
}

/* A kind is a promise of the driver to its users: a region that can't keep it is refused. */
static bool dmamap_keeps_kind(const struct dmamap_core_region *core, unsigned int access)
{
	const bool cached = core->attribute == DMAMAP_ATTR_CACHED;
	const bool separate = core->attribute == DMAMAP_ATTR_WRITE_COMBINE;
	const bool combines = separate || (core->attribute == DMAMAP_ATTR_COHERENT &&
					   dmamap_machine_combining() == DMAMAP_COMBINING_COHERENT);

	return !((access & DMAMAP_USER_CACHED && !cached) ||
		 (access & DMAMAP_USER_UNCACHED && (cached || separate)) ||
		 (access & DMAMAP_USER_WRITE_COMBINE && !combines));
}

static int dmamap_check_kind(const struct dmamap_user_map *map, unsigned int access,
			     const char **why)
{
	unsigned int i;

	for (i = 0; i < map->count; i++) {
		if (!dmamap_keeps_kind(&map->parts[i].region->core, access)) {
			*why = "promise";
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

/*
 * If every region has struct pages, pages are mapped, and may be pinned. Otherwise only
 * pfns are mapped, never a mixture: ARM's short descriptors have no special bit in PTEs, so
 * the flags of the VMA alone keep the kernel from treating these frames as pages. VM_IO is
 * set because without it madvise(MADV_DOFORK) would clear VM_DONTCOPY. VM_HUGEPAGE asks for
 * large leaves on systems that grant them by madvise() only.
 */
static void dmamap_set_flags(struct vm_area_struct *vma, const struct dmamap_user_map *map,
			     unsigned int access)
{
	vm_flags_t set = VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP;
	vm_flags_t never = VM_MAYEXEC;

	set |= map->pages ? VM_MIXEDMAP : VM_IO | VM_PFNMAP;
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) && !map->pages)
		set |= VM_HUGEPAGE;
	if (!(access & DMAMAP_USER_READ))
		never |= VM_MAYREAD;
	if (!(access & DMAMAP_USER_WRITE))
		never |= VM_MAYWRITE;
	vm_flags_mod(vma, set, never);
}

/* Charges the process, unless the driver says that this memory is not its to pay. */
static int dmamap_charge_map(struct vm_area_struct *vma, struct dmamap_user_map *map,
			     const struct dmamap_segment *segments, unsigned int access,
			     const char **why)
{
	u64 pages = 0;
	int err;

	if (!(access & DMAMAP_USER_UNCHARGED))
		pages = dmamap_pages_to_charge(vma, segments, map->count);
	err = dmamap_charge(map->mm, pages);
	if (err)
		*why = "limit";
	else
		map->charged = pages;
	return err;
}

/* All reasons to refuse that need no other CPU to know of the mapping; charges last. */
static int dmamap_prepare_map(struct vm_area_struct *vma, struct dmamap_user_map *map,
			      const struct dmamap_segment *segments, unsigned int access,
			      const char **why)
{
	int err = dmamap_take_regions(vma, map, segments, why);

	if (err)
		return err;
	dmamap_lay_out(map, segments);
	err = dmamap_check_segments(vma, map, why);
	if (!err)
		err = dmamap_admit(vma, map, access, why);
	if (!err)
		err = dmamap_check_kind(map, access, why);
	if (!err)
		err = dmamap_charge_map(vma, map, segments, access, why);
	return err;
}

/* From here on others know of the map. */
static int dmamap_publish_map(struct vm_area_struct *vma, struct dmamap_user_map *map,
			      unsigned int access, const char **why)
{
	int err = dmamap_attach_parts(map);

	*why = "revoked";
	if (err)
		return err;
	dmamap_set_flags(vma, map, access);
	vma->vm_private_data = map;
	if (map->filled_early)
		err = dmamap_user_fill(vma);
	if (!err)
		return 0;
	/* Some PTEs may exist: zap them before the references on the regions go. */
	zap_page_range_single(vma, vma->vm_start, vma->vm_end - vma->vm_start, NULL);
	vma->vm_private_data = NULL;
	if (err == -ENOMEM)
		*why = "memory";
	return err;
}

static int dmamap_make_map(struct vm_area_struct *vma, const struct dmamap_segment *segments,
			   unsigned int count, unsigned int access, const char **why)
{
	struct dmamap_user_map *map;
	int err;

	if (!count || !(access & (DMAMAP_USER_READ | DMAMAP_USER_WRITE)) ||
	    (access & ~DMAMAP_USER_ALL)) {
		dmamap_blame_driver(vma, "no segment, or no or unknown access");
		*why = "flags";
		return -EINVAL;
	}
	dmamap_drop_implied_exec(vma);
	map = dmamap_new_map(vma, count);
	if (!map) {
		*why = "memory";
		return -ENOMEM;
	}
	map->filled_early = access & DMAMAP_USER_POPULATE;
	err = dmamap_prepare_map(vma, map, segments, access, why);
	if (!err)
		err = dmamap_publish_map(vma, map, access, why);
	/* Not freed: a revoke, detach or reattach may have found the map, and holds it. */
	if (err)
		dmamap_user_map_put(map);
	return err;
}

int dmamap_mmap(struct vm_area_struct *vma, const struct dmamap_segment *segments,
		unsigned int count, unsigned int access)
{
	const char *why;
	int err = dmamap_make_map(vma, segments, count, access, &why);

	if (err) {
		trace_dmamap_map_refuse(vma, count, access, why, err);
		return err;
	}
	vma->vm_ops = &dmamap_user_ops;
	trace_dmamap_map(vma, segments, count, access);
	return 0;
}
EXPORT_SYMBOL_GPL(dmamap_mmap);
