#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Feeds check-object.sh objects that it must accept or refuse.
#
# usage: check-object-test.sh [CXX]
# shellcheck source=dma/cxx/test-preamble.sh
. "$(dirname "$0")/test-preamble.sh"

# expect accepted|refused WHAT FLAGS <SOURCE
expect()
{
	cat >"$dir/t.cc"
	# shellcheck disable=SC2086 # FLAGS are words
	if ! "$cxx" -std=gnu++2b -O1 -ffreestanding -fno-threadsafe-statics $3 \
			-c -o "$dir/t.o" "$dir/t.cc"; then
		fail "$2: does not compile"
		return
	fi
	got=accepted
	sh "$tree/dma/cxx/check-object.sh" readelf nm "$dir/t.o" 2>"$dir/said" || got=refused
	if [ $got != "$1" ]; then
		fail "$2: $got, expected $1"
	elif [ $got = refused ] && [ -e "$dir/t.o" ]; then
		fail "$2: the refused object is still there"
	else
		echo "ok: $2: $got $(head -n 1 "$dir/said" | cut -d: -f2)"
	fi
}

bare='-fno-exceptions -fno-rtti'

expect accepted 'plain function' "$bare" <<'EOF'
int twice(int x) { return 2 * x; }
EOF
expect accepted 'constinit object' "$bare" <<'EOF'
struct S { int x; constexpr S(int v) : x(v) {} };
constinit S s(3);
int get() { return s.x; }
EOF
expect accepted 'call of a C function' "$bare" <<'EOF'
extern "C" void dmamap_note(unsigned);
void f() { dmamap_note(1); }
EOF
expect accepted 'globals that KASAN watches' "$bare -fsanitize=kernel-address --param asan-globals=1" <<'EOF'
constinit int table[3] = {1, 2, 3};
int get(int i) { return table[i]; }
EOF
expect refused 'global constructor under KASAN' "$bare -fsanitize=kernel-address --param asan-globals=1" <<'EOF'
extern int now();
int started = now();
EOF
expect refused 'global constructor' "$bare" <<'EOF'
extern int now();
int started = now();
EOF
expect refused 'exception table' '-fno-rtti' <<'EOF'
struct Guard { ~Guard(); };
void f();
void g() { Guard guard; f(); }
EOF
expect refused 'throw' '' <<'EOF'
void f() { throw 1; }
EOF
expect refused 'RTTI' '-fno-exceptions' <<'EOF'
struct Base { virtual void f(); };
void Base::f() {}
EOF
expect refused 'operator new' "$bare" <<'EOF'
int *make() { return new int(3); }
EOF
expect refused 'pure virtual call' "$bare" <<'EOF'
struct Base { virtual void f() = 0; virtual void g(); };
void Base::g() {}
EOF
expect refused 'atomics of libgcc' "$bare" <<'EOF'
int add(int *, int) asm("__sync_fetch_and_add_4");
int f(int *x) { return add(x, 1); }
EOF
expect refused 'heap of a C library' "$bare" <<'EOF'
extern "C" void *malloc(__SIZE_TYPE__);
void *f() { return malloc(3); }
EOF
exit $failed
