/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_INIT_H
#define BENCH_INIT_H

/* Before main(). */
#define __init			__attribute__((constructor))
#define core_initcall(function)	static_assert(1, "")

#endif /* BENCH_INIT_H */
