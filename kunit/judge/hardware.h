/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "kunit/judge/event.h"
#include "kunit/judge/ownership.h"
#include "kunit/judge/profile.h"
#include "kunit/judge/rule.h"

/*
 * The concrete engine: a small machine, exactly, and every move that it may
 * make by itself. Two frames of two lines, two CPUs, three aliases of a frame, one
 * device. kunit/prove searches all that a program and this machine can do.
 *
 * Terms:
 *   state        all that the machine is made of, and where the program stands
 *   step         what the code does: one event (judge/event.h), executed exactly
 *   move         what the machine does by itself between two steps
 *   slot         one of the three virtual addresses (aliases) of a frame
 *   line         what a cache moves as one. Its value is in memory, on its way, in
 *                the outer cache, or in up to four caches: by CPU where they do not
 *                snoop, by colour where caches are virtually indexed.
 *   on its way   issued and not yet done: a store, a flushed line, a PTE edit, a
 *                purge. Other steps and moves may come in between.
 *   owner        the phase of a frame's life (judge/ownership.h), given by the
 *                program: the same in all states at one place in it
 *   hand-over    take, give, or publish of an idle frame: what was fresh becomes
 *                old, so that a secret can be told from the value alone
 *   observer     a CPU that reads through the region, the device, the owner of a
 *                cached frame, or at give the next owner
 *
 * What runs beside what: one task executes steps. Between two of them there may
 * be any number of moves, in any order: TLBs and caches of each CPU that is
 * online, what is on its way, the owners of cached frames, the device from start
 * to quiet, CPU 1 that goes offline and comes back, and the task that migrates.
 * Two calls of the layer never run at the same time here.
 *
 * Invariants:
 * - Two states are the same when their bytes are: unused bits are zero. Where a
 *   line comes in that no observer reads, its value is old, so that fewer differ.
 * - The profile switches off what a machine can't do. A move that is left out
 *   hides faults; one move too many only adds states and false alarms.
 * - A barrier does nothing: it waits. step() says false while something is on
 *   its way, and moves must let it arrive first.
 * - A newer write-back of a line does not overtake an older one. A store and a
 *   write-back of the same line may arrive in either order.
 * - An offline CPU loads, fills and runs nothing. Its own caches are emptied on
 *   the way down. Its TLB is not: it counts again when the CPU is back, unless the
 *   profile says that a CPU starts with an empty one.
 *
 * The machine can't show a fault that needs user mappings (but as mappings of a
 * region), instruction fetch, large TLB entries, ASIDs, more than one wrong colour,
 * ECC, HPMC or time. docs/judge.md says what is taken for granted.
 */
namespace dmamap::judge {

inline constexpr unsigned kFrames = 2;
inline constexpr unsigned kLines = 2;
inline constexpr unsigned kCpus = 2;

/// The virtual addresses of a frame, as va_of() numbers them. The flush-only
/// alias is not among them: it is an operation (Op::flush_alias).
enum class Slot : std::uint8_t {
	linear,   ///< the kernel's linear map
	lazy,     ///< pkmap, or a vmap area that waits for its purge
	region,   ///< the kernel's mapping of a region
};
inline constexpr unsigned kSlots = 3;

[[nodiscard]] constexpr std::uint64_t va_of(unsigned frame, Slot slot) noexcept
{
	return frame * kSlots + unsigned(slot);
}

/// How much of the machine takes part in a search, and what is taken for granted.
struct Bounds {
	unsigned frames = kFrames;
	unsigned lines = kLines;
	/// The frames have no linear address; the owner uses the lazy one.
	bool highmem = false;
	/// TLBs and caches hold at once all that they may load. Loading is always
	/// possible, changes nothing else, and can be undone by forgetting and
	/// loading anew, so the search finds the same, in far fewer states.
	bool eager = false;
	/// The usage guarantee: no code uses the linear address of a frame that is
	/// DMA. Without the guarantee a CPU may do so at any time.
	bool guarantee = true;
};

/// The owner of each frame at one place in the program.
struct Ownership {
	std::array<Owner, kFrames> of{};
	bool irqs_off = false;

