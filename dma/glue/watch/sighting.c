// SPDX-License-Identifier: GPL-2.0
/*
 * The meaning of a translation that the X-ray finds: where it is, whether it is the own
 * mapping of the frames' region, and the verdict. The rule is in dmamap_judge(): a present,
 * cacheable translation of a coherent frame is a conflict.
 */
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/region/region.h"
#include "dma/glue/user/user_map.h"
#include "dma/glue/watch/watch.h"

/* The flags of a vm_struct tell which function mapped it. */
static enum dmamap_place dmamap_place_of_area(unsigned long flags)
{
	if (flags & VM_IOREMAP)
		return DMAMAP_PLACE_IOREMAP;
	if (flags & VM_DMA_COHERENT)
		return DMAMAP_PLACE_DMA;
	if (flags & VM_ALLOC)
		return DMAMAP_PLACE_VMALLOC;
	return DMAMAP_PLACE_VMAP;
}

/*
 * Reads the flags of the area around an address in vmalloc or module space. Other CPUs may
 * free the area meanwhile, and no lock prevents that, so the read must survive a fault.
 * If the area is still known afterwards, the flags were its own.
 */
static void dmamap_find_area(struct dmamap_sighting *sighting)
{
	const void *addr = (const void *)sighting->addr;
	const struct vm_struct *area = find_vm_area(addr);
	unsigned long flags = 0;

	if (!area || copy_from_kernel_nofault(&flags, &area->flags, sizeof(flags)) ||
	    find_vm_area(addr) != area) {
		if (sighting->place == DMAMAP_PLACE_VMALLOC)
			sighting->place = DMAMAP_PLACE_NO_AREA;
		return;
	}
	sighting->area_flags = flags;
	if (sighting->place == DMAMAP_PLACE_VMALLOC)
		sighting->place = dmamap_place_of_area(flags);
}

/* A walk without mm is over the kmap_local slots of a task, which have no address yet. */
static void dmamap_find_place(struct dmamap_sighting *sighting, const struct dmamap_walk *walk)
{
	sighting->pid = walk->pid;
	strscpy(sighting->comm, walk->comm);
	if (walk->vma) {
		sighting->place = DMAMAP_PLACE_USER;
		sighting->vma_start = walk->vma->vm_start;
		sighting->vma_end = walk->vma->vm_end;
		return;
	}
	if (!walk->mm) {
		sighting->place = DMAMAP_PLACE_KMAP_LOCAL;
		return;
	}
	sighting->place = dmamap_arch_place(sighting->addr);
	if (sighting->place == DMAMAP_PLACE_VMALLOC || sighting->place == DMAMAP_PLACE_MODULE)
		dmamap_find_area(sighting);
}

/*
 * Is this the region's own mapping? In a process, every mapping that dmamap_mmap() made is.
 * In the kernel there is one, at a known address: the region's, or the one that a target
 * names for frames of no region (stock allocations beside the layer).
 */
static bool dmamap_is_own(const struct dmamap_sighting *sighting, const struct dmamap_walk *walk,
			  const struct dmamap_core_region *region,
			  const struct dmamap_target *target)
{
	u64 first = region ? region->pfn : 0, own = region ? region->cpu : 0;

	if (walk->vma)
		return region && dmamap_is_user_map(walk->vma);
	if (!region && target) {
		first = target->pfn;
		own = target->own;
	}
	return own && sighting->addr == own + ((sighting->pfn - first) << PAGE_SHIFT);
}

static enum dmamap_verdict dmamap_judge(const struct dmamap_sighting *sighting, bool is_coherent,
					bool own)
{
	if (is_coherent && sighting->present && sighting->cacheable)
		return DMAMAP_VERDICT_CONFLICT;
	if (own)
		return DMAMAP_VERDICT_OWN;
	return is_coherent ? DMAMAP_VERDICT_HARMLESS : DMAMAP_VERDICT_EXPECTED;
}

/*
 * Tells what is known about frames @pfn to @last of a leaf, which all belong to @region, or
 * to the pool (@held), or to neither. Frames of neither are told only if @target asks for
 * them.
 */
static void dmamap_tell(const struct dmamap_walk *walk, const struct dmamap_leaf *leaf,
			unsigned long addr, u64 pfn, u64 last,
			const struct dmamap_core_region *region, bool held,
			const struct dmamap_target *target)
{
	const bool is_coherent = region ? region->strategy != DMAMAP_STRATEGY_SNOOPED :
					  held || (target && target->coherent);
	struct dmamap_sighting sighting = {
		.target = target,
		.pfn = pfn,
		.pages = last - pfn + 1,
		.addr = addr,
		.leaf_pages = leaf->pages,
		.present = leaf->present,
		.cacheable = leaf->cacheable,
		.flipped = held || (region && dmamap_core_flipped(region)),
	};

	if (!target && !is_coherent)
		return;
	/* Without an address for the first frame, there is none for any other. */
	if (walk->mm)
		sighting.addr += (pfn - leaf->pfn) << PAGE_SHIFT;
	dmamap_find_place(&sighting, walk);
	sighting.verdict = dmamap_judge(&sighting, is_coherent,
					dmamap_is_own(&sighting, walk, region, target));
	walk->xray->saw(&sighting, walk->xray->data);
}

/*
 * Cuts the frames of a leaf into runs of one owner each. The directory is asked without a
 * lock: a run is judged by what its owner was at that moment.
 */
