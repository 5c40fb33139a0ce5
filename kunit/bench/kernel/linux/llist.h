/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_LLIST_H
#define BENCH_LLIST_H

struct llist_node {
	struct llist_node *next;
};

#endif /* BENCH_LLIST_H */
