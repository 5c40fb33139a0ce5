// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated machine sees wrong orders of the flip. Orders are data, so that
 * the right ones stand beside the wrong ones.
 */
#include "kunit/host/bench.h"

#include <ranges>
#include <string_view>

namespace dmamap::test {
namespace {

using sim::Rule;
using sim::SimulatedMachine;

/// Highmem that believes the probe and looks at no frame.
struct Unchecked : Highmem {
	template <Machine M>
	static FlipResult<void> close(M &, FrameRun) noexcept
	{
		return {};
	}
};

/// Plays a flip step by step, in whatever order the words say. Errors are not
/// looked at: a wrong order has to be seen by the machine.
template <class S>
class Player {
public:
	explicit Player(const sim::Profile &profile) : machine_(profile) {}

	void play(std::string_view order)
	{
		auto run = S::take(machine_, Pages(2), Reach{});

		ASSERT_TRUE(run);
		run_ = *run;
		for (auto word : order | std::views::split(' '))
			step(std::string_view(word.begin(), word.end()));
	}

	[[nodiscard]] bool broke(Rule rule) const
	{
		return std::ranges::any_of(machine_.violations(),
					   [&](const auto &v) { return v.rule == rule; });
	}
	[[nodiscard]] const SimulatedMachine &machine() const { return machine_; }

private:
	void step(std::string_view word)
	{
		if (word == "claim")
			(void)machine_.claim(run_, S::kAttribute);
		else if (word == "lazy")
			machine_.drop_lazy_aliases(run_);
		else if (word == "close")
			(void)S::close(machine_, run_);
		else if (word == "purge")
			machine_.purge_linear(run_);
		else if (word == "map")
			mapping_ = machine_.map(run_, S::kAttribute).value_or(CpuAddr());
		else if (word == "flush")
			machine_.flush(run_, mapping_);
		else if (word == "flush-linear")
			machine_.flush(run_, machine_.linear_address(run_.first));
		else if (word == "barrier")
			machine_.barrier();
		else if (word == "zero")
			machine_.zero(mapping_, run_.pages);
		else if (word == "zero-linear")
			machine_.zero(machine_.linear_address(run_.first), run_.pages);
		else if (word == "stray")
			(void)machine_.read(0, machine_.linear_address(run_.first));
		else if (word == "publish")
			(void)machine_.publish(run_, this);
		else if (word == "cpu-writes")
			machine_.write(0, mapping_, 1);
		else if (word == "withdraw")
			machine_.withdraw(run_);
		else if (word == "unmap")
			machine_.unmap(mapping_, run_);
		else if (word == "reopen")
			(void)S::reopen(machine_, run_);
		else if (word == "release")
			machine_.release(run_);
		else if (word == "give")
			S::give(machine_, run_);
		else
			ADD_FAILURE() << "no such step: " << word;
	}