void dmamap_see(const struct dmamap_walk *walk, const struct dmamap_leaf *leaf, unsigned long addr,
		u64 pfn, u64 last, const struct dmamap_target *target)
{
	struct dmamap_found found;
	enum dmamap_known known;
	u64 at, end;

	while (pfn <= last) {
		at = pfn;
		known = dmamap_directory_next(&at, last, &found);
		if (known == DMAMAP_KNOWN_NOT)
			at = last + 1;
		if (at > pfn && target)
			dmamap_tell(walk, leaf, addr, pfn, at - 1, NULL, false, target);
		if (known == DMAMAP_KNOWN_NOT)
			break;
		/* Of a frame that is held, or not ready, no run is known: one at a time. */
		end = known == DMAMAP_KNOWN_OWNED ?
			      min(last, found.core.pfn + found.core.pages - 1) :
			      at;
		dmamap_tell(walk, leaf, addr, at, end,
			    known == DMAMAP_KNOWN_OWNED ? &found.core : NULL,
			    known == DMAMAP_KNOWN_HELD, target);
		pfn = end + 1;
	}
}

const char *dmamap_place_name(enum dmamap_place place)
{
	static const char *const names[] = {
		[DMAMAP_PLACE_LINEAR] = "linear",
		[DMAMAP_PLACE_IMAGE] = "image",
		[DMAMAP_PLACE_MODULE] = "module",
		[DMAMAP_PLACE_VMAP] = "vmap",
		[DMAMAP_PLACE_VMALLOC] = "vmalloc",
		[DMAMAP_PLACE_IOREMAP] = "ioremap",
		[DMAMAP_PLACE_DMA] = "dma",
		[DMAMAP_PLACE_NO_AREA] = "no-area",
		[DMAMAP_PLACE_PKMAP] = "pkmap",
		[DMAMAP_PLACE_KMAP_LOCAL] = "kmap_local",
		[DMAMAP_PLACE_FIXMAP] = "fixmap",
		[DMAMAP_PLACE_USER] = "user",
		[DMAMAP_PLACE_ELSEWHERE] = "elsewhere",
	};

	return place < ARRAY_SIZE(names) ? names[place] : "unknown";
}

const char *dmamap_verdict_name(enum dmamap_verdict verdict)
{
	static const char *const names[] = {
		[DMAMAP_VERDICT_OWN] = "own",
		[DMAMAP_VERDICT_HARMLESS] = "harmless",
		[DMAMAP_VERDICT_CONFLICT] = "CONFLICT",
		[DMAMAP_VERDICT_EXPECTED] = "expected",
	};

	return verdict < ARRAY_SIZE(names) ? names[verdict] : "unknown";
}

/* Flags that say how an area was mapped, by their names in linux/vmalloc.h. */
static void dmamap_show_area(struct seq_file *out, unsigned long flags)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} known[] = {
		{ VM_IOREMAP, "VM_IOREMAP" },
		{ VM_ALLOC, "VM_ALLOC" },
		{ VM_MAP, "VM_MAP" },
		{ VM_SPARSE, "VM_SPARSE" },
		{ VM_USERMAP, "VM_USERMAP" },
		{ VM_DMA_COHERENT, "VM_DMA_COHERENT" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (flags & known[i].flag)
			seq_printf(out, " %s", known[i].name);
}

void dmamap_sighting_show(struct seq_file *out, const struct dmamap_sighting *sighting)
{
	const u64 leaf = sighting->leaf_pages << PAGE_SHIFT;

	seq_printf(out, "%#lx pfn %#llx pages %llu %s by %llu%c %s %s", sighting->addr,
		   sighting->pfn, sighting->pages,
		   !sighting->present  ? "absent" :
		   sighting->cacheable ? "cached" :
					 "uncached",
		   leaf >= SZ_1M ? leaf >> 20 : leaf >> 10, leaf >= SZ_1M ? 'M' : 'K',
		   dmamap_verdict_name(sighting->verdict), dmamap_place_name(sighting->place));
	dmamap_show_area(out, sighting->area_flags);
	if (sighting->pid)
		seq_printf(out, " pid %d %s", sighting->pid, sighting->comm);
	if (sighting->vma_end)
		seq_printf(out, " vma %#lx-%#lx", sighting->vma_start, sighting->vma_end);
	seq_putc(out, '\n');
}

/* Do two sightings differ in nothing but that @b begins where @a ends? */
static bool dmamap_sightings_join(const struct dmamap_sighting *a, const struct dmamap_sighting *b)
{
	return a->target == b->target && a->pfn + a->pages == b->pfn &&
	       a->addr + (a->pages << PAGE_SHIFT) == b->addr && a->leaf_pages == b->leaf_pages &&
	       a->present == b->present && a->cacheable == b->cacheable && a->place == b->place &&
	       a->verdict == b->verdict && a->area_flags == b->area_flags && a->pid == b->pid &&
	       a->vma_start == b->vma_start;
}

void dmamap_sightings_keep(const struct dmamap_sighting *sighting, void *data)
{
	struct dmamap_sightings *list = data;
	struct dmamap_sighting *before = NULL;

	if (list->used && list->used <= list->room)
		before = &list->kept[list->used - 1];
	if (before && dmamap_sightings_join(before, sighting)) {
		before->pages += sighting->pages;
		return;
	}
	if (list->used < list->room)
		list->kept[list->used] = *sighting;
	list->used++;
}
