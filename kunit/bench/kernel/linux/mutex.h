/* SPDX-License-Identifier: GPL-2.0 */
/* As large as the kernel's: what lies in one cache line is what lies in one there. */
struct mutex {
	unsigned long room[4];
};
