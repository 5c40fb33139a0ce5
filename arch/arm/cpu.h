/* SPDX-License-Identifier: GPL-2.0 */
/* Which ARM CPUs the layer serves. */
#ifndef DMAMAP_ARM_CPU_H
#define DMAMAP_ARM_CPU_H

#include "dma/abi/types.h"

/**
 * dmamap_arm_cpu() - what a CPU lacks
 * @ctr: its cache type register
 * @aliases: the kernel takes its data cache for one that aliases
 *
 * Context: any.
 * Return: enum dmamap_cpu_fit.
 */
u32 dmamap_arm_cpu(u32 ctr, bool aliases);

#endif /* DMAMAP_ARM_CPU_H */
