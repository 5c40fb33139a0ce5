/* SPDX-License-Identifier: GPL-2.0 */
/* libc++ includes this to learn which C library there is: none. */
#pragma once
