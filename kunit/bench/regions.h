/* SPDX-License-Identifier: GPL-2.0 */
/* Regions for the benchmark: made in C, as the glue knows them; looked up from C++. */
#ifndef BENCH_REGIONS_H
#define BENCH_REGIONS_H

#include "dma/abi/layer.h"

DMAMAP_C_BEGIN

struct bench_region;

/*
 * One after another from a physical address on, in one array, as a slab has them.
 * NULL: no memory.
 */
struct bench_region *bench_make_regions(u64 count);
/* The directory has all of them from then on, or none of them any more. */
bool bench_publish(struct bench_region *regions, u64 at, u64 pfn, u64 pages);
void bench_withdraw(struct bench_region *regions, u64 at);
void bench_free_regions(struct bench_region *regions);
/* Whether the directory knows one of a range of frames. */
bool bench_knows(u64 first, u64 last);

const struct dmamap_core_region *bench_core(const struct bench_region *regions, u64 at);
const void *bench_device(void);

/* dma_map_to_pfn(): 0 and the frame, or a negative errno. */
int bench_resolve(u64 cpu, u64 bus, u64 *pfn);

DMAMAP_C_END

#endif /* BENCH_REGIONS_H */
