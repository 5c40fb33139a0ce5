/* SPDX-License-Identifier: GPL-2.0 */
/* Counts what the X-ray sees of coherent frames. */
#ifndef DMAMAP_GLUE_AUDIT_H
#define DMAMAP_GLUE_AUDIT_H

#include <linux/types.h>

#include "dma/glue/xray.h"

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
 * struct dmamap_region_audits - what they say of each region
 * @room: room for so many
 * @count: regions that there were
 * @each: of them
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

#endif /* DMAMAP_GLUE_AUDIT_H */
