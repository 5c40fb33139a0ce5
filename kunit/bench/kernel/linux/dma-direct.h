/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_DMA_DIRECT_H
#define BENCH_DMA_DIRECT_H

#include <linux/types.h>

struct device;

/* Bus addresses are physical addresses. */
static inline phys_addr_t dma_to_phys(struct device *dev, dma_addr_t dma)
{
	return dma;
}

#endif /* BENCH_DMA_DIRECT_H */
