/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_SEQLOCK_H
#define BENCH_SEQLOCK_H

#include <linux/compiler.h>
#include <asm/barrier.h>

typedef struct {
	unsigned int sequence;
} seqcount_t;

static inline unsigned int read_seqcount_begin(const seqcount_t *s)
{
	return smp_load_acquire(&s->sequence);
}

static inline int read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	smp_rmb();
	return READ_ONCE(s->sequence) != start;
}

static inline void write_seqcount_invalidate(seqcount_t *s)
{
	smp_wmb();
	s->sequence += 2;
}

#endif /* BENCH_SEQLOCK_H */
