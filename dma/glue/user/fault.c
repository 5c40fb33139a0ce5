// SPDX-License-Identifier: GPL-2.0
/*
 * Filling user mappings. The memory of a region is there from the beginning and stays, so
 * a fault fills the whole page table around its address, or one large leaf where the
 * architecture has it.
 *
 * A *map* is what one dmamap_mmap() made; a *part* of it shows one segment of one region.
 * A mapping of the map may be split into several VMAs, and other processes don't inherit
 * it (VM_DONTCOPY).
 *
 * Fault against revoke. revoke.c takes a region away while other threads fault on it:
 *
 *   a fault holds, from outside in             a revoke holds
 *     mmap_lock or the VMA's lock, for reading
 *     map->lock, for reading
 *     region->revoke_lock, for reading           region->revoke_lock, for writing
 *       inserts PTEs, page table lock held         sets @revoked, zaps all PTEs,
 *                                                  takes the snapshot
 *
 * A fault that gets revoke_lock first inserts PTEs of the region, and the revoke that has
 * waited for it zaps them. A fault that gets it after the revoke sees @revoked and inserts
 * a page of what comes after: zeroes, the snapshot, or nothing (SIGBUS). In between, faults
 * sleep. So no thread ever sees a mixture: it reads the region until its PTE is zapped, then
 * waits, then reads what comes after, complete. The same lock covers accesses by debuggers
 * (dmamap_user_access()), which go through the kernel's own mapping.
 *
 * map->lock protects part->region: reattach and detach hold it for writing while a part
 * gets another region, so a fault never mixes two regions of a part.
 *
 * dmamap_user_fill() fills inside of mmap(), before the VMA can be found, with the mmap_lock
 * held for writing. Its PTEs would escape a zap that looks for VMAs of the file, so a revoke
 * waits for such an mmap() first (dmamap_wait_for_mmap()). The fill itself takes only
 * revoke_lock: a part is moved only from a revoked region, and a revoke waits for mmap()
 * before it sets @revoked.
 *
 * Neighbours of the faulting part are filled as well, but only if their revoke_lock is
 * free: a fault never waits for the revoke of a region that it did not touch.
 *
 * A fault can fail: for want of a page table, of a page of zeroes, or because the region
 * is gone. The region's own memory is never wanting.
 */
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pfn_t.h>
#include <linux/string.h>

#include "dma/glue/machine/machine.h"
#include "dma/glue/user/user_map.h"
#include "dma/glue/watch/trace.h"

/* Addresses of a VMA, page aligned. */
struct span {
	unsigned long from;
	unsigned long to;
};

/* The addresses around @address that one page table maps, inside the VMA. */
static struct span dmamap_table_span(struct vm_area_struct *vma, unsigned long address)
{
	return (struct span){
		.from = max(vma->vm_start, address & PMD_MASK),
		.to = min(vma->vm_end - 1, address | ~PMD_MASK) + 1,
	};
}

/* The addresses in @span that show @part, and the page of its region at the first. */
static struct span dmamap_part_span(struct vm_area_struct *vma, struct span span,
				    const struct dmamap_user_part *part, u64 *region_page)
{
	const pgoff_t first = dmamap_part_first(part);
	const pgoff_t end = first + dmamap_part_pages(part);
	const pgoff_t from = max(first, linear_page_index(vma, span.from));
	const pgoff_t to =
		min(end, linear_page_index(vma, span.from) + ((span.to - span.from) >> PAGE_SHIFT));

	*region_page = (part->map->segments[part - part->map->parts].offset >> PAGE_SHIFT) +
		       (from - first);
	return (struct span){
		.from = vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT),
		.to = vma->vm_start + ((to - vma->vm_pgoff) << PAGE_SHIFT),
	};
}

/*
 * As vmf_insert_pfn_prot(), for a whole span of one page table; PTEs that exist already
 * stay. Caller holds the revoke_lock of the region whose frames these are.
 */
