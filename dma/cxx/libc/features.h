/* SPDX-License-Identifier: GPL-2.0 */
/* Empty: libc++ includes this to learn which C library there is, and there is none. */
#pragma once
