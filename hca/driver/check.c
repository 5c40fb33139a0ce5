// SPDX-License-Identifier: GPL-2.0
/*
 * HCA driver: numbers that stand in two headers are the same in both.
 *
 * decide.h can't include kernel headers, since C++ parses it, so it repeats the
 * numbers it shares with them. This file sees both sides, and makes no code.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include "hca.h"

/* Refusals are errno values. */
static_assert(HCA_REFUSE_IO == -EIO);
static_assert(HCA_REFUSE_ACCESS == -EACCES);
static_assert(HCA_REFUSE_BUSY == -EBUSY);
static_assert(HCA_REFUSE_NO_DEVICE == -ENODEV);
static_assert(HCA_REFUSE_INVALID == -EINVAL);
static_assert(HCA_REFUSE_NO_SPACE == -ENOSPC);

/* Requests are what a process passes to HCA_IOC_OPEN_CONTEXT. */
static_assert(HCA_REQUEST_NUMBER == HCA_OPEN_NUMBER);
static_assert(HCA_REQUEST_OWN_PARTITION == HCA_PARTITION_OWN);
static_assert(HCA_USER_PARTITION == HCA_PARTITION_USER);

/* hca_device_set_state() writes a state where processes read a status. */
static_assert((int)HCA_STATE_ALIVE == HCA_STATUS_OK);
static_assert((int)HCA_STATE_DEAD == HCA_STATUS_DEAD);
static_assert((int)HCA_STATE_GONE == HCA_STATUS_GONE);

/* Plans name what processes map, and how. */
static_assert(HCA_PLAN_READ == DMAMAP_USER_READ);
static_assert(HCA_PLAN_WRITE == DMAMAP_USER_WRITE);
static_assert((int)HCA_PLAN_REGISTERS == HCA_KIND_REGISTERS);
static_assert((int)HCA_PLAN_PIO == HCA_KIND_PIO);
static_assert((int)HCA_PLAN_EAGER == HCA_KIND_EAGER);
static_assert((int)HCA_PLAN_HEADERS == HCA_KIND_HEADERS);
static_assert((int)HCA_PLAN_PIO_AVAIL == HCA_KIND_PIO_AVAIL);
static_assert((int)HCA_PLAN_KINDS == HCA_KINDS);
static_assert(HCA_MAP_OFFSET(1) == 1ULL << HCA_PLAN_OFFSET_SHIFT);
static_assert(HCA_PAGE_BYTES == PAGE_SIZE);

/* hca_resolve() passes on what dma_map_to_pfn() says. */
static_assert((int)HCA_BEHIND_PAGE == DMAMAP_BEHIND_PAGE);
static_assert((int)HCA_BEHIND_RESERVED == DMAMAP_BEHIND_RESERVED);
static_assert((int)HCA_BEHIND_DEVICE == DMAMAP_BEHIND_DEVICE);
