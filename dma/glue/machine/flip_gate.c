// SPDX-License-Identifier: GPL-2.0
/*
 * The flip gate: what keeps flips and hibernation apart.
 *
 * Hibernation copies all of RAM through cacheable mappings, so it must not begin while
 * frames are coherent (watch/hibernate.c). The decision needs a count of coherent frames
 * that is true, and stays true. Both come from this gate, a read-write semaphore:
 *
 *  - A flip to coherent holds the gate for reading (dmamap_flips_enter()) until its
 *    frames are counted. While the system hibernates, the flip is refused with -EBUSY.
 *  - A flip to cached, called a drop here, holds the gate for reading as well
 *    (dmamap_drops_enter()), so that no frame is half-way when frames are counted. A drop
 *    is never refused: giving memory back can't fail, it can only wait.
 *  - The PM notifiers hold the gate for writing (dmamap_flips_stop()) while they empty
 *    the pool, count and decide. dmamap_flips_resume() says with which permission flips
 *    go on: after a decision to hibernate, frames may become cached, but not coherent,
 *    until hibernation is over.
 *
 * Flips run side by side: what orders two flips against each other is in the pool and in
 * the kernel's allocators, not here. Memory that rests or lies in the pool passes from
 * owner to owner without the gate, because it is counted as coherent all the time.
 *
 * The order of waiting. A flip allocates, and reclaim inside that allocation may
 * do I/O or call the shrinker of the pool, which drops frames: in the middle of a flip,
 * with the gate held for reading already. Hence two rules:
 *
 *  - The shrinker only tries to pass (dmamap_drops_try_enter()), and leaves the pool
 *    as it is while a writer has the gate.
 *  - The writer never queues. A queued writer would block new readers, and one of them
 *    may be doing the I/O that reclaim inside a flip waits for: neither would end. So
 *    dmamap_flips_stop() tries every 20 ms until no reader is inside. A steady stream of
 *    flips can hold it up; hibernation waits, and nothing is lost.
 *
 * Without CONFIG_HIBERNATION the functions are empty (machine/machine.h).
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/rwsem.h>

#include "dma/glue/machine/machine.h"

static DECLARE_RWSEM(dmamap_flip_gate);

/* Read with the gate held for reading, changed with the gate held for writing. */
static bool dmamap_flips_forbidden;

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
