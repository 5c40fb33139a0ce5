// SPDX-License-Identifier: GPL-2.0
#include <linux/string.h>

#include "dma/glue/audit.h"

static void count(const struct dmamap_sighting *sighting, void *data)
{
	struct dmamap_audit *audit = data;

	if (!sighting->present)
		return;
	if (sighting->flipped)
		audit->translations += sighting->pages;
	if (sighting->flipped && sighting->place == DMAMAP_PLACE_USER)
		audit->user += sighting->pages;
	if (sighting->verdict == DMAMAP_VERDICT_CONFLICT)
		audit->cacheable += sighting->pages;
}

void dmamap_audit_kernel(struct dmamap_audit *audit)
{
	struct dmamap_xray xray = { .saw = count, .data = audit };

	memset(audit, 0, sizeof(*audit));
	dmamap_xray_kernel(&xray);
	audit->leaves = xray.leaves;
}

int dmamap_audit_all(struct dmamap_audit *audit)
{
	struct dmamap_xray xray = { .saw = count, .data = audit };
	int err;

	memset(audit, 0, sizeof(*audit));
	err = dmamap_xray(&xray);
	audit->leaves = xray.leaves;
	audit->spaces = xray.spaces;
	return err;
}