static vm_fault_t dmamap_insert_pfns(struct vm_area_struct *vma, pmd_t *pmd, struct span span,
				     unsigned long pfn, pgprot_t prot)
{
	spinlock_t *lock;
	pte_t *table, *pte;

	/* x86: the memory type that was claimed for these frames, one for all. */
	track_pfn_insert(vma, &prot, __pfn_to_pfn_t(pfn, PFN_DEV));
	if (pte_alloc(vma->vm_mm, pmd))
		return VM_FAULT_OOM;
	table = pte_offset_map_lock(vma->vm_mm, pmd, span.from, &lock);
	if (!table)
		return VM_FAULT_NOPAGE; /* another thread has inserted a large leaf */
	arch_enter_lazy_mmu_mode();
	for (pte = table; span.from < span.to; span.from += PAGE_SIZE, pte++, pfn++)
		if (pte_none(ptep_get(pte)))
			set_pte_at(vma->vm_mm, span.from, pte, pte_mkspecial(pfn_pte(pfn, prot)));
	arch_leave_lazy_mmu_mode();
	pte_unmap_unlock(table, lock);
	return VM_FAULT_NOPAGE;
}

/*
 * Inserts struct pages, each with a reference: a pin (get_user_pages()) may outlive the
 * mapping and the region. Caller holds the revoke_lock of the region.
 */
static vm_fault_t dmamap_insert_pages(struct vm_area_struct *vma, struct span span,
				      unsigned long pfn)
{
	struct page *pages[16];

	while (span.from < span.to) {
		unsigned long count = min_t(unsigned long, ARRAY_SIZE(pages),
					    (span.to - span.from) >> PAGE_SHIFT);
		unsigned long left = count, i;
		int err;

		for (i = 0; i < count; i++)
			pages[i] = pfn_to_page(pfn + i);
		err = vm_insert_pages(vma, span.from, pages, &left);
		if (err == -EBUSY)
			left--; /* this PTE exists already: go on behind it */
		else if (err)
			return vmf_error(err);
		pfn += count - left;
		span.from += (count - left) << PAGE_SHIFT;
	}
	return VM_FAULT_NOPAGE;
}

/*
 * Inserts what @span shows of @part. Caller holds revoke_lock of the part's region, and
 * has seen that the region is not revoked.
 */
static vm_fault_t dmamap_insert_part_locked(struct vm_area_struct *vma, pmd_t *pmd,
					    struct span span, const struct dmamap_user_part *part)
{
	const struct dmamap_core_region *core = &part->region->core;
	u64 page;

	lockdep_assert_held_read(&part->region->revoke_lock);
	span = dmamap_part_span(vma, span, part, &page);
	if (part->map->pages)
		return dmamap_insert_pages(vma, span, core->pfn + page);
	return dmamap_insert_pfns(vma, pmd, span, core->pfn + page,
				  dmamap_pgprot(core->attribute, vma->vm_page_prot));
}

/*
 * Fills small segments beside the touched one, in the same page table, so that each need
 * not fault by itself. A part whose region is being revoked is left to its own fault.
 * Caller holds map->lock.
 */
static void dmamap_insert_neighbours_locked(struct vm_area_struct *vma, pmd_t *pmd,
					    struct span span, struct dmamap_user_part *touched)
{
	const pgoff_t first = linear_page_index(vma, span.from);
	const pgoff_t end = first + ((span.to - span.from) >> PAGE_SHIFT);
	struct dmamap_user_map *map = touched->map;
	struct dmamap_user_part *part;
	u64 page;

	lockdep_assert_held_read(&map->lock);
	part = dmamap_part_at(map, first, &page);
	for (; part < map->parts + map->count && dmamap_part_first(part) < end; part++) {
		struct dmamap_region *region = part->region;

		if (part == touched || !down_read_trylock(&region->revoke_lock))
			continue;
		if (!region->revoked)
			dmamap_insert_part_locked(vma, pmd, span, part);
		up_read(&region->revoke_lock);
	}
}

