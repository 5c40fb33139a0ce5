/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RCU of a kernel that is not preempted, and of a program with one thread: a reader
 * does nothing, and when somebody frees there is none.
 */
#ifndef BENCH_RCUPDATE_H
#define BENCH_RCUPDATE_H

#include <linux/compiler.h>
#include <linux/slab.h>
#include <asm/barrier.h>

#include <../../../include/linux/cleanup.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#define __rcu
#define rcu_read_lock()			barrier()
#define rcu_read_unlock()		barrier()
#define rcu_dereference(p)		READ_ONCE(p)
#define rcu_dereference_raw(p)		READ_ONCE(p)
#define rcu_dereference_check(p, c)	READ_ONCE(p)
#define rcu_dereference_protected(p, c)	(p)
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define RCU_INIT_POINTER(p, v)		do { (p) = (v); } while (0)
#define call_rcu(head, func)		func(head)
#define kfree_rcu(object, head)		kmem_cache_free(NULL, object)

DEFINE_LOCK_GUARD_0(rcu, rcu_read_lock(), rcu_read_unlock())

#endif /* BENCH_RCUPDATE_H */
