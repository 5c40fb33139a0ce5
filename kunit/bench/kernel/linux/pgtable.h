/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_PGTABLE_H
#define BENCH_PGTABLE_H

typedef struct {
	unsigned long prot;
} pgprot_t;

#define PAGE_SHARED	((pgprot_t){ 7 })

#endif /* BENCH_PGTABLE_H */
