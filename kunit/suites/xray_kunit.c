// SPDX-License-Identifier: GPL-2.0
/*
 * Aliases planted in the kernel's tables are found, with kind and verdict. What
 * a board can't have is skipped there, with the reason.
 */
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include <asm/tlbflush.h>

#include "dma/abi/machine.h"
#include "kunit/suites/plant.h"
#include "kunit/suites/xray.h"

/* The linear map has an absent or uncached translation of it, or none at all. */
static void a_region_has_its_own_mapping_alone(struct kunit *test)
{
	struct xray_bed *bed = xray_frame(test, ((struct xray_bed *)test->priv)->pfn);
	const unsigned long own = (unsigned long)dmamap_cpu_addr(bed->region);
	const struct dmamap_sighting *at = xray_at(test, own, 0);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, at);
	KUNIT_EXPECT_STREQ(test, dmamap_verdict_name(at->verdict), "own");
	KUNIT_EXPECT_STREQ(test, dmamap_place_name(at->place), "vmap");
	KUNIT_EXPECT_TRUE(test, at->area_flags & VM_MAP);
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_OWN), 1);
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), 0);
	for (i = 0; i < bed->seen.used; i++)
		if (bed->kept[i].verdict != DMAMAP_VERDICT_OWN)
			KUNIT_EXPECT_STREQ(test, dmamap_place_name(bed->kept[i].place),
					   "linear");
}

struct vmap_case {
	const char *what;
	u32 attribute;
	bool conflict;
};

static const struct vmap_case vmaps[] = {
	{ "cached", DMAMAP_ATTR_CACHED, true },
	{ "coherent", DMAMAP_ATTR_COHERENT, false },
	{ "write-combining", DMAMAP_ATTR_WRITE_COMBINE, false },
	{ "device", DMAMAP_ATTR_UNCACHED, false },
};

KUNIT_ARRAY_PARAM_DESC(vmap, vmaps, what);

static void a_vmap_is_judged_by_its_attribute(struct kunit *test)
{
	const struct vmap_case *how = test->param_value;
	struct xray_bed *bed = test->priv;
	void *alias = vmap(&bed->page, 1, VM_MAP, dmamap_pgprot(how->attribute, PAGE_KERNEL));

	KUNIT_ASSERT_NOT_NULL(test, alias);
	xray_frame(test, bed->pfn);
	if (how->conflict)
		xray_conflict(test, (unsigned long)alias, 0, DMAMAP_PLACE_VMAP);
	else
		xray_harmless(test, (unsigned long)alias, 0, DMAMAP_PLACE_VMAP);
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), how->conflict);
	vunmap(alias);
	vm_unmap_aliases();
}

static void a_vmap_of_several_frames_is_seen_for_each(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	/* Not in order: each is at an address of its own. */
	struct page *pages[] = { bed->page + 2, bed->page, bed->page + 1 };
	const struct dmamap_target target = { .pfn = bed->pfn, .pages = 4 };
	void *alias = vmap(pages, ARRAY_SIZE(pages), VM_MAP, PAGE_KERNEL);
	const struct dmamap_sighting *at;
	struct dmamap_audit audit;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, alias);
	xray_target(test, &target);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		const unsigned long addr = (unsigned long)alias + i * PAGE_SIZE;

		at = xray_conflict(test, addr, 0, DMAMAP_PLACE_VMAP);
		if (at)
			KUNIT_EXPECT_EQ(test, at->pfn + ((addr - at->addr) >> PAGE_SHIFT),
					page_to_pfn(pages[i]));
	}
	dmamap_audit_kernel(&audit);
	KUNIT_EXPECT_EQ(test, audit.cacheable, ARRAY_SIZE(pages));
	/* The fourth is not among them. */
	xray_frame(test, bed->pfn + 3);
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), 0);
	vunmap(alias);
	vm_unmap_aliases();
}

static void a_vm_map_ram_has_no_area(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	void *alias = vm_map_ram(&bed->page, 1, NUMA_NO_NODE);

	KUNIT_ASSERT_NOT_NULL(test, alias);
	xray_frame(test, bed->pfn);
	xray_conflict(test, (unsigned long)alias, 0, DMAMAP_PLACE_NO_AREA);
	vm_unmap_ram(alias, 1);
	vm_unmap_aliases();
}

/* PTEs in areas that are reserved for something else. */
static void plant_in_area(struct kunit *test, struct vm_struct *area, pgprot_t prot,
			  enum dmamap_place place, bool conflict)
{
	struct xray_bed *bed = test->priv;
	const unsigned long addr = (unsigned long)area->addr;

