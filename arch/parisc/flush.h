/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DMAMAP_ARCH_PARISC_FLUSH_H
#define DMAMAP_ARCH_PARISC_FLUSH_H

#include <linux/types.h>

struct pdc_cache_info;

/**
 * dmamap_parisc_flush_whole() - is the whole data cache flushed sooner than a batch?
 * @cache: what the firmware says of the cache
 * @line: bytes that one fdc flushes
 * @pages: of the batch
 *
 * Each flush is a loop of one instruction, so the shorter loop wins: fdce for
 * each entry of the cache, as the firmware counts them, or fdc for each line of
 * the batch. It must be larger than the cache besides, because others find their
 * lines gone afterwards. parisc_cache_flush_threshold knows only the size that
 * the firmware states: that of QEMU's B160L states 1 KiB, beside a loop over 64.
 *
 * Context: any.
 * Return: false, too, if what the firmware says makes no sense.
 */
bool dmamap_parisc_flush_whole(const struct pdc_cache_info *cache, unsigned long line,
			       u64 pages);

#endif /* DMAMAP_ARCH_PARISC_FLUSH_H */
