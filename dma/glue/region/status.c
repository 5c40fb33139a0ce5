// SPDX-License-Identifier: GPL-2.0
/*
 * The errno of each error that crosses the boundary from C++. Their meaning for drivers is
 * documented at the functions of dmamap.h.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "dma/glue/region/region.h"

int dmamap_errno(u32 status)
{
	static const int errnos[] = {
		[DMAMAP_OK] = 0,           [DMAMAP_INVAL] = -EINVAL, [DMAMAP_OVERFLOW] = -EOVERFLOW,
		[DMAMAP_NOMEM] = -ENOMEM,  [DMAMAP_IO] = -EIO,       [DMAMAP_BUSY] = -EBUSY,
		[DMAMAP_NODEV] = -ENODEV,  [DMAMAP_NOENT] = -ENOENT, [DMAMAP_FAULT] = -EFAULT,
		[DMAMAP_ACCESS] = -EACCES, [DMAMAP_NXIO] = -ENXIO,
	};

	return status < ARRAY_SIZE(errnos) ? errnos[status] : -EINVAL;
}
