/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_SUITE_FIGURES_H
#define DMAMAP_SUITE_FIGURES_H

#include <linux/types.h>

struct device;
struct seq_file;

/* figures.c: instructions of one call of @once, of @loops. The clock is calibrated. */
u64 figures_instructions(void (*once)(void *data), void *data, u32 loops);

/* map_figures.c: lines "map.WAY.KEY VALUE"; 0 or an errno. */
int figures_show_maps(struct seq_file *out, struct device *dev);

#endif /* DMAMAP_SUITE_FIGURES_H */