	KUNIT_EXPECT_EQ(test, plant_pte(addr, bed->pfn, prot), 0);
	xray_frame(test, bed->pfn);
	if (conflict)
		xray_conflict(test, addr, 0, place);
	else
		xray_harmless(test, addr, 0, place);
	unplant_pte(addr);
	free_vm_area(area);
}

static void a_cached_pte_in_ioremap_space_conflicts(struct kunit *test)
{
	struct vm_struct *area = get_vm_area(PAGE_SIZE, VM_IOREMAP);

	KUNIT_ASSERT_NOT_NULL(test, area);
	plant_in_area(test, area, PAGE_KERNEL, DMAMAP_PLACE_IOREMAP, true);
}

static void a_device_pte_in_ioremap_space_is_harmless(struct kunit *test)
{
	struct vm_struct *area = get_vm_area(PAGE_SIZE, VM_IOREMAP);

	KUNIT_ASSERT_NOT_NULL(test, area);
	plant_in_area(test, area, dmamap_pgprot(DMAMAP_ATTR_UNCACHED, PAGE_KERNEL),
		      DMAMAP_PLACE_IOREMAP, false);
}

static void a_pte_in_an_area_of_vmalloc_conflicts(struct kunit *test)
{
	struct vm_struct *area = get_vm_area(PAGE_SIZE, VM_ALLOC);

	KUNIT_ASSERT_NOT_NULL(test, area);
	plant_in_area(test, area, PAGE_KERNEL, DMAMAP_PLACE_VMALLOC, true);
}

#ifdef MODULES_VADDR
static void a_pte_in_module_space_conflicts(struct kunit *test)
{
	struct vm_struct *area = __get_vm_area_caller(PAGE_SIZE, VM_ALLOC, MODULES_VADDR,
						      MODULES_END, NULL);

	KUNIT_ASSERT_NOT_NULL(test, area);
	plant_in_area(test, area, PAGE_KERNEL, DMAMAP_PLACE_MODULE, true);
}
#else
static void a_pte_in_module_space_conflicts(struct kunit *test)
{
	kunit_skip(test, "modules lie in vmalloc space here");
}
#endif

static void a_restored_linear_pte_conflicts(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	const u32 before = dmamap_machine_linear(bed->pfn);
	const u64 unit = dmamap_machine_unit();
	const u64 first = round_down(bed->pfn, unit);

	if (before == DMAMAP_LINEAR_NONE)
		kunit_skip(test, "highmem has no linear translation to restore");
	KUNIT_EXPECT_EQ(test, dmamap_machine_set_linear(first, unit, DMAMAP_LINEAR_CACHED),
			DMAMAP_OK);
	xray_frame(test, bed->pfn);
	xray_conflict(test, (unsigned long)page_address(bed->page), 0, DMAMAP_PLACE_LINEAR);
	KUNIT_EXPECT_EQ(test, dmamap_machine_set_linear(first, unit, before), DMAMAP_OK);
	dmamap_machine_purge_linear(first, unit);
}

/* An aligned address whose page table exists and is empty. */
static struct vm_struct *large_area(struct kunit *test, unsigned long *addr)
{
	struct vm_struct *area = get_vm_area(2 * PMD_SIZE, VM_IOREMAP);

	KUNIT_ASSERT_NOT_NULL(test, area);
	*addr = ALIGN((unsigned long)area->addr, PMD_SIZE);
	KUNIT_EXPECT_EQ(test, apply_to_page_range(&init_mm, *addr, PAGE_SIZE, NULL, NULL), 0);
	return area;
}

static void a_large_leaf_over_the_frame_conflicts(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	const struct dmamap_sighting *at;
	unsigned long addr, seen_at;
	struct vm_struct *area = large_area(test, &addr);

	seen_at = dmamap_plant_large(addr, bed->pfn + 1, true);
	if (!seen_at) {
		free_vm_area(area);
		kunit_skip(test, "page tables have no large pages here");
	}
	xray_frame(test, bed->pfn + 1);
	at = xray_conflict(test, seen_at, 0, DMAMAP_PLACE_IOREMAP);
	if (at) {
		KUNIT_EXPECT_GT(test, at->leaf_pages, 1);
		KUNIT_EXPECT_EQ(test, at->pages, 1);
	}
	dmamap_unplant_large(addr);
	free_vm_area(area);
}

