/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "kunit/judge/event.h"
#include "kunit/judge/ownership.h"
#include "kunit/judge/profile.h"
#include "kunit/judge/rule.h"
#include "kunit/judge/waste.h"

/*
 * The may-oracle: events in, verdicts out. One recorded sequence of events is
 * judged for every schedule of the machine at once. There may be any number of
 * frames and addresses, and nothing here knows where events come from.
 *
 * Terms:
 *   event        one step of code, or a mark (judge/event.h)
 *   line         what a cache moves as one; it holds one value
 *   place        a spot where a value of a line can be: memory, a cache (clean
 *                or dirty), the outer cache, or on its way (held_*)
 *   may-set      what a place may hold on some schedule: values, or targets in a
 *                TLB. To be empty is always possible and is not recorded.
 *   translation  from an address to a target: a frame and an attribute. The page
 *                table has one (now), walkers may still see older ones (before),
 *                and each TLB has a may-set.
 *   owner        the phase of a frame's life (judge/ownership.h). Addresses from
 *                exists() are those of the owner of cached memory; every other
 *                address belongs to a region.
 *   hand-over    take, give, or publish of an idle frame: all that was written
 *                before is old to the next owner
 *   observer     a CPU that reads through the region, the device, or at give the
 *                next owner. Values that no observer may read are not judged.
 *   waste        work done twice in one direction of a flip (judge/waste.h)
 *
 * Invariants:
 * - The sets are closed after each event: all that the machine may do by itself
 *   has been done (spread()). So the order of its moves does not matter.
 * - Spreading only adds. An event alone removes from a set, and only what is
 *   gone on every schedule.
 * - The page table, the phases and Line::written are exact: events alone change
 *   them.
 *
 * The sets are larger than what one schedule can reach: each place is tracked
 * for itself, so values combine that never meet, and an event on "this CPU"
 * removes nothing that only one CPU would lose. That is sound, because a rule is
 * broken as soon as one member of a set breaks it: a larger set can raise a false
 * alarm, but can't hide a fault.
 *
 * The oracle can't see:
 * - the difference between two fresh values, such as a copy of a fresh value that
 *   the device has overwritten since;
 * - values of cached memory, between give and take;
 * - with a device that snoops, anything but the latest value: an invalidation does
 *   not take it away, and an uncached store replaces it, whatever caches hold;
 * - CPUs that go offline and come back, and stray accesses to the linear address:
 *   the usage guarantee is taken for granted;
 * - a transition that never ends;
 * - an event whose frame is not the one that its address leads to (set_pte alone
 *   is checked).
 * Some of this the search sees (judge/hardware.h). kunit/prove/fuzz_known.h lists
 * the orders on which the two are known to differ; none is an order of the layer.
 */
namespace dmamap::judge {

/// A may-set of values.
class Values {
public:
	constexpr Values() noexcept = default;
	constexpr Values(Value value) noexcept : bits_(std::uint8_t(1u << unsigned(value))) {}

	[[nodiscard]] constexpr bool has(Value value) const noexcept
	{
		return bits_ >> unsigned(value) & 1;
	}
	[[nodiscard]] constexpr bool none() const noexcept { return bits_ == 0; }
	constexpr void outdate() noexcept
	{
		if (has(Value::fresh))
			bits_ = std::uint8_t((bits_ & ~(1u << unsigned(Value::fresh))) |
					     1u << unsigned(Value::old));
	}
	constexpr Values &operator|=(Values more) noexcept
	{
		bits_ |= more.bits_;
		return *this;
	}
	constexpr bool operator==(const Values &) const noexcept = default;

private:
	std::uint8_t bits_ = 0;
};

class Oracle {
public:
	/// The size of the machine. What it may do by itself, the profile says.
	struct Machine {
		unsigned cpus = 2;
		unsigned lines = 2;          ///< of a page
		/// The part of a virtually indexed cache that holds the lines of a page.
		std::function<unsigned(std::uint64_t va)> colour = [](std::uint64_t) { return 0u; };
	};

	/// The rules that an event broke, and all events that the guilty frames
	/// have seen since they were taken.
	struct Verdict {
		Rules broken;
		std::vector<Event> history;
	};

