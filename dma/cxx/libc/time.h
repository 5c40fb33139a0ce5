/* SPDX-License-Identifier: GPL-2.0 */
/* No clocks through the C library in the kernel. */
#pragma once
#include <stddef.h>
