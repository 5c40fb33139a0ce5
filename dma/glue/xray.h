/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The X-ray: every translation that page tables have of given frames, with
 * address, attribute and verdict. TLBs can't be looked into; docs/debugfs.md
 * says what stays unseen.
 */
#ifndef DMAMAP_GLUE_XRAY_H
#define DMAMAP_GLUE_XRAY_H

#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/types.h>

struct seq_file;

/* What one entry of a page table leads to, at any level. */
struct dmamap_leaf {
	u64 pfn;
	u64 pages;
	unsigned long offset;	/* bytes behind the address of the entry */
	bool present;		/* false: the frame is named, no access gets there */
	bool cacheable;
};

/* ARM has two sections under one PMD of Linux. */
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

enum dmamap_verdict {
	DMAMAP_VERDICT_OWN,		/* a mapping of the frame's region */
	DMAMAP_VERDICT_HARMLESS,	/* not cacheable, or not present */
	DMAMAP_VERDICT_CONFLICT,	/* cacheable, of a coherent frame */
	DMAMAP_VERDICT_EXPECTED,	/* of an ordinary frame */
	DMAMAP_VERDICTS,
};

/*
 * arch/<m>/tables.c: what entries of that machine's tables mean. The functions
 * for upper levels return how many leaves an entry has; 0: none, or a table.
 * dmamap_arch_pte_leaf() is false for an entry that names no frame.
 * dmamap_arch_place() answers DMAMAP_PLACE_VMALLOC for all of vmalloc space.
 */
int dmamap_arch_pud_leaf(pud_t pud, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);
int dmamap_arch_pmd_leaves(const pmd_t *pmd, struct dmamap_leaf leaves[DMAMAP_LEAVES_MAX]);
bool dmamap_arch_pte_leaf(pte_t pte, struct dmamap_leaf *leaf);
bool dmamap_arch_pte_cacheable(pte_t pte);
enum dmamap_place dmamap_arch_place(unsigned long addr);

/**
 * struct dmamap_target - frames to look for
 * @pfn: the first
 * @pages: how many
 * @own: kernel address of their owner's mapping, or 0
 * @coherent: their owner takes them for coherent memory
 *
 * Frames of a region are judged by what the region says instead.
 */
struct dmamap_target {
	u64 pfn;
	u64 pages;
	unsigned long own;
	bool coherent;
};

/**
 * struct dmamap_sighting - one translation of frames that were looked for
 * @target: by which they were; NULL if all coherent frames were
 * @pfn: first frame
 * @pages: frames, contiguous in @addr and in @pfn
 * @addr: virtual address of the first; 0 if it has none yet, see @pid
 * @leaf_pages: what the whole entry translates: 1 for a PTE
 * @present: an access gets there
 * @cacheable: through the caches
 * @flipped: the frames are of a region that was flipped
 * @place: where @addr is
 * @verdict: what that means
 * @area_flags: of the vm_struct, in vmalloc and module space
 * @pid: process, of a user mapping and of a kmap_local of a task that doesn't
 *	run: it comes back with the task
 * @comm: name of that process
 * @vma_start: VMA of a user mapping
 * @vma_end: its end
 */
struct dmamap_sighting {
	const struct dmamap_target *target;
	u64 pfn;
	u64 pages;
	unsigned long addr;
	u64 leaf_pages;
	bool present;
	bool cacheable;
	bool flipped;
	enum dmamap_place place;
	enum dmamap_verdict verdict;
	unsigned long area_flags;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	unsigned long vma_start;
	unsigned long vma_end;
};

/**
 * struct dmamap_xray - what to look for, and how much was looked at
 * @targets: frames; NULL: those of all regions of coherent memory
 * @count: number of @targets
 * @saw: called for each translation found; must not sleep
 * @data: for @saw
 * @leaves: result: translations looked at
 * @spaces: result: address spaces of processes walked
 */
struct dmamap_xray {
	const struct dmamap_target *targets;
	unsigned int count;
	void (*saw)(const struct dmamap_sighting *sighting, void *data);
	void *data;
	u64 leaves;
	u64 spaces;
};

/**
 * dmamap_xray_kernel() - walk all page tables of the kernel, once
 * @xray: what to look for
 *
 * Context: process, may sleep; takes no lock.
 */
void dmamap_xray_kernel(struct dmamap_xray *xray);

/**
 * dmamap_xray() - walk the page tables of the kernel and of all processes, once
 * @xray: what to look for
 *
 * Context: process, may sleep; takes the mmap_lock of each process for reading.
 * Return: 0, or -EINTR after a fatal signal.
 */
int dmamap_xray(struct dmamap_xray *xray);

/* sighting.c: the words for it, and one line of text. */
const char *dmamap_place_name(enum dmamap_place place);
const char *dmamap_verdict_name(enum dmamap_verdict verdict);
void dmamap_sighting_show(struct seq_file *out, const struct dmamap_sighting *sighting);

/**
 * struct dmamap_sightings - sightings that are kept, neighbours joined
 * @kept: room for them
 * @room: number of @kept
 * @used: sightings after joining; more than @room when some did not fit
 */
struct dmamap_sightings {
	struct dmamap_sighting *kept;
	unsigned int room;
	unsigned int used;
};

/* A function for dmamap_xray.saw; @data is a struct dmamap_sightings. */
void dmamap_sightings_keep(const struct dmamap_sighting *sighting, void *data);

#endif /* DMAMAP_GLUE_XRAY_H */