	bool operator==(const Ownership &) const noexcept = default;
};

/// One line of a frame: the value in each place, as a Value, 0 where there is
/// none. 32 bits.
struct Line {
	static constexpr unsigned kAbsent = 0;
	static constexpr unsigned kDirty = 4;    ///< flag beside the value of a cache

	std::uint32_t memory : 2 = unsigned(Value::old);
	std::uint32_t held_store : 2 = 0;        ///< an uncached store on its way
	std::uint32_t held_write_back : 2 = 0;   ///< a flushed line on its way
	std::uint32_t held_outer : 2 = 0;        ///< the same, from the outer cache
	std::uint32_t outer : 3 = 0;             ///< value and flag, as in a cache
	std::uint32_t caches : 12 = 0;           ///< four caches of three bits
	std::uint32_t written : 1 = 0;           ///< the owner has written a fresh value
	std::uint32_t unused : 8 = 0;

	[[nodiscard]] unsigned cache(unsigned index) const noexcept
	{
		return caches >> 3 * index & 7;
	}
	void set_cache(unsigned index, unsigned content) noexcept
	{
		caches = ((caches & ~(7u << 3 * index)) | content << 3 * index) & 0xfff;
	}
	/// The value that a fill from behind the caches finds: the newest one there.
	[[nodiscard]] unsigned below() const noexcept;
	/// A new value replaces the fresh one, which becomes old in every place.
	void outdate() noexcept;
	/// The values mean nothing to the next owner: all become old.
	void forget_values() noexcept;

private:
	template <class Fn>
	void each_copy(Fn fn) noexcept;
};

/// The entries for one frame in the TLB of one CPU, and the purges that were
/// asked for and are not done yet.
struct Tlb {
	std::uint8_t linear_cached : 1 = 0;
	std::uint8_t linear_uncached : 1 = 0;
	std::uint8_t lazy_cached : 1 = 0;
	std::uint8_t region_cached : 1 = 0;
	std::uint8_t region_uncached : 1 = 0;
	std::uint8_t purging : 3 = 0;            ///< one bit for each slot

	[[nodiscard]] bool cacheable(Slot slot) const noexcept;
	[[nodiscard]] bool any(Slot slot) const noexcept;
	void load(Slot slot, Attr attr) noexcept;
	void forget(Slot slot) noexcept;
};

/// The page table entries of one frame: those that were written last, and those
/// that a walker may still see.
struct Entries {
	std::uint16_t now : 6 = 0;               ///< two bits for each slot
	std::uint16_t before : 6 = 0;
	std::uint16_t unused : 4 = 0;

	[[nodiscard]] Attr visible(Slot slot) const noexcept { return Attr(now >> at(slot) & 3); }
	[[nodiscard]] Attr old(Slot slot) const noexcept { return Attr(before >> at(slot) & 3); }
	[[nodiscard]] bool has(Slot slot, Attr attr) const noexcept
	{
		return visible(slot) == attr || old(slot) == attr;
	}
	void write(Slot slot, Attr attr, bool held) noexcept;
	void settle(Slot slot) noexcept;

private:
	[[nodiscard]] static unsigned at(Slot slot) noexcept { return 2 * unsigned(slot); }
};

/// Everything that the machine is made of, and where the program stands (node).
struct State {
	std::array<std::array<Line, kLines>, kFrames> lines{};
	std::array<std::array<Tlb, kFrames>, kCpus> tlbs{};
	std::array<Entries, kFrames> entries{};
	std::uint16_t node = 0;
	std::uint8_t self = 0;          ///< the CPU that runs the task
	std::uint8_t online = 3;        ///< one bit for each CPU
	std::uint32_t unused = 0;

