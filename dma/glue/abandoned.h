/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_GLUE_ABANDONED_H
#define DMAMAP_GLUE_ABANDONED_H

#include <linux/types.h>

struct dmamap_region;

/*
 * The last reference of @region is gone. True if its device may still write to it:
 * the region is kept then, until dmamap_device_stopped(). Context: any.
 */
bool dmamap_keep_abandoned(struct dmamap_region *region);

/* Frames of such regions, for debugfs. Context: any. */
u64 dmamap_abandoned_frames(void);

#endif /* DMAMAP_GLUE_ABANDONED_H */
