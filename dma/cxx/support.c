// SPDX-License-Identifier: GPL-2.0
/* The only function of a C++ runtime that freestanding libc++ needs. */
#include <linux/bug.h>
#include <linux/compiler.h>

void abort(void);

/*
 * A C++ invariant is broken (value() of an error, index out of range): going on
 * would hand out memory in an unknown state. Weak: a machine may have one.
 */
void __weak abort(void)
{
	panic("dmamap: broken invariant in C++ code, called from %pS\n",
	      __builtin_return_address(0));
}
