#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Uses of dmamap::Coherent<T> that must compile, and misuses that must not: each
# of those differs from the right program in one place, and is refused with the
# words that are given.
#
# usage: coherent_compile_test.sh [CXX]
# shellcheck source=dma/cxx/test-preamble.sh
. "$(dirname "$0")/../../dma/cxx/test-preamble.sh"

# What every program begins with.
cat >"$dir/common.h" <<'END'
#include <dmamap/coherent.h>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
using namespace dmamap;
struct Inner { std::uint8_t kind, code, more; };
struct Entry {
	Le<std::uint64_t> buffer;
	Le<std::uint32_t> length;
	Be<std::uint32_t> flags;
	std::uint32_t count;
	Le<std::uint16_t> tags[2];
	Inner inner;
};
struct __attribute__((packed)) Packed { std::uint8_t kind; std::uint32_t length; };
using Ring = Coherent<Entry>;
using Given = Coherent<Entry, Device>;
extern "C" unsigned long long dma_map_single(device *dev, void *cpu, std::size_t bytes, int direction);
END

compile()
{
	cat >"$dir/t.cc"
	"$cxx" -std=gnu++2b -O1 -Wall -Wextra -Werror -fno-exceptions -fno-rtti \
		-I"$tree/dma/include" -include "$dir/common.h" -c -o "$dir/t.o" "$dir/t.cc" \
		2>"$dir/said"
}

# right WHAT <SOURCE
right()
{
	if compile; then
		echo "ok: compiles: $1"
	else
		fail "does not compile: $1"
		sed 's/^/    /' "$dir/said"
	fi
}

# wrong WHAT WORDS <SOURCE: the compiler must refuse it, with these words.
wrong()
{
	if compile; then
		fail "compiles: $1"
	elif ! grep -qE "$2" "$dir/said"; then
		fail "refused for another reason: $1"
		sed 's/^/    /' "$dir/said"
	else
		echo "ok: refused: $1"
	fi
}

right 'a driver' <<'END'
int driver(device *dev, vm_area_struct *vma)
{
	auto made = Ring::alloc(dev, 8, {.name = "ring", .gfp = Gfp::atomic, .no_snoop = true});
	if (!made)
		return made.error() == Error::nomem ? -1 : made.error().to_errno();
	Ring ring = std::move(*made);
	ring[0].write_split(&Entry::buffer, Le<std::uint64_t>(ring.bus(1)));
	ring[0].write(&Entry::count, 3);
	ring[0].at(&Entry::tags, 1).write(Le<std::uint16_t>(7));
	ring[0].at(&Entry::inner).write(&Inner::code, 1);
	ring[0].publish(&Entry::flags, Be<std::uint32_t>(1));
	if (!ring.mmap(vma, UserAccess::read))
		return -1;
	Given given = std::move(ring).to_device();
	ring = std::move(given).to_cpu();
	return static_cast<int>(ring[0].observe(&Entry::flags).native());
}
END

# Ownership
wrong 'a copy' 'deleted function' <<'END'
Ring copy(Ring &ring) { return ring; }
END
wrong 'an assigned copy' 'deleted function' <<'END'
void copy(Ring &to, const Ring &from) { to = from; }
END
wrong 'an access while the device has it' 'is_same_v<Owner, dmamap::Cpu>.* evaluated to .false' <<'END'
std::uint32_t peek(const Given &ring) { return ring[0].read(&Entry::count); }
END
wrong 'a hand-over of what somebody else has' 'discards qualifiers|cannot bind' <<'END'
Given give(Ring &ring) { return ring.to_device(); }
END
wrong 'a hand-over to who has it' 'is_same_v<Owner, dmamap::Cpu>.* evaluated to .false' <<'END'
Given give(Given &&ring) { return std::move(ring).to_device(); }
END
wrong 'a hand-over that nobody takes' 'nodiscard' <<'END'
void give(Ring &&ring) { std::move(ring).to_device(); }
END
wrong 'an owner that is neither' 'belongs to the Cpu or to the Device' <<'END'
std::size_t size(const Coherent<Entry, int> &ring) { return ring.size(); }
END
wrong 'an allocation of what the device has' 'is_same_v<Owner, dmamap::Cpu>.* evaluated to .false' <<'END'
auto alloc(device *dev) { return Given::alloc(dev, 1); }
END
wrong 'a slot that is kept' 'discards qualifiers|cannot bind' <<'END'
std::uint32_t keep(const Ring &ring)
{
	auto slot = ring[0];
	return slot.read(&Entry::count);
}
END
wrong 'a copied slot' 'deleted function' <<'END'
Slot<Entry> copy(Slot<Entry> &slot) { return slot; }
END

