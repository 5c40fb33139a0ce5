// SPDX-License-Identifier: GPL-2.0
/* What a region is for, and why it is kept coherent in the way it is. */
#define pr_fmt(fmt) "dmamap: " fmt

#include <linux/bitops.h>
#include <linux/ctype.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "dma/glue/audit.h"
#include "dma/glue/explain.h"
#include "dma/glue/region.h"

/* Names change rarely and are short: one lock for all of them. */
static DEFINE_SPINLOCK(names_lock);

/* A name stands between blanks and before a colon in a line of debugfs. */
static char printable(char c)
{
	return isascii(c) && isgraph(c) && c != ':' ? c : '_';
}

void dmamap_set_name(struct dmamap_region *region, const char *name)
{
	char clean[DMAMAP_NAME_BYTES] = "";
	unsigned long flags;
	size_t i;

	for (i = 0; name && name[i] && i < sizeof(clean) - 1; i++)
		clean[i] = printable(name[i]);
	spin_lock_irqsave(&names_lock, flags);
	memcpy(region->name, clean, sizeof(region->name));
	spin_unlock_irqrestore(&names_lock, flags);
}
EXPORT_SYMBOL_GPL(dmamap_set_name);

void dmamap_copy_name(const struct dmamap_region *region, char name[DMAMAP_NAME_BYTES])
{
	unsigned long flags;

	spin_lock_irqsave(&names_lock, flags);
	memcpy(name, region->name, DMAMAP_NAME_BYTES);
	spin_unlock_irqrestore(&names_lock, flags);
	if (!name[0])
		strscpy(name, "-", DMAMAP_NAME_BYTES);
}

/* Has this architecture devices that don't snoop? dev_is_dma_coherent() knows. */
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
#define SNOOPS "device snoops (bus or firmware)"
#else
#define SNOOPS "device snoops (all devices of this architecture)"
#endif

const char *dmamap_reason(const struct dmamap_region *region)
{
	if (region->core.strategy == DMAMAP_STRATEGY_ADOPTED)
		return region->core.behind == DMAMAP_BEHIND_DEVICE ?
			"memory of the device" : "memory kept from the kernel";
	if (!dmamap_region_flipped(region))
		return SNOOPS;
	return region->no_snoop ? "device not snooping (DMAMAP_NO_SNOOP)" :
				  "device not snooping (bus or firmware)";
}

/*
 * DEVICE NAME: STRATEGY, REASON, N aliases; BEHIND pfn N pages N bus N[ revoked]
 * There is no blank in DEVICE and NAME, and no comma or semicolon in REASON.
 */
static void explain(struct seq_file *out, const struct dmamap_region_audit *audit)
{
	const struct dmamap_region *region = audit->region;
	char name[DMAMAP_NAME_BYTES];

	dmamap_copy_name(region, name);
	seq_printf(out, "%s %s: %s, %s, %llu alias%s; %s pfn %#llx pages %llu bus %#llx%s\n",
		   dev_name(region->dev), name, dmamap_strategy(region), dmamap_reason(region),
		   audit->aliases, audit->aliases == 1 ? "" : "es",
		   dmamap_behind_name(region->core.behind), region->core.pfn, region->core.pages,
		   region->core.bus, READ_ONCE(region->revoked) ? " revoked" : "");
}

int dmamap_explain_regions(struct seq_file *out)
{
	struct dmamap_region_audits *all = dmamap_audit_regions();
	unsigned int i;

	if (IS_ERR(all))
		return PTR_ERR(all);
	for (i = 0; i < all->count; i++)
		explain(out, &all->each[i]);
	dmamap_audit_regions_end(all);
	return 0;
}

/* Strategies that were announced for a device, as long as a driver has it. */
struct announced {
	unsigned long strategies;	/* a bit for each enum dmamap_strategy_id */
};

static void forget_announced(struct device *dev, void *announced)
{
}

static struct announced *announced_of(struct device *dev)
{
	struct announced *announced = devres_find(dev, forget_announced, NULL, NULL);

	if (announced)
		return announced;
	/* Somebody who allocates for I/O must not wait for I/O here. */
	announced = devres_alloc(forget_announced, sizeof(*announced), GFP_NOIO);
	return announced ? devres_get(dev, announced, NULL, NULL) : NULL;
}

void dmamap_announce(const struct dmamap_region *region)
{
	struct announced *announced;

	/* What a device owns before its probe makes the probe fail (really_probe()). */
	if (!region->dev->driver)
		return;
	announced = announced_of(region->dev);
	if (announced && !test_and_set_bit(region->core.strategy, &announced->strategies))
		dev_info(region->dev, "dmamap: strategy %s: %s\n", dmamap_strategy(region),
			 dmamap_reason(region));
}
