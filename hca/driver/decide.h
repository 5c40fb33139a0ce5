/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decisions of the HCA driver that need no kernel: which context is free, which
 * memory is behind each kind, when a silent chip counts as dead.
 *
 * This is the boundary between the C++ that decides and the C that acts, which
 * parses as C11 and as C++, in the kernel and on a PC, where tests run the same
 * source. Nothing here sleeps, allocates or takes a lock: every function may be
 * called in any context, and the caller serializes calls on one object.
 */
#ifndef HCA_DECIDE_H
#define HCA_DECIDE_H

#if defined(__cplusplus)
#include <cstdint>
#elif defined(__KERNEL__)
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#include "../include/hca_chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Refusals, with the kernel's values: check.c asserts that. */
enum hca_refusal {
	HCA_REFUSE_IO = -5,
	HCA_REFUSE_ACCESS = -13,
	HCA_REFUSE_BUSY = -16,
	HCA_REFUSE_NO_DEVICE = -19,
	HCA_REFUSE_INVALID = -22,
	HCA_REFUSE_NO_SPACE = -28,
};

/*
 * State of the chip, as far as the driver can tell. A state is followed by a
 * larger one only, except that a reset which the chip answers makes it alive.
 */
enum hca_state {
	HCA_STATE_ALIVE = 0,
	HCA_STATE_DEAD = 1,	/* no heartbeat for HCA_SILENCE_MS */
	HCA_STATE_GONE = 2,	/* unbound */
};

/**
 * hca_state_errno() - can a context be opened in this state
 * @state: enum hca_state
 *
 * Context: any.
 * Return: 0, HCA_REFUSE_IO when dead, HCA_REFUSE_NO_DEVICE when gone.
 */
int32_t hca_state_errno(uint32_t state);

/* Request of a process: the arguments of HCA_IOC_OPEN_CONTEXT. */
struct hca_request {
	uint32_t abi;
	uint32_t flags;		/* HCA_OPEN_* */
	uint32_t context;	/* with HCA_OPEN_NUMBER */
	uint32_t partition;
	const uint32_t *reserved;
	uint32_t reserved_count;
};

/* The values are those of hca_abi.h: check.c asserts that. */
#define HCA_REQUEST_NUMBER	0x1u		/* HCA_OPEN_NUMBER */
#define HCA_REQUEST_OWN_PARTITION 0u		/* HCA_PARTITION_OWN */
#define HCA_USER_PARTITION	0x80000000u	/* HCA_PARTITION_USER */

/* For hca_contexts_take(): any that is free. */
#define HCA_ANY_CONTEXT		0xffffffffu

/**
 * hca_request_check() - is a request well formed; says nothing of permission
 * @request: the request, all fields hostile
 * @abi: version that the driver speaks
 * @context: the context asked for, or HCA_ANY_CONTEXT; unchanged on error
 *
 * Context: any.
 * Return: 0 or HCA_REFUSE_INVALID.
 */
int32_t hca_request_check(const struct hca_request *request, uint32_t abi,
			  uint32_t *context);

/* Keys of partitions that the administrator has opened. */
#define HCA_PARTITIONS		16

struct hca_partitions {
	uint32_t count;
	uint32_t key[HCA_PARTITIONS];
};

/**
 * hca_partitions_set() - open these partitions and no other
 * @partitions: the set; unchanged on error
 * @keys: keys, 1 to HCA_USER_PARTITION - 1
 * @count: number of @keys
 *
 * Context: any. Caller serializes.
 * Return: 0, HCA_REFUSE_INVALID for a key that can't be opened, or
 *	HCA_REFUSE_NO_SPACE for more than HCA_PARTITIONS.
 */
int32_t hca_partitions_set(struct hca_partitions *partitions,
			   const uint32_t *keys, uint32_t count);

/**
 * hca_partition_key() - the key that a user gets
 * @partitions: the partitions that are open
 * @wanted: HCA_PARTITION_OWN or a key
 * @uid: user, numbered as in the initial user namespace
 * @key: the key; unchanged on error
 *
 * Context: any.
 * Return: 0, HCA_REFUSE_ACCESS when it is not open, or the user's number
 *	doesn't fit in a key.
 */
int32_t hca_partition_key(const struct hca_partitions *partitions,
			  uint32_t wanted, uint32_t uid, uint32_t *key);

/* Contexts in use, one bit each. */
struct hca_contexts {
	uint32_t used;
};

/**
 * hca_contexts_take() - take a context
 * @contexts: the set
 * @wanted: number below HCA_CONTEXTS, or HCA_ANY_CONTEXT for the lowest free one
 *
 * Context: any. Caller serializes.
 * Return: context number, HCA_REFUSE_NO_SPACE when none is free,
 *	HCA_REFUSE_BUSY when @wanted is in use, or HCA_REFUSE_INVALID when it
 *	is no number of a context.
 */
int32_t hca_contexts_take(struct hca_contexts *contexts, uint32_t wanted);

/**
 * hca_contexts_give() - give a context back
 * @contexts: the set
 * @context: number that hca_contexts_take() returned; any other does nothing
 *
 * Context: any. Caller serializes.
 */
void hca_contexts_give(struct hca_contexts *contexts, uint32_t context);

/**
 * hca_contexts_count() - number of contexts in use
 * @contexts: the set
 *
 * Context: any. Caller serializes.
 * Return: the number.
 */
uint32_t hca_contexts_count(const struct hca_contexts *contexts);