	bool operator==(const State &other) const noexcept
	{
		return std::memcmp(this, &other, sizeof(State)) == 0;
	}
};
static_assert(sizeof(State) == 32);

/// What the machine may do by itself between two steps of the program.
struct Move {
	enum class Kind : std::uint8_t {
		program,        ///< the next step; which: the edge that it takes
		walk,           ///< a TLB loads a PTE; which: 1 for the old one
		forget,         ///< a TLB drops its entries for a slot
		prefetch,       ///< a clean line comes in through a live translation
		write_back,     ///< a dirty line goes out and stays, clean
		evict,          ///< a line goes out of a cache
		evict_outer,    ///< a line goes out of the outer cache
		arrive_store,   ///< a held store reaches memory
		arrive_flush,   ///< a flushed line reaches what is behind the caches
		arrive_outer,   ///< a line flushed from the outer cache reaches memory
		see_pte,        ///< walkers see the new PTE from now on
		purge,          ///< a purge that was asked for is done
		owner_store,    ///< the owner of a cached frame writes to it
		alias_made,     ///< the owner of a cached frame makes or drops a lazy alias
		device_write,   ///< a write of the device arrives
		stray,          ///< a CPU uses the linear address of a DMA frame
		offline,        ///< CPU 1 goes offline
		online,         ///< CPU 1 comes back
		migrate,        ///< the task moves to the other CPU
	};

	Kind kind = Kind::program;
	std::uint8_t cpu = 0;      ///< for write_back and evict: the index of the cache
	std::uint8_t frame = 0;
	std::uint8_t line = 0;
	Slot slot = Slot::linear;
	std::uint8_t which = 0;    ///< for program and walk

	bool operator==(const Move &) const noexcept = default;
};
inline constexpr unsigned kMoveKinds = unsigned(Move::Kind::migrate) + 1;

[[nodiscard]] std::string to_string(const Move &move);

class Hardware {
public:
	constexpr Hardware(const Profile &profile, Bounds bounds) noexcept
		: p_(profile), bounds_(bounds) {}

	/// A machine whose frames are ordinary memory that has been used.
	[[nodiscard]] State initial() const noexcept;

	/// Makes a move of the machine in @s, where the frames belong to @owner, and
	/// adds the rules that it breaks to @broken. False if the move is not possible
	/// or changes nothing.
	[[nodiscard]] bool move(State &s, const Move &m, const Ownership &owner,
				Rules &broken) const noexcept;

	/// Executes a step of the program; @owner is the ownership before it. False if
	/// the step has to wait for something that is on its way.
	[[nodiscard]] bool step(State &s, const Event &e, const Ownership &owner,
				Rules &broken) const noexcept;

	/// The rules that are broken in @s as it stands.
	[[nodiscard]] Rules judge(const State &s, const Ownership &owner) const noexcept;

	/// With Bounds::eager, loads all that TLBs and caches may load after the move
	/// @after: for one frame, if the move has changed no other.
	void fill(State &s, const Ownership &owner, const Move &after = {}) const noexcept;

	/// Calls @fn with every move that may be possible in some state.
	template <class Fn>
	void each_move(Fn fn) const;

private:
	[[nodiscard]] unsigned caches() const noexcept
	{
		return (p_.cpus_snoop ? 1 : kCpus) * (p_.coloured ? 2 : 1);
	}
	/// The index of the cache in which @cpu finds a line by its address in @slot.
	[[nodiscard]] unsigned cache_of(unsigned cpu, Slot slot) const noexcept
	{
		const unsigned colour = p_.coloured && slot != home();

		return (p_.cpus_snoop ? 0 : cpu) * (p_.coloured ? 2 : 1) + colour;
	}
	/// The slot that the owner of a cached frame uses.
	[[nodiscard]] Slot home() const noexcept
	{
		return bounds_.highmem ? Slot::lazy : Slot::linear;
	}
	/// Whether the owner of a cached frame may run on @cpu. Where caches do not
	/// snoop each other, the kernel keeps an owner on one CPU.
	[[nodiscard]] bool owner_runs_on(unsigned frame, unsigned cpu) const noexcept
	{
		return p_.cpus_snoop || cpu == frame % kCpus;
	}
	[[nodiscard]] bool is_online(const State &s, unsigned cpu) const noexcept
	{
		return s.online >> cpu & 1;
	}

