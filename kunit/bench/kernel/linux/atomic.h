/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_ATOMIC_H
#define BENCH_ATOMIC_H

#include_next <linux/atomic.h>

#define atomic64_read(v)	__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic64_add(i, v)	__atomic_add_fetch(&(v)->counter, i, __ATOMIC_RELAXED)

#endif /* BENCH_ATOMIC_H */
