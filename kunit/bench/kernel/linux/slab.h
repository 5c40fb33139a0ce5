/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_SLAB_H
#define BENCH_SLAB_H

#include <linux/gfp.h>
#include <linux/types.h>

#include <stdlib.h>

#define SLAB_PANIC	0

struct list_lru;

struct kmem_cache {
	size_t bytes;
};

static inline struct kmem_cache *kmem_cache_create(const char *name, size_t bytes, size_t align,
						   unsigned int flags, void (*construct)(void *))
{
	struct kmem_cache *cache = malloc(sizeof(*cache));

	cache->bytes = bytes;
	return cache;
}

static inline void *kmem_cache_zalloc(struct kmem_cache *cache, unsigned int gfp)
{
	return calloc(1, cache->bytes);
}

static inline void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
					 unsigned int gfp)
{
	return kmem_cache_zalloc(cache, gfp);
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	free(object);
}

#define kmem_cache_alloc(cache, gfp)	kmem_cache_zalloc(cache, gfp)

#endif /* BENCH_SLAB_H */
