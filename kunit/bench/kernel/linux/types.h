/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's own shims for user space lack. */
#ifndef BENCH_TYPES_H
#define BENCH_TYPES_H

#include "generated/autoconf.h"
#include_next <linux/types.h>

typedef u64 dma_addr_t;

typedef struct {
	s64 counter;
} atomic64_t;

#define __cleanup(function)	__attribute__((__cleanup__(function)))
#define ___ID(name, line)	name##line
#define __ID(name, line)	___ID(name, line)
#define __UNIQUE_ID(name)	__ID(name, __LINE__)

#endif /* BENCH_TYPES_H */