/*
 * The page of zeroes that a map shows after a revoke. Each map has its own, because the
 * process may write to it. Faults of several threads may race: one page wins.
 */
static struct page *dmamap_scratch_page(struct dmamap_user_map *map)
{
	struct page *page = READ_ONCE(map->scratch), *other;

	if (page)
		return page;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return NULL;
	other = cmpxchg(&map->scratch, NULL, page);
	if (other)
		__free_page(page);
	return other ?: page;
}

/*
 * The page that a part shows in place of page @region_page of its revoked region. Caller
 * holds revoke_lock of that region.
 */
static struct page *dmamap_page_after_locked(const struct dmamap_user_part *part, u64 region_page)
{
	const struct dmamap_region *region = part->region;
	struct page *page;

	lockdep_assert_held_read(&region->revoke_lock);
	switch (region->after) {
	case DMAMAP_AFTER_ZERO:
		page = dmamap_scratch_page(part->map);
		return page ?: ERR_PTR(-ENOMEM);
	case DMAMAP_AFTER_SNAPSHOT:
		return region->snapshot[region_page];
	default:
		return ERR_PTR(-EFAULT);
	}
}

/*
 * Inserts one page of what comes after a revoked region. Caller holds revoke_lock of that
 * region, and map->lock.
 */
static vm_fault_t dmamap_fault_after_locked(struct vm_fault *vmf,
					    const struct dmamap_user_part *part, u64 region_page)
{
	struct page *page = dmamap_page_after_locked(part, region_page);
	const struct span one = {
		.from = vmf->address & PAGE_MASK,
		.to = (vmf->address & PAGE_MASK) + PAGE_SIZE,
	};

	lockdep_assert_held_read(&part->map->lock);
	if (IS_ERR(page))
		return vmf_error(PTR_ERR(page));
	if (part->map->pages)
		return dmamap_insert_pages(vmf->vma, one, page_to_pfn(page));
	return dmamap_insert_pfns(vmf->vma, vmf->pmd, one, page_to_pfn(page),
				  vmf->vma->vm_page_prot);
}

vm_fault_t dmamap_user_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct dmamap_user_map *map = vma->vm_private_data;
	const struct span span = dmamap_table_span(vma, vmf->address);
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct dmamap_user_part *part;
	struct dmamap_region *region;
	u64 page;

	down_read(&map->lock);
	part = dmamap_part_at(map, vmf->pgoff, &page);
	if (!part)
		goto out;
	region = part->region;

	/* A revoke that begins now waits for this lock, and then zaps these PTEs. */
	down_read(&region->revoke_lock);
	ret = region->revoked ? dmamap_fault_after_locked(vmf, part, page) :
				dmamap_insert_part_locked(vma, vmf->pmd, span, part);
	up_read(&region->revoke_lock);
	if (ret == VM_FAULT_NOPAGE)
		dmamap_insert_neighbours_locked(vma, vmf->pmd, span, part);
	trace_dmamap_fault(vmf, region->core.pfn + page, ret);
out:
	up_read(&map->lock);
	return ret;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* Does a large leaf at @address lie in the VMA and in one part, with a frame aligned to it? */
static bool dmamap_leaf_fits(struct vm_area_struct *vma, unsigned long address,
			     const struct dmamap_user_part *part, unsigned long *pfn)
{
	const struct span leaf = { address & PMD_MASK, (address & PMD_MASK) + PMD_SIZE };
	struct span shown;
	u64 page;

	if (leaf.from < vma->vm_start || leaf.to > vma->vm_end || leaf.to < leaf.from)
		return false;
	shown = dmamap_part_span(vma, leaf, part, &page);
	*pfn = part->region->core.pfn + page;
	return shown.from == leaf.from && shown.to == leaf.to &&
	       IS_ALIGNED(*pfn, PMD_SIZE >> PAGE_SHIFT);
}

