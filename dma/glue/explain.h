/* SPDX-License-Identifier: GPL-2.0 */
/* What a region is for and why it has its strategy, for logs and debugfs. */
#ifndef DMAMAP_GLUE_EXPLAIN_H
#define DMAMAP_GLUE_EXPLAIN_H

#include "dmamap.h"

struct seq_file;

/**
 * dmamap_copy_name() - name of a region
 * @region: region
 * @name: the name, or "-" for a region that has none
 *
 * Context: any.
 */
void dmamap_copy_name(const struct dmamap_region *region, char name[DMAMAP_NAME_BYTES]);

/**
 * dmamap_reason() - why a region has its strategy
 * @region: region
 *
 * Context: any.
 * Return: half a sentence, without full stop.
 */
const char *dmamap_reason(const struct dmamap_region *region);

/**
 * dmamap_announce() - say the strategy of a region in the log, and why
 * @region: new region
 *
 * Without the number of its aliases: the page tables of all processes would be
 * walked for it at each allocation; who asks finds it in debugfs.
 *
 * Once for each device and strategy, until the driver leaves the device. A
 * device without a driver has no log line; debugfs has the same words. Not for
 * regions that are made where nobody may sleep: a console may be slow there, or
 * what its driver has a lock of.
 *
 * Context: process, may sleep.
 */
void dmamap_announce(const struct dmamap_region *region);

/**
 * dmamap_explain_regions() - a line for each region, its aliases counted now
 * @out: file of debugfs
 *
 * Context: process, may sleep; takes the mmap_lock of each process for reading.
 * Return: 0, -ENOMEM, or -EINTR after a fatal signal.
 */
int dmamap_explain_regions(struct seq_file *out);

#endif /* DMAMAP_GLUE_EXPLAIN_H */
