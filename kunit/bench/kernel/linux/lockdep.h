/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_LOCKDEP_H
#define BENCH_LOCKDEP_H

/* The kernel's own tests have some of it; nothing is checked here. */
#include_next <linux/lockdep.h>

#define lockdep_assert_held(lock)		((void)(lock))
#define lockdep_assert_in_rcu_read_lock()	((void)0)

#endif /* BENCH_LOCKDEP_H */
