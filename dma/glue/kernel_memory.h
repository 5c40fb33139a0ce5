/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_GLUE_KERNEL_MEMORY_H
#define DMAMAP_GLUE_KERNEL_MEMORY_H

#include "dma/abi/layer.h"

struct device;

/*
 * What is behind memory that no region has: by the translation that the kernel has
 * of @cpu_addr. The caller keeps the memory. -ENOENT if the layer can't vouch for it,
 * -EINVAL if the two addresses name different bytes. Context: any; takes no lock.
 */
int dmamap_resolve_kernel_memory(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
				 struct dmamap_core_resolution *resolution);

#endif /* DMAMAP_GLUE_KERNEL_MEMORY_H */
