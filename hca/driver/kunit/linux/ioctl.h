/* SPDX-License-Identifier: GPL-2.0 */
/* hca_abi.h includes it; the data path makes no ioctl(). */
#pragma once
