// SPDX-License-Identifier: GPL-2.0
/* Buffers and views of an open file, and the end of a device. */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kunit/mapper/mapper.h"

int mapper_add_object(struct mapper_file *file, void *object, u32 *id)
{
	const int err = xa_alloc(&file->objects, id, object, XA_LIMIT(1, MAPPER_IDS), GFP_KERNEL);

	return err == -EBUSY ? -ENOSPC : err;
}

static enum mapper_kind kind_of(const void *object)
{
	return *(const enum mapper_kind *)object;
}

struct mapper_buffer *mapper_find_buffer(struct mapper_file *file, u32 id)
{
	void *object = xa_load(&file->objects, id);

	if (!object || kind_of(object) != MAPPER_IS_BUFFER)
		return ERR_PTR(-ENOENT);
	return object;
}

static void end_buffer(struct kref *references)
{
	struct mapper_buffer *buffer = container_of(references, struct mapper_buffer, references);

	mutex_lock(&buffer->device->lock);
	list_del(&buffer->entry);
	mutex_unlock(&buffer->device->lock);
	buffer->mapper->backend->free(buffer);
	kfree(buffer);
}

struct mapper_buffer *mapper_get_buffer(struct mapper_file *file, u32 id)
{
	struct mapper_buffer *buffer;

	mutex_lock(&file->lock);
	buffer = mapper_find_buffer(file, id);
	if (!IS_ERR(buffer))
		kref_get(&buffer->references);
	mutex_unlock(&file->lock);
	return buffer;
}

void mapper_put_buffer(struct mapper_buffer *buffer)
{
	if (!IS_ERR(buffer))
		kref_put(&buffer->references, end_buffer);
}

static struct mapper_buffer *new_buffer(struct mapper *mapper, struct mapper_device *device)
{
	struct mapper_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer)
		return NULL;
	buffer->kind = MAPPER_IS_BUFFER;
	buffer->mapper = mapper;
	buffer->device = device;
	kref_init(&buffer->references);
	return buffer;
}

/* Fails if the device has gone away meanwhile: the buffer would never be revoked. */
static int enlist(struct mapper_buffer *buffer)
{
	struct mapper_device *device = buffer->device;
	int err = -ENXIO;

	mutex_lock(&device->lock);
	if (device->bound) {
		list_add_tail(&buffer->entry, &device->buffers);
		err = 0;
	}
	mutex_unlock(&device->lock);
	return err;
}

int mapper_alloc(struct mapper_file *file, struct mapper_alloc *request)
{
	struct mapper *mapper = file->mapper;
	struct mapper_device *device = &mapper->devices[request->device];
	struct mapper_buffer *buffer;
	int err;

	if (!READ_ONCE(device->bound))
		return -ENXIO;
	buffer = new_buffer(mapper, device);
	if (!buffer)
		return -ENOMEM;
	err = mapper->backend->alloc(buffer, request);
	if (err)
		goto free_object;
	err = enlist(buffer);
	if (err)
		goto free_memory;
	err = mapper_add_object(file, buffer, &request->id);
	if (err)
		kref_put(&buffer->references, end_buffer);
	return err;

free_memory:
	mapper->backend->free(buffer);
free_object:
	kfree(buffer);
	return err;
}

static void end_view(struct mapper_shown *shown)
{
	u32 i;

	for (i = 0; i < shown->count; i++)
		shown->parts[i].buffer->views--;
	kvfree(shown);
}

int mapper_view(struct mapper_file *file, struct mapper_view *view,
		const struct mapper_segment *segments)
{
	struct mapper_shown *shown;
	int err = 0;
	u32 i;

	shown = kvzalloc(struct_size(shown, parts, view->count), GFP_KERNEL);
	if (!shown)
		return -ENOMEM;
	shown->kind = MAPPER_IS_VIEW;
	shown->access = view->access;
	shown->count = view->count;
	for (i = 0; i < view->count; i++) {
		struct mapper_buffer *buffer = mapper_find_buffer(file, segments[i].id);

		if (IS_ERR(buffer)) {
			shown->count = i;
			err = PTR_ERR(buffer);
			goto fail;
		}
		shown->parts[i] = (struct mapper_part){ buffer, segments[i].offset,
							segments[i].bytes };
		buffer->views++;
	}
	err = mapper_add_object(file, shown, &view->id);
fail:
	if (err)
		end_view(shown);
	return err;
}

int mapper_free(struct mapper_file *file, u32 id)
{
	void *object = xa_load(&file->objects, id);
	struct mapper_buffer *buffer = object;

	if (!object)
		return -ENOENT;
	if (kind_of(object) == MAPPER_IS_BUFFER && buffer->views)
		return -EBUSY;
	xa_erase(&file->objects, id);
	if (file->selected == id)
		file->selected = 0;
	if (kind_of(object) == MAPPER_IS_VIEW)
		end_view(object);
	else
		kref_put(&buffer->references, end_buffer);
	return 0;
}

