/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's primitives, in C, as the C++ side calls them. The Machine concept
 * (dma/core/machine.h) says what each must achieve. Frames are (pfn, pages);
 * functions that can fail return enum dmamap_status.
 *
 * Context: process, may sleep, unless said otherwise.
 */
#ifndef DMAMAP_ABI_MACHINE_H
#define DMAMAP_ABI_MACHINE_H

#include "types.h"
#include "arch/arch.h"	/* the primitives of arch/<m>/machine.c */

DMAMAP_C_BEGIN

/* dma/glue/machine/frames.c */
u32 dmamap_machine_cma_placement(void);
/* @how: bits of enum dmamap_take_flag; @area: a struct cma, or NULL for the board's */
u32 dmamap_machine_take_cma(u64 pages, void *area, u32 how, u64 *pfn);
void dmamap_machine_give_cma(u64 pfn, u64 pages);
u32 dmamap_machine_take_pages(u64 pages, u64 last_byte, u32 node, u32 how, u64 *pfn);
void dmamap_machine_give_pages(u64 pfn, u64 pages);
u32 dmamap_machine_bus_address(void *device, u64 pfn, u64 pages, u64 *bus);
void dmamap_machine_quarantine(u64 pfn, u64 pages);

/* dma/glue/machine/kernel_map.c */
void dmamap_machine_drop_lazy_aliases(void);
u32 dmamap_machine_map(u64 pfn, u64 pages, u32 attribute, u64 *addr);
void dmamap_machine_unmap(u64 addr);
u64 dmamap_machine_linear_address(u64 pfn);
u32 dmamap_machine_map_device(u64 pfn, u64 pages, u32 attribute, u64 *addr);
void dmamap_machine_unmap_device(u64 addr);
void dmamap_machine_zero(u64 addr, u64 pages);

/* dma/glue/machine/directory.c; lend and recall: any context */
u32 dmamap_machine_publish(u64 pfn, u64 pages, void *owner);
u32 dmamap_machine_hold(u64 pfn, u64 pages);
void dmamap_machine_lend(u64 pfn, u64 pages, void *owner);
void dmamap_machine_recall(u64 pfn, u64 pages);
void dmamap_machine_withdraw(u64 pfn, u64 pages);

/* dma/glue/region/store.c; any context */
void dmamap_machine_retire(void *owner);

/* dma/glue/machine/pool_worker.c; any context */
u64 dmamap_machine_lock(void);
void dmamap_machine_unlock(u64 flags);
void dmamap_machine_tend_later(void);

DMAMAP_C_END

#endif /* DMAMAP_ABI_MACHINE_H */
