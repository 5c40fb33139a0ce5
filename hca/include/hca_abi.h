/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Calls from a process to the HCA driver. The data path needs none: sending and
 * receiving are reads and writes of the five mappings, see hca_chip.h.
 */
#ifndef HCA_ABI_H
#define HCA_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define HCA_ABI_VERSION		2
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

/* The answer of dma_map_to_pfn() for a kind; values of enum dmamap_behind. */
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

/* Get the context that hca_context_info.context names, and no other. */
#define HCA_OPEN_NUMBER		0x1
#define HCA_OPEN_ALL		HCA_OPEN_NUMBER

/*
 * A partition is a key: packets come and go only between contexts that have the
 * same. HCA_PARTITION_OWN asks for the key of the calling user, which is
 * HCA_PARTITION_USER | uid: no other user gets it. Other keys, below
 * HCA_PARTITION_USER, are for all users that the administrator lets in (sysfs
 * file "partitions").
 */
#define HCA_PARTITION_OWN	0
#define HCA_PARTITION_USER	0x80000000u

struct hca_context_info {
	__u32 abi;		/* in: HCA_ABI_VERSION */
	__u32 flags;		/* in: HCA_OPEN_*; out: 0 */
	__u32 context;		/* in: with HCA_OPEN_NUMBER; out: context number */
	__u32 partition;	/* in: HCA_PARTITION_OWN or a key; out: the key */
	__u32 node;		/* out: of this board on the fabric */
	__u32 pio_buffers;	/* out */
	__u32 eager_buffers;	/* out */
	__u32 header_entries;	/* out */
	__u32 reserved[8];	/* in and out: 0 */
	struct hca_kind_info kind[HCA_KINDS];	/* out */
};

/*
 * HCA_IOC_OPEN_CONTEXT - get a context, one for each open file.
 * Errors: EINVAL abi, flags, number, key or reserved fields; EBUSY this file has a
 * context already; EADDRINUSE the context asked for is in use; ENOSPC all
 * contexts are; EACCES the partition is not open to this user; EIO the chip is
 * dead; ENODEV the device is gone; EAGAIN memory that the process may lock is
 * used up; ENOMEM; EFAULT.
 */
#define HCA_IOC_OPEN_CONTEXT	_IOWR('H', 0x01, struct hca_context_info)

#endif /* HCA_ABI_H */
