/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls from the C glue into the layer's C++. Functions that can fail return
 * enum dmamap_status; outputs are written only on DMAMAP_OK.
 */
#ifndef DMAMAP_ABI_LAYER_H
#define DMAMAP_ABI_LAYER_H

#include "types.h"

/* dmamap::Region */
struct dmamap_core_region {
	u64 pfn;
	u64 pages;
	u64 cpu;
	u64 bus;
	u32 strategy;	/* enum dmamap_strategy_id */
	u32 attribute;	/* enum dmamap_attribute */
	u32 behind;	/* enum dmamap_behind */
	u16 tail_frames;
	u16 chunk;	/* 0 if not of the pool */
};

/* dmamap::Request */
struct dmamap_core_request {
	u64 bytes;
	u64 last_byte;	/* highest physical address in reach of the device */
	void *device;	/* handed back to dmamap_machine_bus_address() */
	void *area;	/* its own contiguous memory, for dmamap_machine_take_cma(), or NULL */
	u32 node;	/* memory node, ~0 for any */
	u8 snooping;
	u8 may_sleep;
	u8 may_move;	/* pages in use, to make room: waits for their I/O */
	u8 write_combine;
};

/* dmamap::Resolution */
struct dmamap_core_resolution {
	u64 pfn;
	u32 behind;
	u32 attribute;
};

/* dmamap::Verdict */
struct dmamap_core_verdict {
	const char *why;	/* one sentence, no full stop, not terminated */
	u32 why_bytes;
	u32 kept;
};

/* dmamap::PoolLimits, in pages */
struct dmamap_core_limits {
	u64 floor;	/* kept for requests that can't sleep */
	u64 bound;	/* more goes back to the page allocator */
};

/* dmamap::UserSegment */
struct dmamap_core_segment {
	u64 region_bytes;
	u64 offset;
	u64 bytes;
	u64 first;	/* page of the mapping: dmamap_core_user_lay_out() */
};

/* dmamap::UserRequest and dmamap::UserAccess */
struct dmamap_core_user_request {
	u64 bytes;
	u8 shared;
	u8 read;
	u8 write;
	u8 execute;
	u8 may_read;
	u8 may_write;
};

DMAMAP_C_BEGIN

/*
 * The strategy in force on this board, and whether a board whose CMA lies at
 * @cma_placement, with a CPU that is @cpu_fit, can keep that one, or another.
 * Context: any.
 */
u32 dmamap_core_board_strategy(void);
u32 dmamap_core_board_probe(u32 cma_placement, u32 cpu_fit, struct dmamap_core_verdict *verdict);
u32 dmamap_core_probe(u32 strategy, u32 cma_placement, u32 cpu_fit,
		      struct dmamap_core_verdict *verdict);

/*
 * PooledLayer::alloc(), Layer::adopt(), PooledLayer::release(). Context: process,
 * may sleep; any, if the request may not sleep or the region is of the pool.
 */
u32 dmamap_core_alloc(const struct dmamap_core_request *request, void *owner,
		      struct dmamap_core_region *region);
u32 dmamap_core_adopt(u64 phys, u64 bytes, u32 behind, u32 attribute, void *owner,
		      struct dmamap_core_region *region);
void dmamap_core_release(const struct dmamap_core_region *region);

/*
 * Resting. dmamap_core_rest() keeps a region that its owner has done with; 0 if it
 * can't. dmamap_core_wake() gives a region of as many pages that rested, zero and in
 * reach of @device, by the @owner it was kept with, and its bus address in place; NULL
 * if there is none. dmamap_core_empty() gives all that rests back to the pool. Context: any.
 */
u32 dmamap_core_rest(const struct dmamap_core_region *region, void *owner);
void *dmamap_core_wake(u64 pages, void *device);
void dmamap_core_empty(void);
/* Pages of regions that rest. Context: any. */
u64 dmamap_core_resting(void);

/*
 * Tending brings the pool back between its limits. Shrinking makes one unused
 * chunk ordinary memory again, if @keep pages stay free without it; otherwise
 * the result is 0. Context: process, may sleep.
 */
void dmamap_core_pool_tend(void);
u32 dmamap_core_pool_shrink(u64 keep);
/* Pages of the pool that no region has. Context: any. */
u64 dmamap_core_pool_free(void);
/* The pool's limits, of this kernel's configuration. Context: any. */
void dmamap_core_pool_limits(struct dmamap_core_limits *limits);

/* Functions of their arguments alone. Context: any. */
const char *dmamap_core_strategy_name(u32 strategy);
u32 dmamap_core_resolve(const struct dmamap_core_region *region, u64 cpu, u64 bus,
			struct dmamap_core_resolution *resolution);
/* Are the segments themselves right? What admit() refuses of right ones, the process asked for. */
u32 dmamap_core_user_check(const struct dmamap_core_segment *segments, u32 count);
u32 dmamap_core_user_admit(const struct dmamap_core_user_request *request,
			   const struct dmamap_core_segment *segments, u32 count);
void dmamap_core_user_lay_out(struct dmamap_core_segment *segments, u32 count);
u32 dmamap_core_user_locate(const struct dmamap_core_segment *segments, u32 count, u64 page,
			    u32 *segment, u64 *region_page);

DMAMAP_C_END

#endif /* DMAMAP_ABI_LAYER_H */
