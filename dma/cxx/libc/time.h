/* SPDX-License-Identifier: GPL-2.0 */
/* Without clocks, which the kernel does not offer through a C library. */
#pragma once
#include <stddef.h>
