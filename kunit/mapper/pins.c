// SPDX-License-Identifier: GPL-2.0
/* Pages of a process that a file has pinned, as direct I/O and RDMA drivers do it. */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kunit/mapper/mapper.h"

int mapper_pin(struct mapper_file *file, struct mapper_pin *request)
{
	const unsigned int flags = (request->flags & MAPPER_PIN_WRITE ? FOLL_WRITE : 0) |
				   (request->flags & MAPPER_PIN_LONGTERM ? FOLL_LONGTERM : 0);
	struct page **pages = kcalloc(request->pages, sizeof(*pages), GFP_KERNEL);
	int pinned;

	if (!pages)
		return -ENOMEM;
	/* Before the lock: it takes mmap_lock, and may be interrupted only by a kill. */
	pinned = pin_user_pages_fast(request->address, request->pages, flags, pages);
	if (pinned <= 0) {
		kfree(pages);
		return pinned ?: -EFAULT;
	}
	mutex_lock(&file->lock);
	if (file->pinned) {
		mutex_unlock(&file->lock);
		unpin_user_pages(pages, pinned);
		kfree(pages);
		return -EBUSY;
	}
	file->pinned = pages;
	file->pins = pinned;
	request->pinned = pinned;
	mutex_unlock(&file->lock);
	return 0;
}

int mapper_unpin(struct mapper_file *file)
{
	struct page **pages;
	u32 pins;

	mutex_lock(&file->lock);
	pages = file->pinned;
	pins = file->pins;
	file->pinned = NULL;
	file->pins = 0;
	mutex_unlock(&file->lock);
	if (!pages)
		return -ENOENT;
	unpin_user_pages(pages, pins);
	kfree(pages);
	return 0;
}

int mapper_check_pinned(struct mapper_file *file, struct mapper_pattern *pattern)
{
	const u32 words_per_page = PAGE_SIZE / sizeof(u32);
	const u32 *words;
	u32 i, j;

	mutex_lock(&file->lock);
	pattern->wrong = 0;
	for (i = 0; i < file->pins; i++) {
		words = kmap_local_page(file->pinned[i]);
		for (j = 0; j < words_per_page; j++)
			pattern->wrong += READ_ONCE(words[j]) !=
					  mapper_word(pattern->seed, i * words_per_page + j);
		kunmap_local(words);
	}
	mutex_unlock(&file->lock);
	return i ? 0 : -ENOENT;
}
