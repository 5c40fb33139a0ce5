/* SPDX-License-Identifier: GPL-2.0 */
#pragma once
typedef struct { int state; } mbstate_t;
