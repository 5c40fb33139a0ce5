#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Refuses a C++ object that needs a C++ runtime, which the kernel does not have:
# global constructors, exception tables, RTTI, operator new, atomics of libgcc,
# guard variables, the C library. Deletes the object, so that the next build
# looks again.
#
# usage: check-object.sh READELF NM OBJECT
set -u
readelf=$1 nm=$2 object=$3

refuse()
{
	echo >&2 "$object: $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/    /' >&2
	rm -f "$object"
	exit 1
}

sections=$("$readelf" -SW "$object") || refuse "not an object file"
symbols=$("$nm" "$object") || refuse "not an object file"

# KASAN and gcov register the objects that they watch with constructors of their
# own, named _sub_I_NNNNN_N, which the kernel runs. Those of C++ objects are named
# _GLOBAL__sub_I_*.
hit=$(printf '%s\n' "$sections" | grep -oE '\.(init_array|fini_array|ctors|dtors)[^ ]*')
if printf '%s\n' "$symbols" | grep -qE ' t _sub_[ID]_[0-9]{5}_[01]'; then
	hit=$(printf '%s\n' "$symbols" | grep -E ' t _GLOBAL__sub_[ID]_')
fi
[ -z "$hit" ] || refuse "needs a global constructor or destructor; make the object constinit" "$hit"

hit=$(printf '%s\n' "$sections" | grep -oE '\.gcc_except_table[^ ]*')
[ -z "$hit" ] || refuse "has an exception table; the kernel can't unwind C++" "$hit"

hit=$(printf '%s\n' "$symbols" | grep -E ' _ZT[IS]')
[ -z "$hit" ] || refuse "has RTTI; use neither typeid nor dynamic_cast" "$hit"

# Mangled names of std, operator new and delete, the ABI's runtime, libgcc's
# atomics, and the C library functions that libc++ can fall back to.
runtime='_ZSt|_ZNSt|_ZNKSt|_Zn[wa]|_Zd[la]|__cxa_|__gxx_|__gcc_personality|_Unwind_|__sync_|__atomic_|__emutls'
hit=$(printf '%s\n' "$symbols" |
	grep -E " [Uw] ($runtime|(malloc|free|aligned_alloc|calloc|realloc|exit|printf|puts)\$)")
[ -z "$hit" ] || refuse "needs a C++ runtime that the kernel does not have:" "$hit"
exit 0