# The order of bytes
wrong 'a native integer for a little-endian field' 'no known conversion .* from .unsigned int.' <<'END'
void set(const Ring &ring) { ring[0].write(&Entry::length, 64u); }
END
wrong 'a little-endian value for a big-endian field' 'no known conversion .* from .Ordered.*little.* to .Ordered.*big' <<'END'
void set(const Ring &ring) { ring[0].write(&Entry::flags, Le<std::uint32_t>(1)); }
END
wrong 'a little-endian value for a native field' 'no known conversion .* from .dmamap::Le<unsigned int>' <<'END'
void set(const Ring &ring) { ring[0].write(&Entry::count, Le<std::uint32_t>(1)); }
END
wrong 'a field as a native integer' 'cannot convert' <<'END'
std::uint32_t get(const Ring &ring) { return ring[0].read(&Entry::length); }
END
wrong 'a field compared with a native integer' 'no match for .operator==' <<'END'
bool is(const Ring &ring) { return ring[0].read(&Entry::length) == 64u; }
END
wrong 'arithmetic on a field' 'no match for .operator\+' <<'END'
auto more(Le<std::uint32_t> length) { return length + 1; }
END

# Accesses that are not one
wrong 'a descriptor read as a whole' 'OneAccess<T> \[with T = Entry\]' <<'END'
Entry get(const Ring &ring) { return ring[0].read(); }
END
wrong 'a descriptor written as a whole' 'no match for .operator=. .operand types are .dmamap::Slot<Entry>. and .Entry.' <<'END'
void set(const Ring &ring) { ring[0] = Entry{}; }
END
wrong 'three bytes read at once' 'has_single_bit.*with T = Inner' <<'END'
Inner get(const Ring &ring) { return ring[0].read(&Entry::inner); }
END
wrong 'a packed field' 'packed: the field may lie across words' <<'END'
auto get(const Coherent<Packed> &ring) { return ring[0].read(&Packed::length); }
END
wrong 'a field of another descriptor' 'same_as.*Entry' <<'END'
auto get(const Ring &ring) { return ring[0].read(&Inner::kind); }
END

# Ways around the type
wrong 'coherent memory as a streaming buffer' 'cannot convert' <<'END'
auto map(device *dev, Ring &ring) { return dma_map_single(dev, ring, ring.bytes(), 1); }
END
wrong 'an element as a streaming buffer' 'cannot convert|taking address of rvalue' <<'END'
auto map(device *dev, Ring &ring) { return dma_map_single(dev, &ring[0], 64, 1); }
END
wrong 'a span of the elements' 'class template argument deduction failed' <<'END'
auto all(Ring &ring) { return std::span(ring); }
END
wrong 'memcpy() out of the ring' 'cannot convert' <<'END'
void copy(Entry *to, Ring &ring) { std::memcpy(to, ring, sizeof(*to)); }
END
wrong 'pointers, which no device can follow' 'use bus\(\)' <<'END'
std::size_t size(const Coherent<Entry *> &ring) { return ring.size(); }
END
wrong 'objects that are more than bytes' 'must be trivially copyable' <<'END'
struct Owner { ~Owner(); int x; };
std::size_t size(const Coherent<Owner> &ring) { return ring.size(); }
END

# Errors
wrong 'an allocation that nobody looks at' 'nodiscard' <<'END'
void alloc(device *dev) { Ring::alloc(dev, 8); }
END
wrong 'an error as an int' 'cannot convert' <<'END'
int error(Error error) { return error; }
END

exit $failed
