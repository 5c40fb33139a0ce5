/* SPDX-License-Identifier: GPL-2.0 */
/* No hibernation while frames are coherent, no flip while it goes on. */
#ifndef DMAMAP_GLUE_POWER_H
#define DMAMAP_GLUE_POWER_H

#include <linux/types.h>

#ifdef CONFIG_HIBERNATION
/**
 * dmamap_power_flip_begin() - may frames become coherent now?
 *
 * Until dmamap_power_flip_end(), no hibernation begins. By then the frames
 * are counted as coherent.
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY while the system hibernates.
 */
int dmamap_power_flip_begin(void);

/**
 * dmamap_power_drop_begin() - coherent frames become cached
 *
 * Until dmamap_power_flip_end(), hibernation is not decided: it has to see
 * frames that are on their way as they are in the end.
 *
 * Context: process, may sleep; not where a flip may be on the way.
 */
void dmamap_power_drop_begin(void);

/**
 * dmamap_power_drop_try() - the same without waiting
 *
 * Context: process, also during a flip.
 * Return: false while hibernation is decided.
 */
bool dmamap_power_drop_try(void);
void dmamap_power_flip_end(void);
#else
static inline int dmamap_power_flip_begin(void)
{
	return 0;
}

static inline void dmamap_power_drop_begin(void)
{
}

static inline bool dmamap_power_drop_try(void)
{
	return true;
}

static inline void dmamap_power_flip_end(void)
{
}
#endif

#endif /* DMAMAP_GLUE_POWER_H */
