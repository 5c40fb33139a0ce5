/* SPDX-License-Identifier: GPL-2.0 */
/* As in a kernel; the tests of the kernel's tree use smaller nodes. */
#define XA_CHUNK_SHIFT 6
