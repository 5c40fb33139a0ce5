// SPDX-License-Identifier: GPL-2.0
/*
 * The requests of mapper_abi.h: arguments are copied and checked here, before a
 * lock is taken, and copied back after it is dropped.
 */
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kunit/mapper/mapper.h"

/* Where all devices snoop for the kernel, a driver of the layer may say otherwise. */
static u32 snooping(const struct mapper *mapper)
{
	u32 i, bits = 0;

	for (i = 0; i < MAPPER_DEVICES; i++)
		if (i == MAPPER_SNOOPING ||
		    (!mapper->backend->flips &&
		     dev_is_dma_coherent(&mapper->devices[i].platform->dev)))
			bits |= BIT(i);
	return bits;
}

static int info(struct mapper_file *file, void *argument)
{
	struct mapper *mapper = file->mapper;
	struct mapper_info *request = argument;

	if (request->abi != MAPPER_ABI_VERSION ||
	    memchr_inv(request->reserved, 0, sizeof(request->reserved)))
		return -EINVAL;
	request->has = mapper->backend->has;
	request->adoptable = mapper->backend->adoptable();
	request->buffers = mapper_live_buffers(mapper);
	request->snooping = snooping(mapper);
	return 0;
}

static int alloc(struct mapper_file *file, void *argument)
{
	struct mapper_alloc *request = argument;
	int err;

	if (request->reserved || request->device >= MAPPER_DEVICES ||
	    (request->flags & ~(MAPPER_ATOMIC | MAPPER_ADOPT)) ||
	    request->flags == (MAPPER_ATOMIC | MAPPER_ADOPT))
		return -EINVAL;
	request->failed = 0;
	request->id = 0;
	mutex_lock(&file->lock);
	err = mapper_alloc(file, request);
	mutex_unlock(&file->lock);
	return err;
}

static int view(struct mapper_file *file, void *argument)
{
	struct mapper_view *request = argument;
	struct mapper_segment *segments;
	int err = -EINVAL;
	u32 i;

	if (!request->count || request->count > MAPPER_SEGMENTS ||
	    memchr_inv(request->reserved, 0, sizeof(request->reserved)))
		return -EINVAL;
	segments = vmemdup_array_user(u64_to_user_ptr(request->segments), request->count,
				      sizeof(*segments));
	if (IS_ERR(segments))
		return PTR_ERR(segments);
	for (i = 0; i < request->count; i++)
		if (segments[i].reserved)
			goto out;
	mutex_lock(&file->lock);
	err = mapper_view(file, request, segments);
	mutex_unlock(&file->lock);
out:
	kvfree(segments);
	return err;
}

static int free_object(struct mapper_file *file, void *argument)
{
	const struct mapper_object *request = argument;
	int err;

	if (request->reserved)
		return -EINVAL;
	mutex_lock(&file->lock);
	err = mapper_free(file, request->id);
	mutex_unlock(&file->lock);
	return err;
}

static int select_object(struct mapper_file *file, void *argument)
{
	const struct mapper_object *request = argument;
	int err = 0;

	if (request->reserved)
		return -EINVAL;
	mutex_lock(&file->lock);
	if (request->id && !xa_load(&file->objects, request->id))
		err = -ENOENT;
	else
		file->selected = request->id;
	mutex_unlock(&file->lock);
	return err;
}

/* Calls @work with a buffer whose memory is there and stays. */
static int with_memory(struct mapper_file *file, u32 id, void *argument,
		       int (*work)(struct mapper_buffer *buffer, void *argument))
{
	struct mapper_buffer *buffer;
	int err;

	mutex_lock(&file->lock);
	down_read(&file->mapper->use);
	buffer = mapper_find_buffer(file, id);
	if (IS_ERR(buffer))
		err = PTR_ERR(buffer);
	else if (!buffer->region && !buffer->cpu)
		err = -ENXIO;
	else
		err = work(buffer, argument);
	up_read(&file->mapper->use);
	mutex_unlock(&file->lock);
	return err;
}

static int fill_buffer(struct mapper_buffer *buffer, void *argument)
{
	const struct mapper_pattern *request = argument;
	u32 *words = buffer->mapper->backend->cpu(buffer);
	const u32 count = buffer->bytes / sizeof(*words);
	u32 i;

	for (i = 0; i < count; i++)
		WRITE_ONCE(words[i], mapper_word(request->seed, i));
	return 0;
}

static int fill(struct mapper_file *file, void *argument)
{
	const struct mapper_pattern *request = argument;

	return with_memory(file, request->id, argument, fill_buffer);
}

static int check_buffer(struct mapper_buffer *buffer, void *argument)
{
	struct mapper_pattern *request = argument;
	const u32 *words = buffer->mapper->backend->cpu(buffer);
	const u32 count = buffer->bytes / sizeof(*words);
	u32 i;

	request->wrong = 0;
	for (i = 0; i < count; i++)
		request->wrong += READ_ONCE(words[i]) != mapper_word(request->seed, i);
	return 0;
}

static int check(struct mapper_file *file, void *argument)
{
	const struct mapper_pattern *request = argument;

	return with_memory(file, request->id, argument, check_buffer);
}

