/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The view of the layer from above: counts, the X-ray and its audits, the lines of
 * debugfs. Nothing in dma/glue/region and dma/glue/machine includes this header; they
 * reach only steps.h and trace.h of this room.
 *
 * The X-ray finds every translation that page tables have of given frames, with
 * address, attribute and verdict. TLBs can't be looked into; docs/debugfs.md says what
 * stays unseen.
 */
#ifndef DMAMAP_GLUE_WATCH_H
#define DMAMAP_GLUE_WATCH_H

#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "arch/arch.h"

struct dentry;
struct dmamap_region;
struct seq_file;

/* counts.c */

/**
 * struct dmamap_counts - counts for debugfs and tests
 * @regions: live
 * @frames_coherent: flipped, of regions and of the pool
 * @frames_in_pool: of those, in no use
 * @frames_flipped: flips to coherent since boot
 * @frames_returned: flips to cached since boot
 * @refused: allocations that failed since boot
 */
struct dmamap_counts {
	u64 regions;
	u64 frames_coherent;
	u64 frames_in_pool;
	u64 frames_flipped;
	u64 frames_returned;
	u64 refused;
};

/**
 * dmamap_counts() - count regions and frames now
 * @counts: the result; its members are read one after the other
 *
 * Context: any.
 */
void dmamap_counts(struct dmamap_counts *counts);

/* xray.c */

/* The meaning of a translation for its frame. */
enum dmamap_verdict {
	DMAMAP_VERDICT_OWN,		/* a mapping of the frame's region */
	DMAMAP_VERDICT_HARMLESS,	/* not cacheable, or not present */
	DMAMAP_VERDICT_CONFLICT,	/* cacheable, of a coherent frame */
	DMAMAP_VERDICT_EXPECTED,	/* of an ordinary frame */
	DMAMAP_VERDICTS,
};

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
 * @target: the target that asked for the frames; NULL if all coherent frames are sought
 * @pfn: first frame
 * @pages: frames, contiguous in @addr and in @pfn
 * @addr: virtual address of the first; 0 if it has none yet, see @pid
 * @leaf_pages: what the whole entry translates: 1 for a PTE
 * @present: an access gets there
 * @cacheable: through the caches
 * @flipped: the frames are of a region that was flipped
 * @place: where @addr is
 * @verdict: what the translation means
 * @area_flags: of the vm_struct, in vmalloc and module space
 * @pid: process, of a user mapping, and of a kmap_local of a task that doesn't run:
 *	that mapping comes back with the task
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

/* sighting.c */

/**
 * struct dmamap_walk - where a walk of page tables is
 * @xray: what is looked for
 * @mm: address space whose tables are walked; NULL: the kmap_local slots of a task
 * @vma: in tables of a process; NULL in tables of the kernel
 * @pid: of the process; 0 in no process
 * @comm: name of the process
 * @first: first address to walk
 * @last: last address to walk
 */
struct dmamap_walk {
	struct dmamap_xray *xray;
	struct mm_struct *mm;
	const struct vm_area_struct *vma;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	unsigned long first, last;
};

/**
 * dmamap_see() - say what a walk found
 * @walk: where the walk is
 * @leaf: the translation
 * @addr: virtual address of @leaf
 * @pfn: first frame that was looked for in @leaf
 * @last: the last one
 * @target: the target that asked for these frames; NULL if all coherent ones are sought
 *
 * Context: any.
 */
void dmamap_see(const struct dmamap_walk *walk, const struct dmamap_leaf *leaf,
		unsigned long addr, u64 pfn, u64 last, const struct dmamap_target *target);

/**
 * dmamap_place_name() - word for a place
 * @place: where a translation is
 *
 * Context: any.
 */
const char *dmamap_place_name(enum dmamap_place place);

/**
 * dmamap_verdict_name() - word for a verdict
 * @verdict: what a translation means
 *
 * Context: any.
 */
const char *dmamap_verdict_name(enum dmamap_verdict verdict);

/**
 * dmamap_sighting_show() - one line of text
 * @out: file of debugfs
 * @sighting: what was seen
 *
 * Context: process.
 */
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

/**
 * dmamap_sightings_keep() - keep a sighting; a function for dmamap_xray.saw
 * @sighting: what was seen
 * @data: a struct dmamap_sightings
 *
 * Context: any.
 */
void dmamap_sightings_keep(const struct dmamap_sighting *sighting, void *data);

/* audit.c */

/**
 * struct dmamap_audit - what the page tables say of coherent frames
 * @leaves: translations looked at
 * @translations: of flipped frames, the regions' own mappings included
 * @cacheable: of flipped or adopted frames, and conflicting: must be 0
 * @user: of flipped frames, in processes; part of @translations
 * @spaces: address spaces of processes looked at
 */
struct dmamap_audit {
	u64 leaves;
	u64 translations;
	u64 cacheable;
	u64 user;
	u64 spaces;
};

/**
 * dmamap_audit_kernel() - audit all page tables of the kernel
 * @audit: the result
 *
 * Context: process, may sleep; takes no lock.
 */
void dmamap_audit_kernel(struct dmamap_audit *audit);

/**
 * dmamap_audit_all() - audit the page tables of the kernel and of all processes
 * @audit: the result
 *
 * Context: process, may sleep; takes the mmap_lock of each process for reading.
 * Return: 0, or -EINTR after a fatal signal.
 */
int dmamap_audit_all(struct dmamap_audit *audit);

/**
 * struct dmamap_region_audit - what the page tables say of one region
 * @region: with a reference
 * @aliases: frames of it with a cacheable translation, counted once for each
 *	translation: must be 0. Those of a snooping device are cached by
 *	design and have none.
 */
struct dmamap_region_audit {
	struct dmamap_region *region;
	u64 aliases;
};

/**
 * struct dmamap_region_audits - what the page tables say of each region
 * @room: how many regions @each has room for
 * @count: how many regions there were
 * @each: the regions, as many as there is room for
 */
struct dmamap_region_audits {
	unsigned int room;
	unsigned int count;
	struct dmamap_region_audit each[];
};

/**
 * dmamap_audit_regions() - audit all page tables for each live region, in one walk
 *
 * Context: process, may sleep; takes the mmap_lock of each process for reading.
 * Return: to be ended with dmamap_audit_regions_end(); -ENOMEM, or -EINTR after a
 * fatal signal.
 */
struct dmamap_region_audits *dmamap_audit_regions(void);

/**
 * dmamap_audit_regions_end() - drop the references on the regions
 * @all: what dmamap_audit_regions() gave
 *
 * Context: process, may sleep: a reference may be the last.
 */
void dmamap_audit_regions_end(struct dmamap_region_audits *all);

/* explain.c */

/**
 * dmamap_explain_regions() - a line for each region, its aliases counted now
 * @out: file of debugfs
 *
 * Context: process, may sleep; takes the mmap_lock of each process for reading.
 * Return: 0, -ENOMEM, or -EINTR after a fatal signal.
 */
int dmamap_explain_regions(struct seq_file *out);

/* xray_debugfs.c */

/**
 * dmamap_xray_debugfs() - add the files of the X-ray
 * @dir: the layer's directory in debugfs
 *
 * Context: process, may sleep.
 */
void dmamap_xray_debugfs(struct dentry *dir);

#endif /* DMAMAP_GLUE_WATCH_H */
