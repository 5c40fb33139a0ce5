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
 * The may-oracle: events in, verdicts out. It knows for each line what may be
 * in each place, and for each address what may be in each TLB, so that one
 * recorded sequence is judged for every schedule of the machine at once. Any
 * number of frames and addresses; nothing here knows where events come from.
 */
namespace dmamap::judge {

/// A set of values that may be somewhere. Nothing may always be there.
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
	/// What the machine looks like, apart from its rules.
	struct Machine {
		unsigned cpus = 2;
		unsigned lines = 2;          ///< of a page
		/// Where a virtually indexed cache looks for the lines of a page.
		std::function<unsigned(std::uint64_t va)> colour = [](std::uint64_t) { return 0u; };
	};

	/// Which rules an event broke, and all that had happened to the frames
	/// that it broke them for.
	struct Verdict {
		Rules broken;
		std::vector<Event> history;
	};

	Oracle(const Profile &profile, Machine machine)
		: p_(profile), machine_(std::move(machine)) {}

	/// An address by which the owner of cached memory reaches a frame, before
	/// the first event. A @permanent one is back when the frame is.
	void exists(std::uint64_t va, std::uint64_t pfn, bool permanent);

	/// The next thing that happened.
	[[nodiscard]] Verdict feed(const Event &e);

private:
	/// One line, and which values may be where.
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
		Values latest = Value::old;        ///< what caches that snoop agree on
		bool written = false;              ///< by a CPU, since it is coherent

		bool operator==(const Line &) const noexcept = default;
		/// What a fill from behind the caches may find.
		[[nodiscard]] Values below() const noexcept;
		/// What may still reach memory without a store.
		[[nodiscard]] Values on_its_way() const noexcept;
		[[nodiscard]] bool in_a_cache() const noexcept;
		void forget_values() noexcept;
		/// The last value is overwritten: it is old, wherever it may be.
		void outdate() noexcept;

	private:
		template <class Fn>
		void each_copy(Fn fn) noexcept;
	};
	struct Frame {
		Owner owner;
		std::vector<Line> lines;
		std::set<std::uint64_t> addresses;
		std::uint64_t home = 0;                ///< the owner's first address
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
		std::vector<std::set<Target>> tlbs;    ///< one a CPU
		std::vector<bool> purging;
		bool owners = false;                   ///< of exists(), not a region's
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

	/// All that the machine may do by itself, until nothing is new.
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
