/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a test program says to a mapper: a driver that does nothing but map
 * coherent memory into user space. There are two, with this one interface:
 * one uses the layer, one what the kernel has without it.
 *
 * Each open file has objects of its own, named by ids from 1: *buffers* (memory)
 * and *views* (parts of buffers, one after another, with an access). Both can be
 * mapped: page P of object ID is page MAPPER_PAGE(ID, P) of the file. Closing the
 * file, the last mapping included, frees what is left of them.
 *
 * Reserved fields and unknown flags must be 0. Errors of all requests:
 *	EFAULT      the argument can't be read or written
 *	ENOTTY      no such request
 *	EINVAL      a reserved field or unknown flag is set, or as below
 */
#ifndef MAPPER_ABI_H
#define MAPPER_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MAPPER_ABI_VERSION	1
#define MAPPER_LAYER_NODE	"/dev/dmamap-mapper"
#define MAPPER_STOCK_NODE	"/dev/stock-mapper"

/*
 * mmap() maps an object from a page of it, as much as is asked for. Errors:
 *	ENOENT      no object of that id
 *	ENXIO       the device is unbound, or the buffer was revoked
 *	EOPNOTSUPP  this driver can't map such an object
 * and what dmamap_mmap() says; stock: what dma_mmap_coherent() says, EACCES if the
 * view does not allow it.
 */
#define MAPPER_ID_SHIFT		12	/* pages of an object: 4096, 16 MiB */
#define MAPPER_IDS		65536	/* of one file */
#define MAPPER_PAGE(id, page)	(((__u64)(id) << MAPPER_ID_SHIFT) + (page))

/* Devices. One that doesn't snoop CPU caches, and one that does. */
#define MAPPER_NO_SNOOP		0
#define MAPPER_SNOOPING		1
#define MAPPER_DEVICES		2

/* The abilities of this driver and this kernel. */
#define MAPPER_HAS_PAGES	(1 << 0)  /* buffers of a snooping device are mapped as pages */
#define MAPPER_HAS_ACCESS	(1 << 1)  /* ptrace reads and writes mappings */
#define MAPPER_HAS_AROUND	(1 << 2)  /* one fault maps the pages around, too */
#define MAPPER_HAS_AFTER	(1 << 3)  /* MAPPER_AFTER_ZERO, MAPPER_AFTER_SNAPSHOT */
#define MAPPER_HAS_REATTACH	(1 << 4)
#define MAPPER_HAS_QUOTA	(1 << 5)  /* RLIMIT_MEMLOCK bounds what is mapped */
#define MAPPER_HAS_READERS	(1 << 6)  /* a file opened O_RDONLY maps shared memory */
#define MAPPER_HAS_OFFSETS	(1 << 7)  /* revoke reaches file offsets beyond 4 GiB */
#define MAPPER_HAS_LINEAR	(1 << 8)  /* revoke zaps each mapping of a region once */

struct mapper_info {
	__u32 abi;		/* in: MAPPER_ABI_VERSION */
	__u32 has;		/* out: MAPPER_HAS_... */
	__u64 adoptable;	/* out: bytes that MAPPER_ADOPT finds */
	__u32 buffers;		/* out: live ones, of all files */
	__u32 snooping;		/* out: of which devices buffers are ordinary memory, a bit each */
	__u32 reserved[2];	/* 0 */
};

/* MAPPER_IOC_INFO - errors: EINVAL another version of the interface. */
#define MAPPER_IOC_INFO		_IOWR('M', 0x01, struct mapper_info)

#define MAPPER_ATOMIC		(1 << 0)  /* allocate as if in an interrupt */
#define MAPPER_ADOPT		(1 << 1)  /* memory that the page allocator never had */

struct mapper_alloc {
	__u64 bytes;
	__u32 device;
	__u32 flags;		/* MAPPER_ATOMIC or MAPPER_ADOPT */
	__u32 fail_nth;		/* which primitive of the layer fails; 0: none */
	__u32 failed;		/* out, on error, too: how many did */
	__u32 id;		/* out */
	__u32 reserved;
};

/*
 * MAPPER_IOC_ALLOC - a buffer. Errors:
 *	EINVAL      no such device, or flags that exclude each other
 *	ENXIO       the device is unbound
 *	ENOSPC      the file has MAPPER_IDS objects
 *	EOPNOTSUPP  nothing to adopt, or fail_nth, with this driver
 * and what dmamap_alloc() and dmamap_adopt() say; stock: ENOMEM.
 */
#define MAPPER_IOC_ALLOC	_IOWR('M', 0x02, struct mapper_alloc)

struct mapper_segment {
	__u32 id;		/* of a buffer */
	__u32 reserved;
	__u64 offset;
	__u64 bytes;
};

#define MAPPER_READ		(1 << 0)
#define MAPPER_WRITE		(1 << 1)
#define MAPPER_POPULATE		(1 << 2)  /* all pages at once; the layer only */
#define MAPPER_UNCHARGED	(1 << 6)  /* the process does not pay; the layer only */
#define MAPPER_SEGMENTS		4096

struct mapper_view {
	__u64 segments;		/* user address of the first struct mapper_segment */
	__u32 count;
	__u32 access;		/* MAPPER_READ and so on; checked by mmap() */
	__u32 id;		/* out */
	__u32 reserved[3];
};

/*
 * MAPPER_IOC_VIEW - a view. Errors:
 *	EINVAL      no segment, or more than MAPPER_SEGMENTS
 *	ENOENT      no buffer of that id
 *	ENOSPC      the file has MAPPER_IDS objects
 *	ENOMEM      no memory for it
 */