/*
 * Would a large leaf get the region's attribute? vmf_insert_pfn_pmd() takes the VMA's own
 * protection, so that is true only where the kernel knows the memory type of the frames
 * (x86), or where the memory is cached anyway.
 */
static bool dmamap_leaf_has_prot(struct vm_area_struct *vma, const struct dmamap_region *region,
				 unsigned long pfn)
{
	const pgprot_t wanted = dmamap_pgprot(region->core.attribute, vma->vm_page_prot);
	pgprot_t tracked = vma->vm_page_prot;

	track_pfn_insert(vma, &tracked, __pfn_to_pfn_t(pfn, PFN_DEV));
	return pgprot_val(tracked) == pgprot_val(wanted);
}

/*
 * Inserts one large leaf around the address, or returns VM_FAULT_FALLBACK; *@pfn is its
 * first frame. Caller holds map->lock for reading, or fills inside of mmap().
 */
static vm_fault_t dmamap_insert_leaf(struct vm_fault *vmf, const struct dmamap_user_part *part,
				     bool write, unsigned long *pfn)
{
	struct dmamap_region *region = part->region;
	vm_fault_t ret = VM_FAULT_FALLBACK;

	if (part->map->pages || !dmamap_leaf_fits(vmf->vma, vmf->address, part, pfn))
		return VM_FAULT_FALLBACK;
	down_read(&region->revoke_lock);
	if (!region->revoked && dmamap_leaf_has_prot(vmf->vma, region, *pfn))
		ret = vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(*pfn, PFN_DEV), write);
	up_read(&region->revoke_lock);
	return ret;
}

vm_fault_t dmamap_user_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct dmamap_user_map *map = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_FALLBACK;
	struct dmamap_user_part *part;
	unsigned long pfn;
	u64 page;

	if (order != PMD_ORDER)
		return VM_FAULT_FALLBACK;
	down_read(&map->lock);
	part = dmamap_part_at(map, vmf->pgoff, &page);
	if (part)
		ret = dmamap_insert_leaf(vmf, part, vmf->flags & FAULT_FLAG_WRITE, &pfn);
	if (ret == VM_FAULT_NOPAGE)
		trace_dmamap_fault(vmf, pfn, ret);
	up_read(&map->lock);
	return ret;
}

/* Inserts a large leaf as a fault would; a process may have asked for no large pages. */
static vm_fault_t dmamap_fill_leaf(struct vm_area_struct *vma, pmd_t *pmd, unsigned long address,
				   const struct dmamap_user_part *part)
{
	struct vm_fault vmf = { .vma = vma, .address = address, .pmd = pmd };
	unsigned long pfn;

	if (!pmd_none(*pmd) || vma_thp_disabled(vma, vma->vm_flags))
		return VM_FAULT_FALLBACK;
	return dmamap_insert_leaf(&vmf, part, vma->vm_flags & VM_WRITE, &pfn);
}
#else
static vm_fault_t dmamap_fill_leaf(struct vm_area_struct *vma, pmd_t *pmd, unsigned long address,
				   const struct dmamap_user_part *part)
{
	return VM_FAULT_FALLBACK;
}
#endif

/* The PMD for an address. Allocates the tables above it, as the kernel does for a fault. */
static pmd_t *dmamap_pmd_at(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d = p4d_alloc(mm, pgd, address);
	pud_t *pud = p4d ? pud_alloc(mm, p4d, address) : NULL;

	return pud ? pmd_alloc(mm, pud, address) : NULL;
}

/* Fills what one page table maps of a part, inside of mmap(). */
static vm_fault_t dmamap_fill_table(struct vm_area_struct *vma, pmd_t *pmd, struct span span,
				    struct dmamap_user_part *part)
{
	struct dmamap_region *region = part->region;
	vm_fault_t ret;

	down_read(&region->revoke_lock);
	ret = region->revoked ? VM_FAULT_SIGBUS : dmamap_insert_part_locked(vma, pmd, span, part);
	up_read(&region->revoke_lock);
	return ret;
}