static int resolve_byte(struct mapper_buffer *buffer, void *argument)
{
	return buffer->mapper->backend->resolve(buffer, argument);
}

static int resolve(struct mapper_file *file, void *argument)
{
	const struct mapper_resolve *request = argument;

	if (request->reserved)
		return -EINVAL;
	return with_memory(file, request->id, argument, resolve_byte);
}

static int revoke(struct mapper_file *file, void *argument)
{
	const struct mapper_revoke *request = argument;
	struct mapper_buffer *buffer;
	int err;

	if (memchr_inv(request->reserved, 0, sizeof(request->reserved)) ||
	    request->after > MAPPER_AFTER_SNAPSHOT)
		return -EINVAL;
	buffer = mapper_get_buffer(file, request->id);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	err = file->mapper->backend->revoke(buffer, request->after);
	mapper_put_buffer(buffer);
	return err;
}

static int reattach(struct mapper_file *file, void *argument)
{
	const struct mapper_reattach *request = argument;
	struct mapper_buffer *from, *to;
	int err = -ENOENT;

	if (memchr_inv(request->reserved, 0, sizeof(request->reserved)))
		return -EINVAL;
	from = mapper_get_buffer(file, request->from);
	to = mapper_get_buffer(file, request->to);
	if (!IS_ERR(from) && !IS_ERR(to))
		err = file->mapper->backend->reattach(from, to);
	mapper_put_buffer(from);
	mapper_put_buffer(to);
	return err;
}

static int detach(struct mapper_file *file, void *argument)
{
	const struct mapper_object *request = argument;
	struct mapper_buffer *buffer;
	int err;

	if (request->reserved)
		return -EINVAL;
	buffer = mapper_get_buffer(file, request->id);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	err = file->mapper->backend->detach(buffer);
	mapper_put_buffer(buffer);
	return err;
}

static int unbind(struct mapper_file *file, void *argument)
{
	const struct mapper_device_id *request = argument;

	if (request->reserved || request->device >= MAPPER_DEVICES)
		return -EINVAL;
	mapper_unbind(&file->mapper->devices[request->device]);
	if (file->mapper->backend->unbind)
		file->mapper->backend->unbind(&file->mapper->devices[request->device].platform->dev);
	return 0;
}

static int rebind(struct mapper_file *file, void *argument)
{
	const struct mapper_device_id *request = argument;

	if (request->reserved || request->device >= MAPPER_DEVICES)
		return -EINVAL;
	mapper_rebind(&file->mapper->devices[request->device]);
	return 0;
}

static int pin(struct mapper_file *file, void *argument)
{
	struct mapper_pin *request = argument;

	if (request->reserved || (request->flags & ~(MAPPER_PIN_WRITE | MAPPER_PIN_LONGTERM)) ||
	    !IS_ALIGNED(request->address, PAGE_SIZE) || request->address > ULONG_MAX ||
	    !request->pages || request->pages > MAPPER_PIN_PAGES)
		return -EINVAL;
	request->pinned = 0;
	return mapper_pin(file, request);
}

static int unpin(struct mapper_file *file, void *unused)
{
	return mapper_unpin(file);
}

static int check_pinned(struct mapper_file *file, void *argument)
{
	return mapper_check_pinned(file, argument);
}

static const struct {
	unsigned int number;
	int (*work)(struct mapper_file *file, void *argument);
} requests[] = {
	{ MAPPER_IOC_INFO, info },
	{ MAPPER_IOC_ALLOC, alloc },
	{ MAPPER_IOC_VIEW, view },
	{ MAPPER_IOC_FREE, free_object },
	{ MAPPER_IOC_SELECT, select_object },
	{ MAPPER_IOC_FILL, fill },
	{ MAPPER_IOC_CHECK, check },
	{ MAPPER_IOC_RESOLVE, resolve },
	{ MAPPER_IOC_REVOKE, revoke },
	{ MAPPER_IOC_REATTACH, reattach },
	{ MAPPER_IOC_DETACH, detach },
	{ MAPPER_IOC_UNBIND, unbind },
	{ MAPPER_IOC_REBIND, rebind },
	{ MAPPER_IOC_PIN, pin },
	{ MAPPER_IOC_UNPIN, unpin },
	{ MAPPER_IOC_CHECK_PINNED, check_pinned },
};

/* The answer goes back on error, too: it may say how far the work came. */
long mapper_request(struct mapper_file *file, unsigned int number, void __user *argument)
{
	u64 buffer[8] = {};
	const size_t bytes = _IOC_SIZE(number);
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(requests) && requests[i].number != number; i++)
		;
	if (i == ARRAY_SIZE(requests))
		return -ENOTTY;
	if (WARN_ON_ONCE(bytes > sizeof(buffer)))
		return -EINVAL;
	if (copy_from_user(buffer, argument, bytes))
		return -EFAULT;
	err = requests[i].work(file, buffer);
	if ((_IOC_DIR(number) & _IOC_READ) && copy_to_user(argument, buffer, bytes))
		return -EFAULT;
	return err;
}