	Oracle(const Profile &profile, Machine machine)
		: p_(profile), machine_(std::move(machine)) {}

	/// Declares an address by which the owner of cached memory reaches a frame,
	/// before the frame is taken. If @permanent, it must be back when the frame is.
	void exists(std::uint64_t va, std::uint64_t pfn, bool permanent);

	/// Judges the next event.
	[[nodiscard]] Verdict feed(const Event &e);

private:
	/// One line: a may-set for each place.
	struct Line {
		struct Copy {
			Values clean;
			Values dirty;

			bool operator==(const Copy &) const noexcept = default;
		};

		Values memory = Value::old;
		Values held_store;
		Values held_write_back;
		Values held_outer;
		Copy outer;
		std::map<unsigned, Copy> caches;   ///< by CPU and colour
		Values latest = Value::old;        ///< the value in caches that snoop
		bool written = false;              ///< a CPU wrote fresh since the hand-over

		bool operator==(const Line &) const noexcept = default;
		/// The values that a fill from behind the caches may find.
		[[nodiscard]] Values below() const noexcept;
		/// The values that may still reach memory without another store.
		[[nodiscard]] Values on_its_way() const noexcept;
		[[nodiscard]] bool in_a_cache() const noexcept;
		void forget_values() noexcept;
		/// A new value replaces the fresh one, which becomes old in every place.
		void outdate() noexcept;

	private:
		template <class Fn>
		void each_copy(Fn fn) noexcept;
	};
	struct Frame {
		Owner owner;
		std::vector<Line> lines;
		std::set<std::uint64_t> addresses;
		std::uint64_t home = 0;                ///< the first address from exists()
		std::vector<Event> history;
	};
	struct Target {
		std::uint64_t pfn;
		Attr attr;

		auto operator<=>(const Target &) const noexcept = default;
	};
	struct Address {
		Target now{0, Attr::none};
		std::set<Target> before;               ///< walkers may still see these
		std::vector<std::set<Target>> tlbs;    ///< one for each CPU
		std::vector<bool> purging;             ///< a purge is due at the barrier
		bool owners = false;                   ///< from exists(), not a region's
		bool permanent = false;
	};

	[[nodiscard]] Frame &frame(std::uint64_t pfn);
	[[nodiscard]] Address &address(std::uint64_t va);
	[[nodiscard]] unsigned cache_of(unsigned cpu, std::uint64_t va) const
	{
		return (p_.cpus_snoop ? 0 : cpu) + (p_.coloured ? machine_.colour(va) : 0) *
						   machine_.cpus;
	}
	/// Calls @fn with each CPU that may execute @e.
	template <class Fn>
	void each_cpu(const Event &e, Fn fn) const;
	template <class Fn>
	void each_line(Fn fn);

	void apply(const Event &e, Rules &broken);
	void set_pte(const Event &e, Rules &broken);
	void purge(const Event &e, Rules &broken);
	void forget(Address &address, unsigned cpu) const;
	void maintain(const Event &e, Rules &broken);
	void store(const Event &e, Rules &broken);
	void flush_all(const Event &e);
	void barrier();
	void work_on(Line &line, Line::Copy &copy, Op op) const;
	void mark(const Event &e, Rules &broken);

	/// Does all that the machine may do by itself, until nothing is new.
	void spread();
	void load_tlbs();
	void spread_line(const Frame &of, Line &line, const std::set<unsigned> &loadable) const;
	[[nodiscard]] std::set<unsigned> loadable(const Frame &of, std::uint64_t pfn) const;

	[[nodiscard]] Rules judge(const Frame &of, std::uint64_t pfn) const;
	[[nodiscard]] Rules judge_line(const Frame &of, const Line &line) const;
	[[nodiscard]] Rules judge_gift(const Frame &of, std::uint64_t pfn) const;
	[[nodiscard]] bool may_reach(std::uint64_t va, const Target &target) const;

	const Profile &p_;
	Machine machine_;
	std::map<std::uint64_t, Frame> frames_;
	std::map<std::uint64_t, Address> addresses_;
	Waste waste_;
	bool irqs_off_ = false;
};

} // namespace dmamap::judge