	SimulatedMachine machine_;
	FrameRun run_;
	CpuAddr mapping_;
};

struct Order {
	const char *name;
	const char *steps;
	std::optional<Rule> breaks;
};

template <class S>
void judge(const sim::Profile &profile, std::span<const Order> orders,
	   std::string_view before = {})
{
	for (const Order &order : orders) {
		SCOPED_TRACE(std::string(profile.name) + ": " + order.name);
		Player<S> player(profile);

		player.play(std::string(before) + order.steps);
		if (order.breaks)
			EXPECT_TRUE(player.broke(*order.breaks))
				<< *order.breaks << " expected, seen "
				<< ::testing::PrintToString(player.machine().violations());
		else
			EXPECT_KEPT(player.machine());
	}
}

constexpr Order kToCoherent[] = {
	{"right", "claim lazy close purge map flush barrier zero barrier publish", {}},
	{"no claim", "lazy close purge map flush barrier zero barrier publish", Rule::unclaimed},
	{"claim after map", "lazy close purge map claim flush barrier zero barrier publish",
	 Rule::unclaimed},
	{"lazy aliases stay", "claim close purge map flush barrier zero barrier publish",
	 Rule::alias},
	{"lazy aliases end after map",
	 "claim close purge map lazy flush barrier zero barrier publish", Rule::alias},
	{"flush before the aliases end", "claim flush-linear lazy close purge map barrier zero "
					 "barrier publish", Rule::line},
	{"no flush", "claim lazy close purge map barrier zero barrier publish", Rule::line},
	{"no barrier after flush", "claim lazy close purge map flush zero barrier publish",
	 Rule::secret},
	{"zero before flush", "claim lazy close purge map zero barrier flush barrier publish",
	 Rule::secret},
	{"no zero", "claim lazy close purge map flush barrier publish", Rule::secret},
	{"no barrier after zero", "claim lazy close purge map flush barrier zero publish",
	 Rule::in_flight},
	{"publish before zero", "claim lazy close purge map flush barrier publish zero barrier",
	 Rule::secret},
	{"publish before flush", "claim lazy close purge map publish flush barrier zero barrier",
	 Rule::line},
	{"no mapping", "claim lazy close purge flush barrier zero barrier publish",
	 Rule::no_translation},
};

/* Orders that are wrong only where there is a linear translation to close. */
constexpr Order kToCoherentOfLowmem[] = {
	{"linear translation stays", "claim lazy map flush barrier zero barrier publish",
	 Rule::alias},
	{"no purge", "claim lazy close map flush barrier zero barrier publish", Rule::alias},
	{"map before purge", "claim lazy close map purge flush barrier zero barrier publish",
	 Rule::alias},
	{"stock ARM: flush and zero first, remap later",
	 "claim lazy zero-linear flush-linear barrier close purge map publish", Rule::line},
	{"stock ARM and parisc: remap, the linear alias stays",
	 "claim lazy zero-linear flush-linear barrier map publish", Rule::alias},
};

/* A walker loads the entry again between the two steps. */
constexpr Order kToCoherentWithWalker[] = {
	{"purge before close", "claim lazy purge close map flush barrier zero barrier publish",
	 Rule::alias},
};

/* A TLB that is filled by use does not, as long as nobody uses the address. */
constexpr Order kToCoherentWithoutWalker[] = {
	{"purge before close", "claim lazy purge close map flush barrier zero barrier publish", {}},
	{"purge before close, a stray access between",
	 "claim lazy purge stray close map flush barrier zero barrier publish", Rule::alias},
	{"stray access after purge",
	 "claim lazy close purge stray map flush barrier zero barrier publish", {}},
};

constexpr Order kToCached[] = {
	{"right", "withdraw barrier unmap reopen purge release give", {}},
	{"still published", "barrier unmap reopen purge release give", Rule::given_published},
	{"no barrier", "withdraw unmap reopen purge release give", Rule::in_flight},
	{"still mapped", "withdraw barrier reopen purge release give", Rule::given_mapped},
	{"unmap after give", "withdraw barrier reopen purge release give unmap",
	 Rule::given_mapped},
	{"still claimed", "withdraw barrier unmap reopen purge give release",
	 Rule::given_claimed},
	{"given twice", "withdraw barrier unmap reopen purge release give give",
	 Rule::not_owned},
	{"withdrawn twice", "withdraw withdraw barrier unmap reopen purge release give",
	 Rule::not_owned},
};

constexpr Order kToCachedOfLowmem[] = {
	{"reopen before unmap", "withdraw barrier reopen unmap purge release give", Rule::alias},
	{"give before reopen", "withdraw barrier unmap purge release give reopen",
	 Rule::given_open},
	{"no reopen", "withdraw barrier unmap purge release give", Rule::given_open},
};

/* A TLB may hold only what was present, so absent PTEs leave nothing stale. */
constexpr Order kToCachedOfUncached[] = {
	{"no purge", "withdraw barrier unmap reopen release give", Rule::given_stale},
};

constexpr std::string_view kMade =
	"claim lazy close purge map flush barrier zero barrier publish cpu-writes ";

TEST(OrderTest, SeesWrongOrdersOfHighmem)
{
	judge<Highmem>(sim::kArm, kToCoherent);
	judge<Highmem>(sim::kArm, kToCached, kMade);
}

TEST(OrderTest, SeesWrongOrdersOfUnmap)
{
	judge<Unmap>(sim::kX86, kToCoherent);
	judge<Unmap>(sim::kX86, kToCoherentOfLowmem);
	judge<Unmap>(sim::kX86, kToCoherentWithWalker);
	judge<Unmap>(sim::kX86, kToCached, kMade);
	judge<Unmap>(sim::kX86, kToCachedOfLowmem, kMade);
}

TEST(OrderTest, SeesWrongOrdersOfPurge)
{
	/* On the machine with walkers: there, every alias that may be used is. */
	judge<Purge<>>(sim::kX86, kToCoherent);
	judge<Purge<>>(sim::kX86, kToCoherentOfLowmem);
	judge<Purge<>>(sim::kX86, kToCoherentWithWalker);
	judge<Purge<>>(sim::kX86, kToCached, kMade);
	judge<Purge<>>(sim::kX86, kToCachedOfLowmem, kMade);
	judge<Purge<>>(sim::kX86, kToCachedOfUncached, kMade);
	judge<Purge<>>(sim::kParisc, kToCoherentOfLowmem);
	judge<Purge<>>(sim::kParisc, kToCoherentWithoutWalker);
	judge<Purge<>>(sim::kParisc, kToCachedOfLowmem, kMade);
}

TEST(OrderTest, SeesLowmemThatHighmemDidNotLookFor)
{
	constexpr Order order[] = {
		{"unchecked", "claim lazy close purge map flush barrier zero barrier publish",
		 Rule::alias},
	};

	judge<Unchecked>(sim::kArmCmaInLowmem, order);
}

} // namespace
} // namespace dmamap::test
