/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as a Machine: frames, mappings, the directory, the pool's worker and
 * the gate that flips pass. The primitives themselves, which the C++ side calls, are
 * declared in dma/abi/machine.h; this header has what the other rooms of dma/glue
 * need besides. Lock order: dma/glue/region/region.h.
 */
#ifndef DMAMAP_GLUE_MACHINE_H
#define DMAMAP_GLUE_MACHINE_H

#include <linux/pgtable.h>
#include <linux/types.h>

#include "dma/abi/layer.h"

struct cma;
struct device;
struct page;

/* frames.c */

/**
 * dmamap_may_move_pages() - may the calling task wait for I/O of any kind
 *
 * To make room in one piece, pages in use are moved, under writeback after a wait. A
 * task in a scope without I/O, or without file systems, may be what that waits for.
 *
 * Context: any.
 */
bool dmamap_may_move_pages(void);

/**
 * dmamap_area_placement() - where an area of contiguous memory lies
 * @cma: the area, or NULL
 *
 * Context: any.
 * Return: an enum dmamap_cma_placement.
 */
u32 dmamap_area_placement(const struct cma *cma);

/**
 * dmamap_quarantined() - frames that a failed flip left in doubt, since boot
 *
 * Context: any.
 */
u64 dmamap_quarantined(void);

/* contiguous.c */

/**
 * struct dmamap_search - where frames in one piece may lie
 * @pages: how many
 * @align: a power of two that the pfn of the first is a multiple of
 * @end_pfn: the pfn behind the highest that may be taken
 * @node: memory node to begin with, online
 */
struct dmamap_search {
	u64 pages;
	unsigned long align;
	u64 end_pfn;
	int node;
};

/**
 * dmamap_contiguous() - frames in one piece, from where pages in use can be moved
 * @place: which frames
 *
 * Context: process, may sleep; for callers of dmamap_may_move_pages() only.
 * Return: the first page; each has a reference of its own; or NULL.
 */
struct page *dmamap_contiguous(const struct dmamap_search *search);

/* quarantine.c */

/* Runs of frames that are listed; more are only counted. */
#define DMAMAP_QUARANTINE_LISTED 64

/**
 * struct dmamap_frames - a run of frames
 * @pfn: the first
 * @pages: how many
 */
struct dmamap_frames {
	u64 pfn;
	u64 pages;
};

/**
 * dmamap_quarantine_list() - remember frames that go to quarantine
 * @pfn: first frame
 * @pages: how many
 *
 * Context: any.
 */
void dmamap_quarantine_list(u64 pfn, u64 pages);

/**
 * dmamap_quarantine_listed() - the frames in quarantine
 * @runs: room for DMAMAP_QUARANTINE_LISTED of them
 *
 * Context: any.
 * Return: how many runs there are.
 */
unsigned int dmamap_quarantine_listed(struct dmamap_frames *runs);

/* kernel_map.c */

/**
 * dmamap_pgprot() - protection of mappings with an attribute
 * @attribute: an enum dmamap_attribute
 * @prot: protection of an ordinary mapping
 *
 * Context: any.
 */
pgprot_t dmamap_pgprot(u32 attribute, pgprot_t prot);

/* directory.c */

/**
 * enum dmamap_known - what the directory knows of a frame
 * @DMAMAP_KNOWN_NOT: nothing: the layer does not have the frame
 * @DMAMAP_KNOWN_HELD: coherent, and of no live region: in the pool, or resting
 * @DMAMAP_KNOWN_UNREADY: of a region that is being made, or ends
 * @DMAMAP_KNOWN_OWNED: of a live region
 */
enum dmamap_known {
	DMAMAP_KNOWN_NOT,
	DMAMAP_KNOWN_HELD,
	DMAMAP_KNOWN_UNREADY,
	DMAMAP_KNOWN_OWNED,
};

/**
 * struct dmamap_found - a region as it was when its frame was looked up
 * @core: frames, addresses and attribute
 * @dev: its device; not counted, so only the address may be used
 *
 * The region may have ended since.
 */
struct dmamap_found {
	struct dmamap_core_region core;
	const struct device *dev;
};

/**
 * dmamap_directory_find() - the owner of a frame
 * @pfn: frame
 * @found: NULL, or the region, if there is one
 *
 * Context: any.
 * Return: what is known; only with DMAMAP_KNOWN_OWNED is @found complete.
 */
enum dmamap_known dmamap_directory_find(u64 pfn, struct dmamap_found *found);

/**
 * dmamap_directory_next() - the owner of the next frame that is known
 * @pfn: first frame to look at; in the end, the frame that is known
 * @last: last frame to look at
 * @found: NULL, or the region, if there is one
 *
 * Context: any.
 * Return: as dmamap_directory_find(); DMAMAP_KNOWN_NOT if no frame is known.
 */
enum dmamap_known dmamap_directory_next(u64 *pfn, u64 last, struct dmamap_found *found);

/**
 * dmamap_directory_counts() - frames that were flipped since boot
 * @flipped: to coherent
 * @returned: to cached; never more than @flipped
 *
 * Context: any.
 */
void dmamap_directory_counts(u64 *flipped, u64 *returned);

/* pool_worker.c */

/**
 * dmamap_pool_settle() - wait until the worker has done what was asked of it
 *
 * Context: process, may sleep.
 */
void dmamap_pool_settle(void);

/**
 * dmamap_pool_drain() - make all frames that are in no use ordinary memory
 *
 * Context: process, may sleep; passes the flip gate.
 */
void dmamap_pool_drain(void);

/**
 * dmamap_pool_empty() - the same for a caller that holds the flip gate
 *
 * Context: process, may sleep.
 */
void dmamap_pool_empty(void);

/* flip_gate.c: no flip while hibernation is decided, and none until it is over */
#ifdef CONFIG_HIBERNATION

/**
 * dmamap_flips_enter() - may frames become coherent now?
 *
 * Hibernation is not decided until dmamap_flips_leave(). The caller counts the frames
 * as coherent before that.
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY while the system hibernates.
 */
int dmamap_flips_enter(void);

/**
 * dmamap_drops_enter() - coherent frames become cached
 *
 * Hibernation is not decided until dmamap_flips_leave(), so that frames half-way are
 * counted as what they become.
 *
 * Context: process, may sleep; not inside of a flip.
 */
void dmamap_drops_enter(void);

/**
 * dmamap_drops_try_enter() - dmamap_drops_enter() without waiting
 *
 * Context: process, also inside of a flip.
 * Return: false while hibernation is decided.
 */
bool dmamap_drops_try_enter(void);

/**
 * dmamap_flips_leave() - ends what one of the three above began
 *
 * Context: process.
 */
void dmamap_flips_leave(void);

/**
 * dmamap_flips_stop() - wait for the end of all flips, and let none begin
 *
 * Polls instead of queueing as a writer: a queued writer blocks new readers, and one
 * of them may be doing the I/O that reclaim inside of a flip waits for.
 *
 * Context: process, may sleep.
 */
void dmamap_flips_stop(void);

/**
 * dmamap_flips_resume() - let flips begin again
 * @allowed: may frames become coherent, or only cached
 *
 * Context: process, after dmamap_flips_stop().
 */
void dmamap_flips_resume(bool allowed);

#else

static inline int dmamap_flips_enter(void)
{
	return 0;
}

static inline void dmamap_drops_enter(void)
{
}

static inline bool dmamap_drops_try_enter(void)
{
	return true;
}

static inline void dmamap_flips_leave(void)
{
}

#endif

#endif /* DMAMAP_GLUE_MACHINE_H */
