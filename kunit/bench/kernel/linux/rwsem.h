/* SPDX-License-Identifier: GPL-2.0 */
/* As linux/mutex.h. */
struct rw_semaphore {
	unsigned long room[5];
};
