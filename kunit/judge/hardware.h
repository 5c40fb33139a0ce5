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
 * make by itself. Two frames of two lines, two CPUs, three aliases a frame.
 */
namespace dmamap::judge {

inline constexpr unsigned kFrames = 2;
inline constexpr unsigned kLines = 2;
inline constexpr unsigned kCpus = 2;

/// The virtual addresses of a frame. Code uses va_of(); the flush-only alias
/// is no address but an operation (Op::flush_alias).
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

/// How much of the machine takes part, and what is taken for granted.
struct Bounds {
	unsigned frames = kFrames;
	unsigned lines = kLines;
	/// The frames have no linear address: their owner uses the lazy one.
	bool highmem = false;
	/// TLBs and caches have at once whatever they may load. That is always
	/// possible, changes nothing else, and can be undone by forgetting and
	/// loading anew; so the same is found, in far fewer states.
	bool eager = false;
	/// The usage guarantee: nobody uses the linear address of a frame that is
	/// DMA. Without it, a CPU may, at any time.
	bool guarantee = true;
};

/// To whom the frames belong at a place in the program.
struct Ownership {
	std::array<Owner, kFrames> of{};
	bool irqs_off = false;

	bool operator==(const Ownership &) const noexcept = default;
};

/// A line of a frame: where its bytes are. 32 bits.
struct Line {
	static constexpr unsigned kAbsent = 0;
	static constexpr unsigned kDirty = 4;    ///< flag beside the value

	std::uint32_t memory : 2 = unsigned(Value::old);
	std::uint32_t held_store : 2 = 0;        ///< an uncached store on its way
	std::uint32_t held_write_back : 2 = 0;   ///< a flushed line on its way
	std::uint32_t held_outer : 2 = 0;        ///< the same, from the outer cache
	std::uint32_t outer : 3 = 0;
	std::uint32_t caches : 12 = 0;           ///< four of three bits
	std::uint32_t written : 1 = 0;           ///< the owner has written: fresh
	std::uint32_t unused : 8 = 0;

	[[nodiscard]] unsigned cache(unsigned index) const noexcept
	{
		return caches >> 3 * index & 7;
	}
	void set_cache(unsigned index, unsigned content) noexcept
	{
		caches = ((caches & ~(7u << 3 * index)) | content << 3 * index) & 0xfff;
	}
	/// Newest first: what a fill from behind the caches finds.
	[[nodiscard]] unsigned below() const noexcept;
	/// The last value is overwritten: it is old, wherever it is.
	void outdate() noexcept;
	/// Nobody cares for the values any more.
	void forget_values() noexcept;

private:
	template <class Fn>
	void each_copy(Fn fn) noexcept;
};

/// What the TLB of one CPU has of one frame, and the purges that it still owes.
struct Tlb {
	std::uint8_t linear_cached : 1 = 0;
	std::uint8_t linear_uncached : 1 = 0;
	std::uint8_t lazy_cached : 1 = 0;
	std::uint8_t region_cached : 1 = 0;
	std::uint8_t region_uncached : 1 = 0;
	std::uint8_t purging : 3 = 0;            ///< one bit a slot

	[[nodiscard]] bool cacheable(Slot slot) const noexcept;
	[[nodiscard]] bool any(Slot slot) const noexcept;
	void load(Slot slot, Attr attr) noexcept;
	void forget(Slot slot) noexcept;
};

/// The page table entries of one frame: what was written last, and what a
/// walker may still see.
struct Entries {
	std::uint16_t now : 6 = 0;               ///< two bits a slot
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

/// Everything that the machine is made of, and where the program stands.
struct State {
	std::array<std::array<Line, kLines>, kFrames> lines{};
	std::array<std::array<Tlb, kFrames>, kCpus> tlbs{};
	std::array<Entries, kFrames> entries{};
	std::uint16_t node = 0;
	std::uint8_t self = 0;          ///< the CPU that runs the task
	std::uint8_t online = 3;        ///< one bit a CPU
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
		program,        ///< the next step; which, when a primitive may fail
		walk,           ///< a TLB loads the PTE; which: the old one
		forget,         ///< a TLB drops what it has of a slot
		prefetch,       ///< a clean line comes in through a live translation
		write_back,     ///< a dirty line goes out and stays, clean
		evict,          ///< a line goes out
		evict_outer,
		arrive_store,   ///< a held store reaches memory
		arrive_flush,   ///< a flushed line does
		arrive_outer,   ///< one that the outer cache had
		see_pte,        ///< walkers see the new PTE from now on
		purge,          ///< a purge that was asked for is done
		owner_store,    ///< whoever has the frame cached writes to it
		alias_made,     ///< ... and makes or drops a lazy alias
		device_write,   ///< a write of the device arrives
		stray,          ///< somebody uses the linear address of a DMA frame
		offline,        ///< CPU 1 goes ...
		online,         ///< ... and comes
		migrate,        ///< the task goes to the other CPU
	};

	Kind kind = Kind::program;
	std::uint8_t cpu = 0;      ///< for caches: which of them
	std::uint8_t frame = 0;
	std::uint8_t line = 0;
	Slot slot = Slot::linear;
	std::uint8_t which = 0;

	bool operator==(const Move &) const noexcept = default;
};
inline constexpr unsigned kMoveKinds = unsigned(Move::Kind::migrate) + 1;

[[nodiscard]] std::string to_string(const Move &move);

class Hardware {
public:
	constexpr Hardware(const Profile &profile, Bounds bounds) noexcept
		: p_(profile), bounds_(bounds) {}

	/// A machine whose frames are ordinary memory that somebody has used.
	[[nodiscard]] State initial() const noexcept;

	/// Makes a move of the machine, if it can be made in @s. @owner says to
	/// whom the frames belong. What is broken by it is added to @broken.
	[[nodiscard]] bool move(State &s, const Move &m, const Ownership &owner,
				Rules &broken) const noexcept;

	/// Executes a step of the program, @owner before it. False if it has to
	/// wait for something that is held.
	[[nodiscard]] bool step(State &s, const Event &e, const Ownership &owner,
				Rules &broken) const noexcept;

	/// What is broken in @s as it stands.
	[[nodiscard]] Rules judge(const State &s, const Ownership &owner) const noexcept;

	/// Loads all that TLBs and caches may load, where Bounds::eager says so; of
	/// one frame, if that is all that @after has changed.
	void fill(State &s, const Ownership &owner, const Move &after = {}) const noexcept;

	/// Every move that may be possible in some state.
	template <class Fn>
	void each_move(Fn fn) const;

private:
	[[nodiscard]] unsigned caches() const noexcept
	{
		return (p_.cpus_snoop ? 1 : kCpus) * (p_.coloured ? 2 : 1);
	}
	/// The cache that @cpu finds a line of @slot's address in.
	[[nodiscard]] unsigned cache_of(unsigned cpu, Slot slot) const noexcept
	{
		const unsigned colour = p_.coloured && slot != home();

		return (p_.cpus_snoop ? 0 : cpu) * (p_.coloured ? 2 : 1) + colour;
	}
	/// The address that the owner of a cached frame uses.
	[[nodiscard]] Slot home() const noexcept
	{
		return bounds_.highmem ? Slot::lazy : Slot::linear;
	}
	/// May the owner of a cached frame run on @cpu? Where caches do not know
	/// of each other, its kernel keeps it on one.
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