/* Sizes of the memory that a context gets. */
#define HCA_EAGER_SEGMENTS	4
#define HCA_EAGER_SEGMENT_BYTES	0x8000u
#define HCA_EAGER_PER_SEGMENT	(HCA_EAGER_SEGMENT_BYTES / HCA_EAGER_BYTES)
#define HCA_EAGER_BUFFERS	(HCA_EAGER_SEGMENTS * HCA_EAGER_PER_SEGMENT)
#define HCA_HEADER_ENTRIES	256u

/*
 * Sources of the memory of a context. Coherent regions, one context's own, are
 * numbered from 0; the parts of the window, which all contexts share, follow.
 */
enum hca_source {
	HCA_SOURCE_HEADERS = 0,
	HCA_SOURCE_AVAIL = 1,
	HCA_SOURCE_EAGER = 2,	/* first of HCA_EAGER_SEGMENTS */
	HCA_COHERENT_SOURCES = HCA_SOURCE_EAGER + HCA_EAGER_SEGMENTS,
	HCA_SOURCE_USERS = HCA_COHERENT_SOURCES, /* window: user pages */
	HCA_SOURCE_PIO,				 /* window: PIO buffers */
	HCA_SOURCES,
};

/**
 * hca_source_bytes() - bytes to allocate for a coherent source
 * @source: enum hca_source, below HCA_COHERENT_SOURCES
 *
 * Context: any.
 * Return: bytes, or 0 for a source that is not coherent memory.
 */
uint32_t hca_source_bytes(uint32_t source);

/**
 * hca_eager_address() - bus address of an eager buffer
 * @segments: bus addresses of the HCA_EAGER_SEGMENTS segments
 * @buffer: index, below HCA_EAGER_BUFFERS
 *
 * Context: any.
 * Return: the address.
 */
uint64_t hca_eager_address(const uint64_t *segments, uint32_t buffer);

/* Access of a mapping; the values are those of DMAMAP_USER_*. */
#define HCA_PLAN_READ		1u
#define HCA_PLAN_WRITE		2u

/* The five kinds of memory; the values are those of enum hca_kind. */
enum hca_plan_kind {
	HCA_PLAN_REGISTERS = 0,
	HCA_PLAN_PIO = 1,
	HCA_PLAN_EAGER = 2,
	HCA_PLAN_HEADERS = 3,
	HCA_PLAN_PIO_AVAIL = 4,
	HCA_PLAN_KINDS = 5,
};

#define HCA_PLAN_OFFSET_SHIFT	24	/* as in HCA_MAP_OFFSET() */

struct hca_plan_segment {
	uint32_t source;	/* enum hca_source */
	uint32_t offset;	/* bytes, in the region of that source */
	uint32_t bytes;
};

/* The segments that a mapping of one kind shows, and its access rights. */
struct hca_plan {
	uint32_t access;	/* HCA_PLAN_READ, HCA_PLAN_WRITE */
	uint32_t bytes;		/* of all segments */
	uint32_t count;
	struct hca_plan_segment segment[HCA_EAGER_SEGMENTS];
};

/**
 * hca_plan_of() - the memory behind a kind of a context
 * @context: context number
 * @kind: enum hca_plan_kind
 * @plan: the answer; unchanged on error
 *
 * Context: any.
 * Return: 0 or HCA_REFUSE_INVALID.
 */
int32_t hca_plan_of(uint32_t context, uint32_t kind, struct hca_plan *plan);

/**
 * hca_plan_offset() - the kind that an offset of mmap() names
 * @offset: bytes; HCA_MAP_OFFSET() of a kind, and nothing between two of them
 *
 * Context: any.
 * Return: enum hca_plan_kind or HCA_REFUSE_INVALID.
 */
int32_t hca_plan_offset(uint64_t offset);

/**
 * hca_queue_ready() - does the header queue hold an entry not yet consumed
 * @queue: the queue as the CPU sees it, HCA_HEADER_ENTRIES entries
 * @head: entries that the process has consumed, free running
 *
 * The process can write both @head and the queue. So any value is possible, and
 * none makes this function read outside the queue.
 *
 * Context: any.
 * Return: 1 when there is an entry, else 0.
 */
uint8_t hca_queue_ready(const void *queue, uint32_t head);

/**
 * hca_reset_token() - choose a value for HCA_RESET that is new to the chip
 * @random: any value
 * @last: value of HCA_RESET
 * @ack: value of HCA_RESET_ACK, which must not look like an answer to the token
 *
 * Context: any.
 * Return: the token: not 0, not @last, not @ack.
 */
uint32_t hca_reset_token(uint32_t random, uint32_t last, uint32_t ack);

#define HCA_BEAT_PERIOD_MS	500u
#define HCA_SILENCE_MS		5000u

/* Heartbeat of the chip: its last value, and for how long it has not changed. */
struct hca_watch {
	uint32_t beat;
	uint32_t silent_ms;
};

/**
 * hca_watch_start() - begin to watch, with the beat as it is now
 * @watch: the watch
 * @beat: heartbeat register now
 *
 * Context: any. Caller serializes.
 */
void hca_watch_start(struct hca_watch *watch, uint32_t beat);

/**
 * hca_watch_tick() - look at the heartbeat
 * @watch: the watch
 * @beat: heartbeat register now
 * @elapsed_ms: since the last look
 *
 * One look counts for at most two periods. Otherwise a board that was itself
 * stopped for a while would find the chip dead when it goes on.
 *
 * Context: any. Caller serializes.
 * Return: 1 when the chip has been silent for HCA_SILENCE_MS, else 0.
 */
uint8_t hca_watch_tick(struct hca_watch *watch, uint32_t beat,
		       uint32_t elapsed_ms);

#ifdef __cplusplus
}
#endif

#endif /* HCA_DECIDE_H */
