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

#endif /* DMAMAP_GLUE_AUDIT_H */
