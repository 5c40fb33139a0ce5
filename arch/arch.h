/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that a machine supplies to the kernel, each name once. arch/<m>/ defines them:
 *
 *   machine.c   the primitives, dmamap_machine_*(): the only caller of the machine's own
 *   tables.c    what entries of its page tables mean, dmamap_arch_*()
 *   kunit/plant.c  translations that only it can make, for tests: dmamap_plant_*()
 *   backend.h   for C++: BoardStrategy, in namespace dmamap, the strategy of
 *               dma/strategy that this kernel's configuration chose
 *
 * docs/porting.md has the rest of the folder, and the order in which to write it.
 * The primitives parse as C11 and as C++; what speaks of page tables is for kernel C.
 */
#ifndef DMAMAP_ARCH_H
#define DMAMAP_ARCH_H

#include "dma/abi/types.h"

DMAMAP_C_BEGIN

/*
 * Primitives. What the layer rests on stands at the Machine concept in
 * dma/core/machine.h; here is what a caller in C must know. A run of frames is
 * (pfn, pages). Functions that can fail return enum dmamap_status and have changed
 * nothing then.
 */

/**
 * dmamap_machine_is_kernel_memory() - is part of a run memory that the kernel uses?
 * @pfn: first frame
 * @pages: frames
 *
 * Memory that was kept from the kernel, and device memory, is not: it may be adopted.
 * pfn_valid() does not tell, because it can be true for both.
 *
 * Context: process.
 * Return: 0 if no frame is, else another number.
 */
u32 dmamap_machine_is_kernel_memory(u64 pfn, u64 pages);

/**
 * dmamap_machine_cpu() - has this CPU what coherent memory needs?
 *
 * Asked when the kernel runs, because one kernel starts on CPUs of many kinds. The
 * probe of each strategy refuses a CPU that lacks something.
 *
 * Context: any.
 * Return: enum dmamap_cpu_fit; the same at each call.
 */
u32 dmamap_machine_cpu(void);

/**
 * dmamap_machine_unit() - what is flipped as a whole
 *
 * The pages behind one entry of the linear map, if it is made of large pages that
 * must not be split.
 *
 * Context: any.
 * Return: pages, a power of two; the same at each call.
 */
u32 dmamap_machine_unit(void);

/**
 * dmamap_machine_chunk() - what the pool flips at a time
 *
 * Context: any.
 * Return: pages, a multiple of dmamap_machine_unit(), from 64 to 1024; the same at each
 *	call.
 */
u32 dmamap_machine_chunk(void);

/**
 * dmamap_machine_combining() - which memory gathers writes
 *
 * Context: any.
 * Return: enum dmamap_combining; the same at each call.
 */
u32 dmamap_machine_combining(void);

/**
 * dmamap_machine_linear() - what the linear map's page table says of a frame
 * @pfn: a frame that has a struct page
 *
 * Context: any.
 * Return: enum dmamap_linear.
 */
u32 dmamap_machine_linear(u64 pfn);

/**
 * dmamap_machine_set_linear() - edit the linear map's entry of one unit
 * @pfn: first frame, aligned to @pages
 * @pages: dmamap_machine_unit()
 * @linear: enum dmamap_linear, what the entry becomes
 *
 * The page table only: TLBs may hold the old translation until
 * dmamap_machine_purge_linear() has returned.
 *
 * Context: process, may sleep.
 * Return: DMAMAP_NODEV if the machine can't make the entry that, DMAMAP_NOMEM for lack
 *	of memory.
 */
u32 dmamap_machine_set_linear(u64 pfn, u64 pages, u32 linear);

/**
 * dmamap_machine_purge_linear() - take a run's linear translations out of all TLBs
 * @pfn: first frame
 * @pages: frames
 *
 * Returns when no CPU has, or still uses, what dmamap_machine_set_linear() replaced.
 *
 * Context: process, interrupts on: other CPUs may have to be interrupted.
 */
void dmamap_machine_purge_linear(u64 pfn, u64 pages);

/**
 * dmamap_machine_purge_local_maps() - take slots of kmap_local_page() out of all TLBs
 *
 * kunmap_local() may have purged the TLB of its own CPU only, while others could load
 * the slot as long as it was mapped. Where it purges all, or where such mappings are
 * the linear map, this does nothing.
 *
 * Context: process, interrupts on: other CPUs may have to be interrupted.
 */
void dmamap_machine_purge_local_maps(void);

/**
 * dmamap_machine_claim() - record the attribute of a run
 * @pfn: first frame
 * @pages: frames
 * @attribute: DMAMAP_ATTR_COHERENT or DMAMAP_ATTR_WRITE_COMBINE
 *
 * Where the kernel keeps such records, and derives the attributes of later mappings
 * from them; elsewhere it does nothing.
 *
 * Context: process, may sleep.
 * Return: DMAMAP_BUSY if another attribute is recorded, DMAMAP_NODEV if the machine
 *	has none such.
 */
u32 dmamap_machine_claim(u64 pfn, u64 pages, u32 attribute);

/**
 * dmamap_machine_release() - forget what dmamap_machine_claim() recorded
 * @pfn: first frame
 * @pages: frames
 *
 * Context: process, may sleep.
 */
void dmamap_machine_release(u64 pfn, u64 pages);

/**
 * dmamap_machine_flush() - write back and invalidate all lines of a run
 * @pfn: first frame
 * @pages: frames
 * @addr: kernel address of the region's own, uncached mapping of them
 *
 * In every cache between CPU and device, whichever address the lines came in by, and
 * through a translation by which none can come back. Each call is counted, by
 * dmamap_count_flush() of dma/abi/steps.h.
 *
 * Context: process.
 */
