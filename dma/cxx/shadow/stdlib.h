/* SPDX-License-Identifier: GPL-2.0 */
/* Found before libc++'s stdlib.h, which wants the whole of C's; see cstdlib. */
#pragma once
#include <stddef.h>

extern "C" {
[[noreturn]] void abort(void);
void *malloc(size_t bytes);
void *aligned_alloc(size_t alignment, size_t bytes);
void free(void *old);
}
