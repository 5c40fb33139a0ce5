// SPDX-License-Identifier: GPL-2.0
/*
 * The names of regions, and the sentences that say why a region, or the whole board, has
 * its strategy. The log, debugfs and the tracepoints use the same words.
 */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/bitops.h>
#include <linux/ctype.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "dma/abi/machine.h"
#include "dma/glue/region/region.h"

/* Names change rarely and are short: one lock for all of them. */
static DEFINE_SPINLOCK(dmamap_names_lock);

/* In a line of debugfs a name stands between a blank and a colon, so it has neither. */
static char dmamap_printable(char c)
{
	return isascii(c) && isgraph(c) && c != ':' ? c : '_';
}

void dmamap_set_name(struct dmamap_region *region, const char *name)
{
	char clean[DMAMAP_NAME_BYTES] = "";
	unsigned long flags;
	size_t i;

	if (IS_ERR_OR_NULL(region))
		return;
	for (i = 0; name && name[i] && i < sizeof(clean) - 1; i++)
		clean[i] = dmamap_printable(name[i]);
	spin_lock_irqsave(&dmamap_names_lock, flags);
	memcpy(region->name, clean, sizeof(region->name));
	spin_unlock_irqrestore(&dmamap_names_lock, flags);
}
EXPORT_SYMBOL_GPL(dmamap_set_name);

void dmamap_copy_name(const struct dmamap_region *region, char name[DMAMAP_NAME_BYTES])
{
	unsigned long flags;

	spin_lock_irqsave(&dmamap_names_lock, flags);
	memcpy(name, region->name, DMAMAP_NAME_BYTES);
	spin_unlock_irqrestore(&dmamap_names_lock, flags);
	if (!name[0])
		strscpy(name, "-", DMAMAP_NAME_BYTES);
}

const char *dmamap_strategy(const struct dmamap_region *region)
{
	return IS_ERR_OR_NULL(region) ? "none" : dmamap_core_strategy_name(region->core.strategy);
}
EXPORT_SYMBOL_GPL(dmamap_strategy);

const char *dmamap_behind_name(u32 behind)
{
	static const char *const names[] = {
		[DMAMAP_BEHIND_PAGE] = "page",
		[DMAMAP_BEHIND_RESERVED] = "reserved",
		[DMAMAP_BEHIND_DEVICE] = "device",
	};

	return behind < ARRAY_SIZE(names) ? names[behind] : "unknown";
}

/*
 * Where an architecture has devices that don't snoop, dev_is_dma_coherent() tells them
 * apart; elsewhere it is always true, and the sentence says so.
 */
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
#define SNOOPS "device snoops (bus or firmware)"
#else
#define SNOOPS "device snoops (all devices of this architecture)"
#endif

const char *dmamap_reason(const struct dmamap_region *region)
{
	if (region->core.strategy == DMAMAP_STRATEGY_ADOPTED)
		return region->core.behind == DMAMAP_BEHIND_DEVICE ? "memory of the device" :
								     "memory kept from the kernel";
	if (!dmamap_region_flipped(region))
		return SNOOPS;
	return region->no_snoop ? "device not snooping (DMAMAP_NO_SNOOP)" :
				  "device not snooping (bus or firmware)";
}

bool dmamap_strategy_kept(char *why, size_t bytes)
{
	struct dmamap_core_verdict verdict;

	dmamap_core_board_probe(dmamap_machine_cma_placement(), dmamap_machine_cpu(), &verdict);
	scnprintf(why, bytes, "%.*s", (int)verdict.why_bytes, verdict.why);
	return verdict.kept;
}

/* A record of what the log has said of a device: a devres, which goes with the driver. */
struct announced {
	unsigned long said; /* bits as of dmamap_first_time() */
};

/* Frees nothing: devres needs a release function, and finds the record by it. */
static void dmamap_forget_announced(struct device *dev, void *announced)
{
}

static struct announced *dmamap_announced_of(struct device *dev, gfp_t gfp)
{
	struct announced *announced = devres_find(dev, dmamap_forget_announced, NULL, NULL);

	if (announced)
		return announced;
	/* The caller may be allocating in order to do I/O: do not wait for I/O here. */
	announced = devres_alloc(dmamap_forget_announced, sizeof(*announced),
				 gfpflags_allow_blocking(gfp) ? GFP_NOIO : GFP_NOWAIT);
	return announced ? devres_get(dev, announced, NULL, NULL) : NULL;
}

bool dmamap_first_time(struct device *dev, unsigned int what, gfp_t gfp)
{
	struct announced *announced;

	/* A devres that is added before the probe makes the probe fail (really_probe()). */
	if (!dev->driver)
		return true;
	announced = dmamap_announced_of(dev, gfp);
	return !announced || !test_and_set_bit(what, &announced->said);
}

void dmamap_announce(const struct dmamap_region *region)
{
	if (region->dev->driver &&
	    dmamap_first_time(region->dev, region->core.strategy, GFP_KERNEL))
		dev_info(region->dev, "dmamap: strategy %s: %s\n", dmamap_strategy(region),
			 dmamap_reason(region));
}

static int __init dmamap_announce_strategy(void)
{
	const char *name = dmamap_core_strategy_name(dmamap_core_board_strategy());
	char why[DMAMAP_WHY_BYTES];

	if (dmamap_strategy_kept(why, sizeof(why)))
		pr_info("strategy %s: %s\n", name, why);
	else
		pr_err("strategy %s can't be kept on this board: %s\n", name, why);
	return 0;
}
subsys_initcall(dmamap_announce_strategy);
