/* SPDX-License-Identifier: GPL-2.0 */
/* Which frames are in quarantine; how many, says dmamap_quarantined(). */
#ifndef DMAMAP_GLUE_QUARANTINE_H
#define DMAMAP_GLUE_QUARANTINE_H

#include <linux/types.h>

#include "dma/glue/xray.h"

/* What is listed; more are only counted. */
#define DMAMAP_QUARANTINE_LISTED 64

/**
 * dmamap_quarantine_list() - remember frames that go to quarantine
 * @pfn: first frame
 * @pages: how many
 *
 * Context: any.
 */
void dmamap_quarantine_list(u64 pfn, u64 pages);

/**
 * dmamap_quarantine_listed() - frames in quarantine, as targets of an X-ray
 * @targets: room for DMAMAP_QUARANTINE_LISTED of them
 *
 * Context: any.
 * Return: how many there are.
 */
unsigned int dmamap_quarantine_listed(struct dmamap_target *targets);

#endif /* DMAMAP_GLUE_QUARANTINE_H */
