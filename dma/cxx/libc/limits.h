/* SPDX-License-Identifier: GPL-2.0 */
/* The compiler's limits.h looks for a C library's; all it needs is in itself. */
#pragma once