void mapper_free_all(struct mapper_file *file)
{
	unsigned long id;
	void *object;

	xa_for_each(&file->objects, id, object)
		if (kind_of(object) == MAPPER_IS_VIEW)
			mapper_free(file, id);
	xa_for_each(&file->objects, id, object)
		mapper_free(file, id);
	xa_destroy(&file->objects);
}

static int map_parts(struct mapper_file *file, struct vm_area_struct *vma,
		     const struct mapper_shown *shown)
{
	bool gone = false;
	int err;
	u32 i;

	down_read(&file->mapper->use);
	for (i = 0; i < shown->count; i++)
		gone |= (!shown->parts[i].buffer->region && !shown->parts[i].buffer->cpu) ||
			!READ_ONCE(shown->parts[i].buffer->device->bound);
	err = gone ? -ENXIO :
		     file->mapper->backend->map(vma, shown->parts, shown->count, shown->access);
	up_read(&file->mapper->use);
	return err;
}

/* A view of its own, without a count in the buffers, but with a reference on each. */
static struct mapper_shown *new_shown(const struct mapper_part *parts, u32 count, u32 access)
{
	struct mapper_shown *shown = kvzalloc(struct_size(shown, parts, count), GFP_KERNEL);
	u32 i;

	if (!shown)
		return ERR_PTR(-ENOMEM);
	shown->access = access;
	shown->count = count;
	for (i = 0; i < count; i++) {
		shown->parts[i] = parts[i];
		kref_get(&parts[i].buffer->references);
	}
	return shown;
}

static void end_shown(struct mapper_shown *shown)
{
	u32 i;

	for (i = 0; i < shown->count; i++)
		mapper_put_buffer(shown->parts[i].buffer);
	kvfree(shown);
}

/* The object that @vma is to show, as it is now. The file's lock is held. */
static struct mapper_shown *find_shown(struct mapper_file *file, const struct vm_area_struct *vma)
{
	const pgoff_t id = file->selected ?: vma->vm_pgoff >> MAPPER_ID_SHIFT;
	const u64 offset = file->selected ? 0 : (u64)(vma->vm_pgoff & (BIT(MAPPER_ID_SHIFT) - 1))
						<< PAGE_SHIFT;
	struct mapper_buffer *buffer;
	struct mapper_shown *shown;
	struct mapper_part part;

	/* Not xa_load(id) alone: an id is an index of 32 bits, and this is not. */
	shown = id <= MAPPER_IDS ? xa_load(&file->objects, id) : NULL;
	if (!shown)
		return ERR_PTR(-ENOENT);
	if (shown->kind == MAPPER_IS_VIEW)
		return offset ? ERR_PTR(-EINVAL) :
				new_shown(shown->parts, shown->count, shown->access);
	buffer = (struct mapper_buffer *)shown;
	if (offset >= buffer->bytes)
		return ERR_PTR(-EINVAL);
	part = (struct mapper_part){ buffer, offset, PAGE_ALIGN(buffer->bytes) - offset };
	return new_shown(&part, 1, MAPPER_READ | MAPPER_WRITE);
}

int mapper_map(struct mapper_file *file, struct vm_area_struct *vma)
{
	struct mapper_shown *shown;
	int err;

	mutex_lock(&file->lock);
	shown = find_shown(file, vma);
	mutex_unlock(&file->lock);
	if (IS_ERR(shown))
		return PTR_ERR(shown);
	err = map_parts(file, vma, shown);
	end_shown(shown);
	return err;
}

void mapper_unbind(struct mapper_device *device)
{
	struct mapper_buffer *buffer, *last = NULL;

	mutex_lock(&device->lock);
	device->bound = false;
	list_for_each_entry(buffer, &device->buffers, entry) {
		/* A buffer without references: the last put waits for the lock. */
		if (!kref_get_unless_zero(&buffer->references))
			continue;
		mutex_unlock(&device->lock);
		buffer->mapper->backend->revoke(buffer, MAPPER_AFTER_SIGBUS);
		/* The one before has kept our place in the list; now this one does. */
		if (last)
			kref_put(&last->references, end_buffer);
		last = buffer;
		mutex_lock(&device->lock);
	}
	mutex_unlock(&device->lock);
	if (last)
		kref_put(&last->references, end_buffer);
}

void mapper_rebind(struct mapper_device *device)
{
	mutex_lock(&device->lock);
	device->bound = true;
	mutex_unlock(&device->lock);
}

u32 mapper_live_buffers(struct mapper *mapper)
{
	struct mapper_buffer *buffer;
	u32 i, count = 0;

	for (i = 0; i < MAPPER_DEVICES; i++) {
		mutex_lock(&mapper->devices[i].lock);
		list_for_each_entry(buffer, &mapper->devices[i].buffers, entry)
			count++;
		mutex_unlock(&mapper->devices[i].lock);
	}
	return count;
}
