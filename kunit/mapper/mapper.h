/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the two mappers: files, objects, requests (mapper.c, objects.c,
 * requests.c), and what is different (layer.c, stock.c).
 *
 * Lock order, outermost first:
 *   mmap_lock
 *     mapper_file.lock
 *       mapper.use             held for reading while no memory may go away
 *     mapper_device.lock       leaf
 * No user memory is touched under any of them, and nothing is revoked: both take mmap_lock.
 */
#ifndef MAPPER_H
#define MAPPER_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>

#include "kunit/mapper/mapper_abi.h"

struct page;
struct platform_device;
struct vm_area_struct;

struct mapper_device {
	struct platform_device *platform;
	struct mutex lock;
	bool bound;
	struct list_head buffers;	/* both under lock */
};

/* One of the two drivers. */
struct mapper {
	struct miscdevice misc;
	const struct mapper_backend *backend;
	struct mapper_device devices[MAPPER_DEVICES];
	struct rw_semaphore use;
};

enum mapper_kind { MAPPER_IS_BUFFER, MAPPER_IS_VIEW };

struct mapper_buffer {
	enum mapper_kind kind;
	struct kref references;
	struct mapper *mapper;
	struct mapper_device *device;
	struct list_head entry;		/* of the device's, under its lock */
	u32 views;			/* that show it; under the file's lock */
	size_t bytes;
	/* Of the layer, or of stock: NULL when it is gone. */
	struct dmamap_region *region;
	void *cpu;
	dma_addr_t dma;
};

struct mapper_part {
	struct mapper_buffer *buffer;
	u64 offset;
	u64 bytes;
};

struct mapper_shown {
	enum mapper_kind kind;
	u32 access;
	u32 count;
	struct mapper_part parts[] __counted_by(count);
};

struct mapper_file {
	struct mapper *mapper;
	struct mutex lock;
	struct xarray objects;		/* what begins with an enum mapper_kind */
	u32 selected;
	struct page **pinned;
	u32 pins;
};

/* The part of each driver. A buffer has its memory, unless it is said otherwise. */
struct mapper_backend {
	u32 has;
	bool flips;	/* what a device gets that does not snoop, wherever it is */
	/* Sets region or cpu, dma. */
	int (*alloc)(struct mapper_buffer *buffer, struct mapper_alloc *request);
	/* The memory may be gone. */
	void (*free)(struct mapper_buffer *buffer);
	void *(*cpu)(const struct mapper_buffer *buffer);
	int (*map)(struct vm_area_struct *vma, const struct mapper_part *parts, u32 count,
		   u32 access);
	int (*resolve)(const struct mapper_buffer *buffer, struct mapper_resolve *request);
	/* Called without a lock; the memory may be gone. */
	int (*revoke)(struct mapper_buffer *buffer, u32 after);
	/* All memory of the device, freed or not; may be NULL. */
	void (*unbind)(struct device *dev);
	int (*reattach)(struct mapper_buffer *from, struct mapper_buffer *to);
	int (*detach)(struct mapper_buffer *buffer);
	u64 (*adoptable)(void);
};

extern const struct mapper_backend mapper_layer, mapper_stock;

/* objects.c; a file's lock is held where not said. */
int mapper_add_object(struct mapper_file *file, void *object, u32 *id);
struct mapper_buffer *mapper_find_buffer(struct mapper_file *file, u32 id);
int mapper_alloc(struct mapper_file *file, struct mapper_alloc *request);
int mapper_view(struct mapper_file *file, struct mapper_view *view,
		const struct mapper_segment *segments);
int mapper_free(struct mapper_file *file, u32 id);
/* The last reference of the file is gone. */
void mapper_free_all(struct mapper_file *file);
/* Without a lock. */
struct mapper_buffer *mapper_get_buffer(struct mapper_file *file, u32 id);
/* @buffer may be an error. */
void mapper_put_buffer(struct mapper_buffer *buffer);
/* mmap_lock is held; a buffer may be freed, and its region put, meanwhile. */
int mapper_map(struct mapper_file *file, struct vm_area_struct *vma);
void mapper_unbind(struct mapper_device *device);
void mapper_rebind(struct mapper_device *device);
u32 mapper_live_buffers(struct mapper *mapper);

/* pins.c; takes the file's lock. */
int mapper_pin(struct mapper_file *file, struct mapper_pin *request);
int mapper_unpin(struct mapper_file *file);
int mapper_check_pinned(struct mapper_file *file, struct mapper_pattern *pattern);

/* requests.c */
long mapper_request(struct mapper_file *file, unsigned int number, void __user *argument);

/* How many bytes of RAM the board keeps for a driver that adopts it, and where. */
size_t mapper_adoptable(phys_addr_t *phys);

#endif /* MAPPER_H */
