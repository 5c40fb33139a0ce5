/* SPDX-License-Identifier: GPL-2.0 */
/* What hca_abi.h wants of the header; C++ in the kernel sees none of the kernel's. */
#pragma once
#include <stdint.h>

typedef uint32_t __u32;
typedef uint64_t __u64;
