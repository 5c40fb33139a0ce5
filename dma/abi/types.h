/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plain types of the boundary between C and C++. Parses as C11 in the kernel
 * and as C++; neither side sees the other's headers.
 */
#ifndef DMAMAP_ABI_TYPES_H
#define DMAMAP_ABI_TYPES_H

#ifdef __cplusplus
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define DMAMAP_C_BEGIN extern "C" {
#define DMAMAP_C_END }
#else
#include <linux/types.h>
#define DMAMAP_C_BEGIN
#define DMAMAP_C_END
#endif

/*
 * Errors cross the boundary under these names, because errno numbers differ
 * between architectures (EOVERFLOW has two).
 * Order and meaning as dmamap::Errno; dma/glue/region/status.c has the errno of each.
 */
enum dmamap_status {
	DMAMAP_OK,
	DMAMAP_INVAL,
	DMAMAP_OVERFLOW,
	DMAMAP_NOMEM,
	DMAMAP_IO,
	DMAMAP_BUSY,
	DMAMAP_NODEV,
	DMAMAP_NOENT,
	DMAMAP_FAULT,
	DMAMAP_ACCESS,
	DMAMAP_NXIO,
};

/* Linear-map state of a frame: dmamap::Linear. */
enum dmamap_linear {
	DMAMAP_LINEAR_NONE,
	DMAMAP_LINEAR_ABSENT,
	DMAMAP_LINEAR_UNCACHED,
	DMAMAP_LINEAR_CACHED,
};

/* Cache attribute of a region: dmamap::Attribute. */
enum dmamap_attribute {
	DMAMAP_ATTR_CACHED,
	DMAMAP_ATTR_COHERENT,
	DMAMAP_ATTR_UNCACHED,
	DMAMAP_ATTR_WRITE_COMBINE,
};

/* Which memory gathers writes. */
enum dmamap_combining {
	DMAMAP_COMBINING_NONE,
	DMAMAP_COMBINING_COHERENT,	/* all coherent memory */
	DMAMAP_COMBINING_SEPARATE,	/* memory with DMAMAP_ATTR_WRITE_COMBINE */
};

/* Where CMA lies: dmamap::CmaPlacement. */
enum dmamap_cma_placement {
	DMAMAP_CMA_NONE,
	DMAMAP_CMA_LOWMEM,
	DMAMAP_CMA_HIGHMEM,
	DMAMAP_CMA_UNUSABLE,
};

/* Fitness of the CPU for coherent memory: dmamap::CpuFit. */
enum dmamap_cpu_fit {
	DMAMAP_CPU_FIT,
	DMAMAP_CPU_IGNORES_UNCACHED,
	DMAMAP_CPU_KEEPS_LINES,
	DMAMAP_CPU_ALIASES,
};

/* How far to go for frames: dmamap::Reach. */
enum dmamap_take_flag {
	DMAMAP_TAKE_SLEEP = 1,	/* dmamap::Reach::may_sleep */
	DMAMAP_TAKE_MOVE = 2,	/* dmamap::Reach::may_move */
};

/* dmamap::StrategyId */
enum dmamap_strategy_id {
	DMAMAP_STRATEGY_HIGHMEM,
	DMAMAP_STRATEGY_UNMAP,
	DMAMAP_STRATEGY_PURGE,
	DMAMAP_STRATEGY_SNOOPED,
	DMAMAP_STRATEGY_ADOPTED,
	DMAMAP_STRATEGIES,
};

#endif /* DMAMAP_ABI_TYPES_H */