void dmamap_machine_flush(u64 pfn, u64 pages, u64 addr);

/**
 * dmamap_machine_barrier() - order flushes and stores before what comes next
 *
 * All that was flushed or stored uncached has reached memory, for CPU and device.
 *
 * Context: any.
 */
void dmamap_machine_barrier(void);

DMAMAP_C_END

#if defined(__KERNEL__) && !defined(__cplusplus)

#include <linux/pgtable.h>

/**
 * struct dmamap_leaf - what one entry of a page table leads to, at any level
 * @pfn: first frame
 * @pages: frames
 * @offset: bytes behind the address of the entry
 * @present: false: the frame is named, no access gets there
 * @cacheable: through the caches
 */
struct dmamap_leaf {
	u64 pfn;
	u64 pages;
	unsigned long offset;
	bool present;
	bool cacheable;
};

/* One PMD of Linux may be a pair of entries of the hardware. */
#define DMAMAP_LEAVES_MAX 2

/* Where a translation is. */
enum dmamap_place {
	DMAMAP_PLACE_LINEAR,		/* the linear map */
	DMAMAP_PLACE_IMAGE,		/* the kernel's image, where it has a map of its own */
	DMAMAP_PLACE_MODULE,
	DMAMAP_PLACE_VMAP,		/* vmap() */
	DMAMAP_PLACE_VMALLOC,		/* vmalloc() */
	DMAMAP_PLACE_IOREMAP,
	DMAMAP_PLACE_DMA,		/* what stock dma_alloc_coherent() maps */
	DMAMAP_PLACE_NO_AREA,		/* vmalloc space, but no vm_struct: vm_map_ram() */
	DMAMAP_PLACE_PKMAP,
	DMAMAP_PLACE_KMAP_LOCAL,
	DMAMAP_PLACE_FIXMAP,
	DMAMAP_PLACE_USER,
	DMAMAP_PLACE_ELSEWHERE,
	DMAMAP_PLACES,
};

/**
 * dmamap_arch_pud_leaf() - what a PUD leads to
 * @pud: the entry, as it was read; may be none
 * @leaves: result
 *
 * As the hardware takes it, where that differs from pud_present() and its like.
 *
 * Context: any; takes no lock.
 * Return: leaves; 0 for a table, and for an entry that names no frame.
 */
int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);

/**
 * dmamap_arch_pmd_leaves() - what a PMD leads to
 * @pmd: the entry in its table; may be none
 * @leaves: result
 *
 * Context: any; takes no lock, and the entry may change meanwhile.
 * Return: leaves; 0 for a table, and for an entry that names no frame.
 */
int dmamap_arch_pmd_leaves(const pmd_t *pmd, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);

/**
 * dmamap_arch_pte_leaf() - what a PTE leads to
 * @pte: the entry, not pte_none()
 * @leaf: result: all but pages and offset
 *
 * Context: any; takes no lock.
 * Return: false for an entry that names no frame.
 */
bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf);

/**
 * dmamap_arch_pte_cacheable() - does a PTE's attribute let lines into a cache?
 * @pte: an entry that names a frame
 *
 * Context: any.
 * Return: true for write-through, too.
 */
bool dmamap_arch_pte_cacheable(pte_t pte);

/**
 * dmamap_arch_mapped_as() - has a kernel mapping the attribute that it was asked for with?
 * @addr: an address that is mapped
 * @prot: the protection that was asked for
 *
 * Where the kernel derives the attribute of a mapping from a record of the memory, what
 * another driver recorded wins, and ioremap() tells nobody.
 *
 * Context: any; takes no lock.
 */
bool dmamap_arch_mapped_as(unsigned long addr, pgprot_t prot);

/**
 * dmamap_arch_place() - in which part of the kernel's half an address is
 * @addr: of the kernel
 *
 * Context: any.
 * Return: DMAMAP_PLACE_VMALLOC for all of vmalloc space, whoever has the area;
 *	DMAMAP_PLACE_ELSEWHERE for what has no name.
 */
enum dmamap_place dmamap_arch_place(unsigned long addr);

/*
 * For tests only: aliases that the layer would never make, for the X-ray to find. No
 * access goes through one.
 */

/**
 * dmamap_plant_large() - put a cacheable large leaf over a frame
 * @addr: kernel address, aligned to PMD_SIZE, whose page table is empty
 * @pfn: the frame
 * @present: false: as an entry looks when a large page was made not present
 *
 * Context: process.
 * Return: the address at which the frame is seen, or 0 if the machine has no such
 *	entries. If not 0, dmamap_unplant_large() has to follow.
 */
unsigned long dmamap_plant_large(unsigned long addr, u64 pfn, bool present);

/**
 * dmamap_unplant_large() - undo dmamap_plant_large()
 * @addr: the same
 *
 * Context: process.
 */
void dmamap_unplant_large(unsigned long addr);

/**
 * dmamap_plant_fixmap() - map a frame cacheable in a fixmap slot that is not in use
 * @pfn: the frame
 *
 * Context: process.
 * Return: its address. dmamap_unplant_fixmap() has to follow.
 */
unsigned long dmamap_plant_fixmap(u64 pfn);

/**
 * dmamap_unplant_fixmap() - undo dmamap_plant_fixmap()
 *
 * Context: process.
 */
void dmamap_unplant_fixmap(void);

/**
 * dmamap_stock_pages() - the most that stock dma_alloc_coherent() can allocate here
 *
 * Context: any.
 * Return: pages; ULONG_MAX if nothing but memory limits it.
 */
unsigned long dmamap_stock_pages(void);

#endif /* __KERNEL__ && !__cplusplus */

#endif /* DMAMAP_ARCH_H */
