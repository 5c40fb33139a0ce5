/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_MM_H
#define BENCH_MM_H

#include <linux/kernel.h>
#include <linux/types.h>

#define PHYS_PFN(phys)		((phys) >> PAGE_SHIFT)
#define pfn_to_page(pfn)	((struct page *)((pfn) << PAGE_SHIFT))

#endif /* BENCH_MM_H */
