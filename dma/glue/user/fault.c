// SPDX-License-Identifier: GPL-2.0
/*
 * Filling user mappings. The memory is there and stays, so a fault fills the
 * whole page table that it needs, or one large leaf where the architecture has it.
 */
#include <linux/highmem.h>
#include <linux/io.h>
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

/* What one page table maps around @address, inside the VMA. */
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

/* As vmf_insert_pfn_prot(), for what is not there yet of one page table. */
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
		return VM_FAULT_NOPAGE; /* a large leaf came in between */
	arch_enter_lazy_mmu_mode();
	for (pte = table; span.from < span.to; span.from += PAGE_SIZE, pte++, pfn++)
		if (pte_none(ptep_get(pte)))
			set_pte_at(vma->vm_mm, span.from, pte, pte_mkspecial(pfn_pte(pfn, prot)));
	arch_leave_lazy_mmu_mode();
	pte_unmap_unlock(table, lock);
	return VM_FAULT_NOPAGE;
}

/* Each with a reference: a pin may outlive the mapping and the region. */
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
			left--; /* that one is there */
		else if (err)
			return vmf_error(err);
		pfn += count - left;
		span.from += (count - left) << PAGE_SHIFT;
	}
	return VM_FAULT_NOPAGE;
}

/* The caller has region->revoke_lock, and the region is not revoked. */
static vm_fault_t dmamap_insert_part(struct vm_area_struct *vma, pmd_t *pmd, struct span span,
				     const struct dmamap_user_part *part)
{
	const struct dmamap_core_region *core = &part->region->core;
	u64 page;

	span = dmamap_part_span(vma, span, part, &page);
	if (part->map->pages)
		return dmamap_insert_pages(vma, span, core->pfn + page);
	return dmamap_insert_pfns(vma, pmd, span, core->pfn + page,
				  dmamap_pgprot(core->attribute, vma->vm_page_prot));
}

/* Small segments beside the one that was touched; what is busy will fault itself. */
static void dmamap_insert_neighbours(struct vm_area_struct *vma, pmd_t *pmd, struct span span,
				     struct dmamap_user_part *touched)
{
	const pgoff_t first = linear_page_index(vma, span.from);
	const pgoff_t end = first + ((span.to - span.from) >> PAGE_SHIFT);
	struct dmamap_user_map *map = touched->map;
	struct dmamap_user_part *part;
	u64 page;

	part = dmamap_part_at(map, first, &page);
	for (; part < map->parts + map->count && dmamap_part_first(part) < end; part++) {
		struct dmamap_region *region = part->region;

		if (part == touched || !down_read_trylock(&region->revoke_lock))
			continue;
		if (!region->revoked)
			dmamap_insert_part(vma, pmd, span, part);
		up_read(&region->revoke_lock);
	}
}

/* Zeroes of its own for a process whose region is gone. */
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

/* What a driver wants to be seen when the region is gone. */
static struct page *dmamap_page_after(const struct dmamap_user_part *part, u64 region_page)
{
	const struct dmamap_region *region = part->region;
	struct page *page;

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

static vm_fault_t dmamap_fault_after(struct vm_fault *vmf, const struct dmamap_user_part *part,
				     u64 region_page)
{
	struct page *page = dmamap_page_after(part, region_page);
	const struct span one = {
		.from = vmf->address & PAGE_MASK,
		.to = (vmf->address & PAGE_MASK) + PAGE_SIZE,
	};

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

	/* A revoke that has begun waits for us, and then zaps what we insert. */
	down_read(&region->revoke_lock);
	ret = region->revoked ? dmamap_fault_after(vmf, part, page) :
				dmamap_insert_part(vma, vmf->pmd, span, part);
	up_read(&region->revoke_lock);
	if (ret == VM_FAULT_NOPAGE)
		dmamap_insert_neighbours(vma, vmf->pmd, span, part);
	trace_dmamap_fault(vmf, region->core.pfn + page, ret);
out:
	up_read(&map->lock);
	return ret;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
/* The leaf at @address, if it lies in the VMA and in one part, and its frame fits. */
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
 * vmf_insert_pfn_pmd() takes the VMA's own protection, so only where the kernel
 * knows the memory type of the frames (x86) or the memory is cached anyway.
 */
static bool dmamap_leaf_has_prot(struct vm_area_struct *vma, const struct dmamap_region *region,
				 unsigned long pfn)
{
	const pgprot_t wanted = dmamap_pgprot(region->core.attribute, vma->vm_page_prot);
	pgprot_t tracked = vma->vm_page_prot;

	track_pfn_insert(vma, &tracked, __pfn_to_pfn_t(pfn, PFN_DEV));
	return pgprot_val(tracked) == pgprot_val(wanted);
}

/* One large leaf around the address, or VM_FAULT_FALLBACK; *@pfn: its first frame. */
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

/* As a fault would, unless the process wants no large pages. */
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

static pmd_t *dmamap_pmd_at(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d = p4d_alloc(mm, pgd, address);
	pud_t *pud = p4d ? pud_alloc(mm, p4d, address) : NULL;

	return pud ? pmd_alloc(mm, pud, address) : NULL;
}

/* What one page table maps of a part. */
static vm_fault_t dmamap_fill_table(struct vm_area_struct *vma, pmd_t *pmd, struct span span,
				    struct dmamap_user_part *part)
{
	struct dmamap_region *region = part->region;
	vm_fault_t ret;

	down_read(&region->revoke_lock);
	ret = region->revoked ? VM_FAULT_SIGBUS : dmamap_insert_part(vma, pmd, span, part);
	up_read(&region->revoke_lock);
	return ret;
}

int dmamap_user_fill(struct vm_area_struct *vma)
{
	struct dmamap_user_map *map = vma->vm_private_data;
	unsigned long address = vma->vm_start;
	vm_fault_t ret = VM_FAULT_NOPAGE;
	u64 page;

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

/* What the kernel's own mapping of the region shows; for debuggers. */
static void dmamap_copy_live(const struct dmamap_region *region, u64 offset, void *buffer,
			     int bytes, bool write)
{
	const bool io = region->core.strategy == DMAMAP_STRATEGY_ADOPTED;
	void *kernel = dmamap_cpu_addr(region) + offset;

	if (io && write)
		memcpy_toio((void __iomem *)kernel, buffer, bytes);
	else if (io)
		memcpy_fromio(buffer, (void __iomem *)kernel, bytes);
	else if (write)
		memcpy(kernel, buffer, bytes);
	else
		memcpy(buffer, kernel, bytes);
}

static int dmamap_copy_after(const struct dmamap_user_part *part, u64 offset, void *buffer,
			     int bytes, bool write)
{
	struct page *page = dmamap_page_after(part, offset >> PAGE_SHIFT);

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

	/* A debugger may do what the process may do: get_user_pages() would force. */
	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EACCES;
	down_read(&map->lock);
	part = dmamap_part_at(map, linear_page_index(vma, address), &page);
	if (part) {
		offset = (page << PAGE_SHIFT) + offset_in_page(address);
		bytes = min_t(u64, bytes, PAGE_SIZE - offset_in_page(address));
		down_read(&part->region->revoke_lock);
		if (part->region->revoked) {
			ret = dmamap_copy_after(part, offset, buffer, bytes, write);
		} else {
			dmamap_copy_live(part->region, offset, buffer, bytes, write);
			ret = bytes;
		}
		up_read(&part->region->revoke_lock);
	}
	up_read(&map->lock);
	return ret;
}
