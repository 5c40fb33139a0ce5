// SPDX-License-Identifier: GPL-2.0
/*
 * The gate that flips pass. Flips hold it for reading, side by side; hibernation is
 * decided with the gate held for writing, when no frame is half-way between coherent
 * and cached. Until hibernation is over, frames may become cached, but not coherent.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/rwsem.h>

#include "dma/glue/machine/machine.h"

static DECLARE_RWSEM(dmamap_flip_gate);
static bool dmamap_flips_forbidden; /* protected by dmamap_flip_gate */

int dmamap_flips_enter(void)
{
	down_read(&dmamap_flip_gate);
	if (!dmamap_flips_forbidden)
		return 0;
	up_read(&dmamap_flip_gate);
	return -EBUSY;
}

void dmamap_drops_enter(void)
{
	down_read(&dmamap_flip_gate);
}

bool dmamap_drops_try_enter(void)
{
	return down_read_trylock(&dmamap_flip_gate);
}

void dmamap_flips_leave(void)
{
	up_read(&dmamap_flip_gate);
}

void dmamap_flips_stop(void)
{
	while (!down_write_trylock(&dmamap_flip_gate))
		msleep(20);
}

void dmamap_flips_resume(bool allowed)
{
	dmamap_flips_forbidden = !allowed;
	up_write(&dmamap_flip_gate);
}
