/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints that are off. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <linux/types.h>

#define dmamap_flip_begins(to_coherent, pfn)		((void)(pfn))
#define dmamap_flip_ended(to_coherent, pfn, pages)	((void)(pfn))
#define trace_dmamap_resolve(dev, dma, err, resolution)	((void)(err))

#endif /* BENCH_TRACE_H */