	void fill_frame(State &s, std::uint8_t frame, const Ownership &owner) const noexcept;
	bool walk(State &s, const Move &m, const Ownership &owner) const noexcept;
	bool arrive(State &s, const Move &m) const noexcept;
	bool evict(State &s, const Move &m) const noexcept;
	bool prefetch(State &s, const Move &m, const Ownership &owner) const noexcept;
	bool owner_store(State &s, const Move &m, const Ownership &owner) const noexcept;
	bool device_write(State &s, const Move &m, const Ownership &owner) const noexcept;
	bool stray(const State &s, const Move &m, const Ownership &owner,
		   Rules &broken) const noexcept;
	bool hotplug(State &s, const Move &m) const noexcept;
	[[nodiscard]] bool quiescent(const State &s) const noexcept;

	void touch(State &s, unsigned cpu, unsigned frame, Slot slot) const noexcept;
	void purge(State &s, const Event &e, const Ownership &owner, Rules &broken) const noexcept;
	void maintain(State &s, const Event &e, Rules &broken) const noexcept;
	void work_on(Line &line, unsigned cache, Op op) const noexcept;
	void flush_all(State &s, unsigned cpu) const noexcept;
	void store(State &s, const Event &e, const Ownership &owner,
		   Rules &broken) const noexcept;
	[[nodiscard]] bool translated(State &s, const Event &e, Rules &broken) const noexcept;
	[[nodiscard]] Rules judge_coherent(const State &s, unsigned frame,
					   const Owner &owner) const noexcept;
	[[nodiscard]] bool cacheable(const State &s, unsigned frame) const noexcept;
	[[nodiscard]] Rules judge_gift(const State &s, unsigned frame,
				       const Owner &before) const noexcept;
	[[nodiscard]] Value seen_by_owner(const Line &line, unsigned cpu) const noexcept;
	[[nodiscard]] Value seen_by_device(const Line &line) const noexcept;

	const Profile &p_;
	Bounds bounds_;
};

template <class Fn>
void Hardware::each_move(Fn fn) const
{
	using Kind = Move::Kind;
	const auto u8 = [](unsigned value) { return std::uint8_t(value); };
	const auto if_held = [&](bool held, const Move &move) {
		if (held)
			fn(move);
	};

	fn(Move{.kind = Kind::program});
	fn(Move{.kind = Kind::program, .which = 1});
	for (unsigned f = 0; f < bounds_.frames; ++f) {
		for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
			for (Slot slot : {Slot::linear, Slot::lazy, Slot::region}) {
				if_held(p_.purge_held, {Kind::purge, u8(cpu), u8(f), 0, slot});
				if (bounds_.eager)
					continue;
				for (unsigned which = 0; which < 2; ++which)
					fn(Move{Kind::walk, u8(cpu), u8(f), 0, slot, u8(which)});
				fn(Move{Kind::forget, u8(cpu), u8(f), 0, slot});
				for (unsigned line = 0; line < bounds_.lines; ++line)
					fn(Move{Kind::prefetch, u8(cpu), u8(f), u8(line), slot});
			}
			if_held(!bounds_.guarantee, {Kind::stray, u8(cpu), u8(f)});
			for (unsigned line = 0; line < bounds_.lines; ++line)
				fn(Move{Kind::owner_store, u8(cpu), u8(f), u8(line)});
		}
		for (unsigned line = 0; line < bounds_.lines; ++line) {
			for (unsigned cache = 0; cache < caches(); ++cache) {
				fn(Move{Kind::write_back, u8(cache), u8(f), u8(line)});
				fn(Move{Kind::evict, u8(cache), u8(f), u8(line)});
			}
			if_held(p_.outer, {Kind::evict_outer, 0, u8(f), u8(line)});
			if_held(p_.store_held, {Kind::arrive_store, 0, u8(f), u8(line)});
			if_held(p_.flush_held, {Kind::arrive_flush, 0, u8(f), u8(line)});
			if_held(p_.outer, {Kind::arrive_outer, 0, u8(f), u8(line)});
		}
		for (Slot slot : {Slot::linear, Slot::lazy, Slot::region})
			if_held(p_.pte_held, {Kind::see_pte, 0, u8(f), 0, slot});
		fn(Move{Kind::alias_made, 0, u8(f)});
		fn(Move{Kind::device_write, 0, u8(f)});
	}
	fn(Move{.kind = Kind::offline});
	fn(Move{.kind = Kind::online});
	fn(Move{.kind = Kind::migrate});
}

} // namespace dmamap::judge
