// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers that a header of the boundary repeats, because it can't include the header
 * of the kernel or of the layer that has them. check_cxx.cc has those of the C++ side.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include "dma/include/dmamap/boundary.h"
#include "dmamap.h"

static_assert(PAGE_SHIFT == 12, "dma/core/address.h counts in pages of 4 KiB");

/* dma/include/dmamap/boundary.h */
static_assert(DMAMAP_CXX_ENOENT == ENOENT);
static_assert(DMAMAP_CXX_EIO == EIO);
static_assert(DMAMAP_CXX_ENXIO == ENXIO);
static_assert(DMAMAP_CXX_ENOMEM == ENOMEM);
static_assert(DMAMAP_CXX_EACCES == EACCES);
static_assert(DMAMAP_CXX_EFAULT == EFAULT);
static_assert(DMAMAP_CXX_EBUSY == EBUSY);
static_assert(DMAMAP_CXX_ENODEV == ENODEV);
static_assert(DMAMAP_CXX_EINVAL == EINVAL);
static_assert(DMAMAP_CXX_READ == DMAMAP_USER_READ);
static_assert(DMAMAP_CXX_WRITE == DMAMAP_USER_WRITE);
static_assert(DMAMAP_CXX_PAGE == (int)DMAMAP_BEHIND_PAGE);
static_assert(DMAMAP_CXX_RESERVED == (int)DMAMAP_BEHIND_RESERVED);
static_assert(DMAMAP_CXX_DEVICE == (int)DMAMAP_BEHIND_DEVICE);
