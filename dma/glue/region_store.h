/* SPDX-License-Identifier: GPL-2.0 */
/*
 * region_store.c: where regions are from the first step of an allocation to the last
 * of a release, and whole ones rest until somebody wants such a one again.
 */
#ifndef DMAMAP_GLUE_REGION_STORE_H
#define DMAMAP_GLUE_REGION_STORE_H

#include "dma/glue/region.h"

/**
 * dmamap_store_new() - a region that has no memory yet
 * @dev: whose it will be; a reference is taken
 * @gfp: may it sleep
 *
 * It counts from dmamap_store_begin() on.
 *
 * Context: any, with a fitting @gfp.
 * Return: the region, or NULL.
 */
struct dmamap_region *dmamap_store_new(struct device *dev, gfp_t gfp);

/**
 * dmamap_store_wake() - a region that rested: its memory is coherent, mapped and zero
 * @dev: whose it will be; a reference is taken
 * @bytes: of the region, not 0
 *
 * It counts from dmamap_store_begin() on.
 *
 * Context: any.
 * Return: the region, or NULL if none of that many pages rests in reach of @dev.
 */
struct dmamap_region *dmamap_store_wake(struct device *dev, size_t bytes);

/* It is complete: it can be found, and counts. Context: any. */
void dmamap_store_begin(struct dmamap_region *region);
/* From here on it is not found, and does not count. Context: any. */
void dmamap_store_end(struct dmamap_region *region);

/**
 * dmamap_store_rest() - keep an ended region with its memory
 * @region: nobody has it; it belongs to the store afterwards
 *
 * Context: any.
 * Return: false if its memory is not of the pool, or too much rests already: the
 * caller has it still.
 */
bool dmamap_store_rest(struct dmamap_region *region);

/* Takes back a region that has no memory any more. Context: any. */
void dmamap_store_drop(struct dmamap_region *region);

/**
 * dmamap_store_tend() - zero what rests; give back what nobody has wanted lately
 *
 * Context: process. One at a time.
 */
void dmamap_store_tend(void);

/* Gives the memory of all that rests back to the pool. Context: any. */
void dmamap_store_empty(void);

/* Pages of what rests: nobody uses them. Context: any. */
u64 dmamap_store_resting(void);

#endif /* DMAMAP_GLUE_REGION_STORE_H */
