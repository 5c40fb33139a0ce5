/* SPDX-License-Identifier: GPL-2.0 */
/* The compiler's limits.h has all that is needed, but includes a C library's: this empty one. */
#pragma once
