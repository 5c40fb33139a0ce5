#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What dmamap::Coherent<T> costs, seen in the code that the compiler makes of it:
# an access is the instructions of a plain volatile access, twice read is read
# twice, a hand-over is the barrier, an index is checked with the debug option
# and not without it.
#
# usage: coherent_object_test.sh [CXX]
# shellcheck source=dma/cxx/test-preamble.sh
. "$(dirname "$0")/../../dma/cxx/test-preamble.sh"

cat >"$dir/t.cc" <<'END'
#include <dmamap/coherent.h>
#include <new>
using namespace dmamap;
using u32 = std::uint32_t;
struct Entry { Le<std::uint64_t> buffer; Be<u32> length; Le<u32> flags; };
struct Plain { std::uint64_t buffer; u32 length, flags; };
struct Hand { dmamap_region *region; Plain *first; std::size_t count; };

constexpr bool kLittle = std::endian::native == std::endian::little;
inline u32 be(u32 x) { return kLittle ? __builtin_bswap32(x) : x; }
inline u32 le(u32 x) { return kLittle ? x : __builtin_bswap32(x); }

extern "C" {
u32 read_ours(const Coherent<Entry> &r, std::size_t n) { return r[n].read(&Entry::length).native(); }
u32 read_hand(const Hand &r, std::size_t n) { return be(*(volatile u32 *)&r.first[n].length); }
void write_ours(const Coherent<Entry> &r, std::size_t n, u32 x) { r[n].write(&Entry::flags, Le<u32>(x)); }
void write_hand(const Hand &r, std::size_t n, u32 x) { *(volatile u32 *)&r.first[n].flags = le(x); }
u32 twice_ours(const Coherent<Entry> &r)
{
	const u32 once = r[0].read(&Entry::flags).native();
	return once - r[0].read(&Entry::flags).native();
}
u32 twice_hand(const Hand &r)
{
	const u32 once = le(*(volatile u32 *)&r.first->flags);
	return once - le(*(volatile u32 *)&r.first->flags);
}
void publish_ours(const Coherent<Entry> &r) { r[3].publish(&Entry::flags, Le<u32>(1)); }
void publish_hand(const Hand &r)
{
	Plain *first = r.first;
	dmamap_cxx_wmb();
	*(volatile u32 *)&first[3].flags = le(1);
}
void give_ours(Coherent<Entry> &r, Coherent<Entry, Device> *to)
{
	new (to) Coherent<Entry, Device>(std::move(r).to_device());
}
void give_hand(Hand &r, Hand *to)
{
	dmamap_cxx_wmb();
	*to = {std::exchange(r.region, nullptr), std::exchange(r.first, nullptr), std::exchange(r.count, 0)};
}
}
END

# code FUNCTION FLAGS: its instructions, without what only names places.
code()
{
	"$cxx" -std=gnu++2b -O2 -fno-exceptions -fno-rtti -fno-asynchronous-unwind-tables \
		-fcf-protection=none -I"$tree/dma/include" $2 -S -o "$dir/t.s" "$dir/t.cc" || exit 1
	sed -n "/^$1:/,/\.size/p" "$dir/t.s" | grep -vE '^[^	]|^	\.' | sed 's/\.L[0-9A-Z]*/LABEL/g'
}

# check WHAT CONDITION...
check()
{
	what=$1
	shift
	if "$@"; then
		echo "ok: $what"
	else
		fail "$what"
	fi
}

same()
{
	code "$1_ours" '' >"$dir/ours"
	code "$1_hand" '' >"$dir/hand"
	[ -s "$dir/ours" ] && diff "$dir/ours" "$dir/hand"
}

# The same instructions; independent ones may stand in another order.
same_but_order()
{
	code "$1_ours" '' | sort >"$dir/ours"
	code "$1_hand" '' | sort >"$dir/hand"
	[ -s "$dir/ours" ] && diff "$dir/ours" "$dir/hand"
}

# calls FUNCTION FLAGS: the functions that it calls, in order, in one line.
calls()
{
	code "$1" "$2" | grep -oE 'dmamap_[a-z_]+' | tr '\n' ' ' | sed 's/ $//'
}

debug=-DCONFIG_DMAMAP_DEBUG_BOUNDS=1

check 'a read is a volatile load, and the swap that it needs' same read
check 'a write is a volatile store' same write
check 'read twice is read twice' same twice
check 'publish() is the barrier and a store' same publish
check 'an index is not checked' [ -z "$(calls read_ours '')" ]
check 'an index is checked with the debug option' \
	[ "$(calls read_ours $debug)" = dmamap_cxx_out_of_bounds ]
check 'to_device() is the barrier, and the move of a pointer' same_but_order give
exit $failed
