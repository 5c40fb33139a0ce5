/* SPDX-License-Identifier: GPL-2.0 */
/* Which PA-RISC CPUs the layer serves. */
#ifndef DMAMAP_PARISC_CPU_H
#define DMAMAP_PARISC_CPU_H

#include <asm/hardware.h>

#include "dma/abi/types.h"

/**
 * dmamap_parisc_cpu() - what a CPU lacks, by its kind
 * @type: the kind
 *
 * Context: any.
 * Return: enum dmamap_cpu_fit.
 */
u32 dmamap_parisc_cpu(enum cpu_type type);

#endif /* DMAMAP_PARISC_CPU_H */
