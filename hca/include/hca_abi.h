/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a process says to the HCA driver. The data path says nothing at all:
 * it reads and writes the five mappings, see hca_chip.h.
 */
#ifndef HCA_ABI_H
#define HCA_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HCA_ABI_VERSION		1
#define HCA_DEVICE_NODE		"/dev/hca0"

/* The five kinds of memory; mmap() at offset HCA_MAP_OFFSET(kind). */
enum hca_kind {
	HCA_KIND_REGISTERS = 0,	/* device window, read and write */
	HCA_KIND_PIO = 1,	/* device window, write only */
	HCA_KIND_EAGER = 2,	/* coherent, read only */
	HCA_KIND_HEADERS = 3,	/* coherent, read and write */
	HCA_KIND_PIO_AVAIL = 4,	/* coherent, read only */
	HCA_KINDS = 5,
};

#define HCA_MAP_OFFSET(kind)	((__u64)(kind) << 24)

/* What dma_map_to_pfn() said of a kind; values of enum dmamap_behind. */
enum hca_behind {
	HCA_BEHIND_PAGE = 0,
	HCA_BEHIND_RESERVED = 1,
	HCA_BEHIND_DEVICE = 2,
};

struct hca_kind_info {
	__u64 offset;		/* for mmap() */
	__u64 bytes;		/* whole mapping */
	__u32 behind;		/* enum hca_behind */
	__u32 segments;		/* regions behind the mapping */
	__u32 reserved[2];	/* 0 */
};

struct hca_context_info {
	__u32 abi;		/* in: HCA_ABI_VERSION */
	__u32 context;		/* out: context number */
	__u32 pio_buffers;	/* out */
	__u32 eager_buffers;	/* out */
	__u32 header_entries;	/* out */
	__u32 reserved[3];	/* in and out: 0 */
	struct hca_kind_info kind[HCA_KINDS];	/* out */
};

/*
 * HCA_IOC_OPEN_CONTEXT - get a context; once for each open file.
 * Errors: EINVAL abi or reserved fields, EBUSY this file has a context already,
 * ENOSPC all contexts are in use, EIO the chip is dead, ENODEV the device is
 * gone, ENOMEM, EFAULT.
 */
#define HCA_IOC_OPEN_CONTEXT	_IOWR('H', 0x01, struct hca_context_info)

#endif /* HCA_ABI_H */