/* Caller holds the mmap_lock for writing, inside of mmap(): see the top of this file. */
int dmamap_user_fill(struct vm_area_struct *vma)
{
	struct dmamap_user_map *map = vma->vm_private_data;
	unsigned long address = vma->vm_start;
	vm_fault_t ret = VM_FAULT_NOPAGE;
	u64 page;

	lockdep_assert_held_write(&vma->vm_mm->mmap_lock);
	while (address < vma->vm_end && ret == VM_FAULT_NOPAGE) {
		struct dmamap_user_part *part =
			dmamap_part_at(map, linear_page_index(vma, address), &page);
		const struct span span = dmamap_table_span(vma, address);
		pmd_t *pmd = dmamap_pmd_at(vma->vm_mm, address);

		if (!pmd)
			return -ENOMEM;
		ret = dmamap_fill_leaf(vma, pmd, address, part);
		if (ret == VM_FAULT_FALLBACK)
			ret = dmamap_fill_table(vma, pmd, span, part);
		address = dmamap_part_span(vma, span, part, &page).to;
	}
	if (ret == VM_FAULT_NOPAGE)
		return 0;
	return ret & VM_FAULT_OOM ? -ENOMEM : -ENXIO;
}

/*
 * Reads or writes through the kernel's own mapping of the region, for debuggers. Caller
 * holds revoke_lock of the region, which is not revoked.
 */
static void dmamap_copy_live_locked(const struct dmamap_region *region, u64 offset, void *buffer,
				    int bytes, bool write)
{
	const bool io = region->core.strategy == DMAMAP_STRATEGY_ADOPTED;
	void *kernel = dmamap_cpu_addr(region) + offset;

	lockdep_assert_held_read(&region->revoke_lock);
	if (io && write)
		memcpy_toio((void __iomem *)kernel, buffer, bytes);
	else if (io)
		memcpy_fromio(buffer, (void __iomem *)kernel, bytes);
	else if (write)
		memcpy(kernel, buffer, bytes);
	else
		memcpy(buffer, kernel, bytes);
}

/* The same for a revoked region. Caller holds revoke_lock of the region, and map->lock. */
static int dmamap_copy_after_locked(const struct dmamap_user_part *part, u64 offset, void *buffer,
				    int bytes, bool write)
{
	struct page *page = dmamap_page_after_locked(part, offset >> PAGE_SHIFT);

	lockdep_assert_held_read(&part->map->lock);
	if (IS_ERR(page))
		return PTR_ERR(page);
	if (write)
		memcpy_to_page(page, offset_in_page(offset), buffer, bytes);
	else
		memcpy_from_page(buffer, page, offset_in_page(offset), bytes);
	return bytes;
}

int dmamap_user_access(struct vm_area_struct *vma, unsigned long address, void *buffer, int bytes,
		       int write)
{
	struct dmamap_user_map *map = vma->vm_private_data;
	struct dmamap_user_part *part;
	int ret = -EFAULT;
	u64 page, offset;

	lockdep_assert_held(&vma->vm_mm->mmap_lock);
	/* A debugger may do only what the process may do; get_user_pages() would force it. */
	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EACCES;
	down_read(&map->lock);
	part = dmamap_part_at(map, linear_page_index(vma, address), &page);
	if (part) {
		offset = (page << PAGE_SHIFT) + offset_in_page(address);
		bytes = min_t(u64, bytes, PAGE_SIZE - offset_in_page(address));
		down_read(&part->region->revoke_lock);
		if (part->region->revoked) {
			ret = dmamap_copy_after_locked(part, offset, buffer, bytes, write);
		} else {
			dmamap_copy_live_locked(part->region, offset, buffer, bytes, write);
			ret = bytes;
		}
		up_read(&part->region->revoke_lock);
	}
	up_read(&map->lock);
	return ret;
}