#define MAPPER_IOC_VIEW		_IOWR('M', 0x03, struct mapper_view)

struct mapper_object {
	__u32 id;
	__u32 reserved;
};

/*
 * MAPPER_IOC_FREE - the driver drops its reference, also while it is mapped. Errors:
 *	ENOENT      no object of that id
 *	EBUSY       a view has the buffer
 */
#define MAPPER_IOC_FREE		_IOW('M', 0x04, struct mapper_object)

/*
 * MAPPER_IOC_SELECT - from now on mmap() of this file maps that object from its
 * beginning, whatever the offset; 0: as before. Errors: ENOENT.
 */
#define MAPPER_IOC_SELECT	_IOW('M', 0x05, struct mapper_object)

struct mapper_pattern {
	__u32 id;
	__u32 seed;
	__u64 wrong;		/* out, of MAPPER_IOC_CHECK: words that differ */
};

/*
 * MAPPER_IOC_FILL, MAPPER_IOC_CHECK - the kernel writes mapper_word() of each word
 * of a buffer, or compares. Errors: ENOENT no such buffer, ENXIO it is gone.
 */
#define MAPPER_IOC_FILL		_IOWR('M', 0x06, struct mapper_pattern)
#define MAPPER_IOC_CHECK	_IOWR('M', 0x07, struct mapper_pattern)

#define MAPPER_BEHIND_PAGE	0
#define MAPPER_BEHIND_RESERVED	1
#define MAPPER_BEHIND_DEVICE	2

struct mapper_resolve {
	__u32 id;
	__u32 behind;		/* out: MAPPER_BEHIND_... */
	__u64 offset;		/* any */
	__u64 pfn;		/* out */
	__u64 page;		/* out: pfn of the struct page, 0 if there is none */
	__s32 page_error;	/* out: why not, an errno value; 0 with a page */
	__u32 reserved;
};

/*
 * MAPPER_IOC_RESOLVE - what is behind a byte of a buffer. Errors:
 *	ENOENT      no buffer of that id; or the layer knows no memory there
 *	ENXIO       the buffer is gone
 * and what dma_map_to_pfn() says; stock: what dma_get_sgtable() says.
 */
#define MAPPER_IOC_RESOLVE	_IOWR('M', 0x08, struct mapper_resolve)

#define MAPPER_AFTER_SIGBUS	0
#define MAPPER_AFTER_ZERO	1
#define MAPPER_AFTER_SNAPSHOT	2

struct mapper_revoke {
	__u32 id;
	__u32 after;		/* what processes see from then on */
	__u32 reserved[2];
};

/*
 * MAPPER_IOC_REVOKE - take a buffer away from all processes. Errors:
 *	ENOENT      no buffer of that id
 *	EINVAL      no such @after
 *	EOPNOTSUPP  not with this driver
 */
#define MAPPER_IOC_REVOKE	_IOW('M', 0x09, struct mapper_revoke)

struct mapper_reattach {
	__u32 from;		/* a revoked buffer */
	__u32 to;		/* what its mappings show from now on */
	__u32 reserved[2];
};

/* MAPPER_IOC_REATTACH - errors: ENOENT, EOPNOTSUPP, what dmamap_reattach() says. */
#define MAPPER_IOC_REATTACH	_IOW('M', 0x0a, struct mapper_reattach)

struct mapper_device_id {
	__u32 device;
	__u32 reserved;
};

/*
 * MAPPER_IOC_UNBIND - as if the device went away: the buffers that it has, in all
 * files, are taken from all processes. MAPPER_IOC_REBIND - it is back, without them.
 * Errors: EINVAL no such device.
 */
#define MAPPER_IOC_UNBIND	_IOW('M', 0x0b, struct mapper_device_id)
#define MAPPER_IOC_REBIND	_IOW('M', 0x0c, struct mapper_device_id)

#define MAPPER_PIN_WRITE	(1 << 0)
#define MAPPER_PIN_LONGTERM	(1 << 1)
#define MAPPER_PIN_PAGES	256

struct mapper_pin {
	__u64 address;		/* of the caller; page aligned */
	__u32 pages;
	__u32 flags;
	__u32 pinned;		/* out: how many were */
	__u32 reserved;
};

/*
 * MAPPER_IOC_PIN - pin pages of the caller, as direct I/O does. Errors:
 *	EINVAL      unaligned, no page, or more than MAPPER_PIN_PAGES
 *	EBUSY       this file has pinned pages already
 *	ENOMEM      no memory
 * and what pin_user_pages_fast() says if it pins none.
 * MAPPER_IOC_UNPIN - lets them go. Errors: ENOENT there are none.
 * MAPPER_IOC_CHECK_PINNED - compares them, the id is ignored. Errors: ENOENT.
 */
#define MAPPER_IOC_PIN		_IOWR('M', 0x0d, struct mapper_pin)
#define MAPPER_IOC_UNPIN	_IO('M', 0x0e)
#define MAPPER_IOC_CHECK_PINNED	_IOWR('M', 0x0f, struct mapper_pattern)

/*
 * MAPPER_IOC_DETACH - the mappings of a revoked buffer let go of it. Errors: ENOENT,
 * EOPNOTSUPP, what dmamap_detach() says.
 */
#define MAPPER_IOC_DETACH	_IOW('M', 0x10, struct mapper_object)

/* Word @index (32 bits each) of a pattern: another one for each seed and place. */
static inline __u32 mapper_word(__u32 seed, __u32 index)
{
	__u32 word = seed * 2654435761u + index * 2246822519u;

	return (word ^ word >> 15) * 3266489917u | 1;
}

#endif /* MAPPER_ABI_H */