static void a_large_leaf_that_is_not_present_is_harmless(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	const struct dmamap_sighting *at;
	unsigned long addr, seen_at;
	struct vm_struct *area = large_area(test, &addr);

	seen_at = dmamap_plant_large(addr, bed->pfn + 1, false);
	if (!seen_at) {
		free_vm_area(area);
		kunit_skip(test, "nobody takes large pages away whole here");
	}
	xray_frame(test, bed->pfn + 1);
	at = xray_at(test, seen_at, 0);
	if (at) {
		KUNIT_EXPECT_FALSE(test, at->present);
		KUNIT_EXPECT_STREQ(test, dmamap_verdict_name(at->verdict), "harmless");
	}
	dmamap_unplant_large(addr);
	free_vm_area(area);
}

static void a_fixmap_conflicts(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	const unsigned long addr = dmamap_plant_fixmap(bed->pfn);

	xray_frame(test, bed->pfn);
	xray_conflict(test, addr, 0, DMAMAP_PLACE_FIXMAP);
	dmamap_unplant_fixmap();
}

static char in_image[PAGE_SIZE] __aligned(PAGE_SIZE);

static void the_image_is_seen_beside_the_linear_map(struct kunit *test)
{
	const phys_addr_t phys = __pa_symbol(in_image);
	/* As if its owner had made it coherent. */
	const struct dmamap_target target = {
		.pfn = PHYS_PFN(phys), .pages = 1, .coherent = true,
	};

	if (dmamap_arch_place((unsigned long)in_image) != DMAMAP_PLACE_IMAGE)
		kunit_skip(test, "the kernel's image is part of the linear map");
	xray_target(test, &target);
	xray_conflict(test, (unsigned long)in_image, 0, DMAMAP_PLACE_IMAGE);
	xray_conflict(test, (unsigned long)__va(phys), 0, DMAMAP_PLACE_LINEAR);
}

static void ordinary_memory_is_expected_everywhere(struct kunit *test)
{
	void *memory = vmalloc(PAGE_SIZE);
	const struct dmamap_sighting *at;
	struct xray_bed *bed;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	bed = xray_frame(test, vmalloc_to_pfn(memory));
	at = xray_at(test, (unsigned long)memory, 0);
	if (at) {
		KUNIT_EXPECT_STREQ(test, dmamap_place_name(at->place), "vmalloc");
		KUNIT_EXPECT_STREQ(test, dmamap_verdict_name(at->verdict), "expected");
	}
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), 0);
	vfree(memory);
}

/*
 * The X-ray can't see a TLB: after vunmap() the TLB may still translate, but
 * the PTE is gone, and the kernel keeps only the address. That is why a flip
 * calls vm_unmap_aliases().
 */
static void a_lazily_freed_vmap_is_not_seen(struct kunit *test)
{
	struct xray_bed *bed = test->priv;
	void *alias = vmap(&bed->page, 1, VM_MAP, PAGE_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, alias);
	xray_frame(test, bed->pfn);
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), 1);
	vunmap(alias);
	xray_frame(test, bed->pfn);
	KUNIT_EXPECT_EQ(test, xray_count(bed, DMAMAP_VERDICT_CONFLICT), 0);
	vm_unmap_aliases();
}

static struct kunit_case xray_cases[] = {
	KUNIT_CASE(a_region_has_its_own_mapping_alone),
	KUNIT_CASE_PARAM(a_vmap_is_judged_by_its_attribute, vmap_gen_params),
	KUNIT_CASE(a_vmap_of_several_frames_is_seen_for_each),
	KUNIT_CASE(a_vm_map_ram_has_no_area),
	KUNIT_CASE(a_cached_pte_in_ioremap_space_conflicts),
	KUNIT_CASE(a_device_pte_in_ioremap_space_is_harmless),
	KUNIT_CASE(a_pte_in_an_area_of_vmalloc_conflicts),
	KUNIT_CASE(a_pte_in_module_space_conflicts),
	KUNIT_CASE(a_restored_linear_pte_conflicts),
	KUNIT_CASE(a_large_leaf_over_the_frame_conflicts),
	KUNIT_CASE(a_large_leaf_that_is_not_present_is_harmless),
	KUNIT_CASE(a_fixmap_conflicts),
	KUNIT_CASE(the_image_is_seen_beside_the_linear_map),
	KUNIT_CASE(ordinary_memory_is_expected_everywhere),
	KUNIT_CASE(a_lazily_freed_vmap_is_not_seen),
	{}
};

static struct kunit_suite xray_suite = {
	.name = "dmamap-xray",
	.init = xray_init,
	.exit = xray_exit,
	.test_cases = xray_cases,
};
kunit_test_suite(xray_suite);
