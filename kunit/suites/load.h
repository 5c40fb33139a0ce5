/* SPDX-License-Identifier: GPL-2.0 */
/* The commands that /sys/kernel/debug/dmamap/load takes, and its answers. */
#ifndef DMAMAP_LOAD_H
#define DMAMAP_LOAD_H

#include <linux/seq_file.h>
#include <linux/types.h>

/* A plan, as it was written to the file. */
struct dmamap_load_plan {
	u32 flips;	/* stop after so many runs of frames were made coherent */
	u32 tries;	/* or after so many allocations */
	u32 seconds;	/* or after this time */
	u32 min;	/* bytes of a region */
	u32 max;
	u32 live;	/* regions at a time, at most */
	u32 seed;
};

#define DMAMAP_LOAD_LIVE	64	/* most that may be asked for */

/**
 * dmamap_load_parse() - words "key=number" to a plan
 * @text: the words, terminated; destroyed
 * @plan: what they say, and defaults for keys that are not there
 * @why: on error, what is wrong with which word
 * @bytes: room for @why
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int dmamap_load_parse(char *text, struct dmamap_load_plan *plan, char *why, size_t bytes);

#endif /* DMAMAP_LOAD_H */
