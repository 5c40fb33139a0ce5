/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_IOMMU_DMA_H
#define BENCH_IOMMU_DMA_H

#include <linux/types.h>

struct device;

/* No IOMMU translates. */
static inline bool use_dma_iommu(struct device *dev)
{
	return false;
}

#endif /* BENCH_IOMMU_DMA_H */
