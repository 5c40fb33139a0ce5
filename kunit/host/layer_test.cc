// SPDX-License-Identifier: GPL-2.0
/* Allocation and release through the layer. */
#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

constexpr std::uint64_t kFirst = to_phys(sim::Profile::kRam).raw();

template <class B>
class AllocTest : public ::testing::Test {
protected:
	/// Nothing was left behind by what has happened since the start.
	void expect_untouched()
	{
		EXPECT_EQ(machine_.state(), start_);
		EXPECT_EQ(machine_.quarantined(), 0u);
		EXPECT_KEPT(machine_);
	}

	Fixture<typename B::Strategy> fixture_{B::profile};
	sim::SimulatedMachine &machine_ = fixture_.machine;
	sim::SimulatedMachine::State start_ = machine_.state();
};

TYPED_TEST_SUITE(AllocTest, Boards, BoardName);

TYPED_TEST(AllocTest, RegionSaysWhatItIs)
{
	using S = typename TypeParam::Strategy;
	auto region = this->fixture_.alloc_bytes(4097);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->run.pages, Pages(2));
	EXPECT_EQ(region->bus.raw(), to_phys(region->run.first).raw());
	EXPECT_EQ(region->strategy, S::kId);
	EXPECT_EQ(region->attribute, Attribute::coherent);
	EXPECT_EQ(region->behind, Behind::reserved);
	EXPECT_EQ(region->tail_frames, Sizes<TypeParam>::flipped(2) - 2);
	EXPECT_EQ(region->chunk, 0);
	EXPECT_TRUE(region->flipped());
}

/// The attribute that a request for write-combining memory gets.
template <class B>
constexpr Attribute kCombined = B::profile.combines ? Attribute::write_combine
						    : Attribute::coherent;

TYPED_TEST(AllocTest, WritesAreGatheredWhereTheBoardCan)
{
	this->fixture_.write_combine = true;
	auto region = this->fixture_.alloc(3);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->attribute, kCombined<TypeParam>);
	EXPECT_EQ(region->behind, Behind::reserved);
	EXPECT_TRUE(region->flipped());
	EXPECT_EQ(resolve(*region, region->cpu, region->bus)->attribute, kCombined<TypeParam>);
	this->fixture_.layer.release(*region);

	this->fixture_.device.snooping = true;
	region = this->fixture_.alloc(3);
	ASSERT_TRUE(region);
	EXPECT_EQ(region->attribute, Attribute::cached);
	this->fixture_.layer.release(*region);
	this->expect_untouched();
}

TYPED_TEST(AllocTest, EveryFrameIsFoundUnderItsOwner)
{
	auto region = this->fixture_.alloc(3);

	ASSERT_TRUE(region);
	const auto directory = this->machine_.state().directory;

	EXPECT_EQ(directory.size(), Sizes<TypeParam>::flipped(3));
	for (std::uint64_t i = 0; i < directory.size(); ++i) {
		auto found = directory.find(region->run.first + i);

		ASSERT_NE(found, directory.end());
		EXPECT_EQ(found->second == &this->fixture_.owner, i < 3) << i;
	}
}

TYPED_TEST(AllocTest, ReleaseLeavesNothingBehind)
{
	auto region = this->fixture_.alloc(3);

	ASSERT_TRUE(region);
	EXPECT_NE(this->machine_.state(), this->start_);
	this->fixture_.layer.release(*region);
	this->expect_untouched();
}

TYPED_TEST(AllocTest, RefusesSizesThatMakeNoSense)
{
	struct Case {
		std::uint64_t bytes;
		Errno why;
	};
	const Case cases[] = {
		{0, Errno::inval},
		{std::uint64_t{1} << 43, Errno::overflow},
		{~std::uint64_t{0} - 4095, Errno::overflow},
		{~std::uint64_t{0}, Errno::overflow},
		{std::uint64_t{1} << 20, Errno::nomem},
		{(std::uint64_t{1} << 43) - 4096, Errno::nomem},
	};

	for (bool snooping : {false, true})
		for (const Case &c : cases) {
			this->fixture_.device.snooping = snooping;
			EXPECT_EQ(why(this->fixture_.alloc_bytes(c.bytes)), c.why) << c.bytes;
		}
	this->expect_untouched();
}

TYPED_TEST(AllocTest, MemoryRunsOutWithoutALeak)
{
	std::vector<Region> regions;
	auto region = this->fixture_.alloc(1);

	for (; region; region = this->fixture_.alloc(1))
		regions.push_back(*region);
	EXPECT_EQ(why(region), Errno::nomem);

	const sim::Profile &profile = TypeParam::profile;
	const bool cma = profile.placement != CmaPlacement::none;

	EXPECT_EQ(regions.size(), (cma ? profile.cma.pages.count() : profile.lowmem) /
					  Sizes<TypeParam>::kUnit);
	for (const Region &r : regions)
		this->fixture_.layer.release(r);
	this->expect_untouched();
}

TYPED_TEST(AllocTest, RefusesWhoCannotSleep)
{
	const Request request{
		.bytes = 8192, .reach = {.may_sleep = false}, .device = &this->fixture_.device};

	this->machine_.in_interrupt(true);
	EXPECT_EQ(why(this->fixture_.layer.alloc(request, nullptr)), Errno::nomem);
	EXPECT_EQ(words(this->machine_.steps()), "");
	this->expect_untouched();
}

TYPED_TEST(AllocTest, RefusesMasksThatNoFrameMeets)
{
	for (bool snooping : {false, true}) {
		this->fixture_.device = {.mask = kFirst - 1, .snooping = snooping};
		EXPECT_EQ(why(this->fixture_.alloc(1)), Errno::io);
	}
	this->expect_untouched();
}

/* A window of the bus is not in the reach that the allocator was told. */
TYPED_TEST(AllocTest, RefusesFramesThatTheBusDoesNotReach)
{
	for (bool snooping : {false, true}) {
		sim::Device window{.mask = kFirst};

		const Request request{
			.bytes = 8192, .reach = {}, .device = &window, .snooping = snooping};

		EXPECT_EQ(why(this->fixture_.layer.alloc(request, nullptr)), Errno::io);
	}
	this->expect_untouched();
}

TYPED_TEST(AllocTest, RefusesBusAddressesThatWrap)
{
	/* Find out which frames come next. */
	auto region = this->fixture_.alloc(2);
	ASSERT_TRUE(region);
	this->fixture_.layer.release(*region);

	sim::Device device{.offset = 0 - to_phys(region->run.first).raw() - kPageBytes};
	const Request request{.bytes = 8192, .reach = {}, .device = &device};

	EXPECT_EQ(why(this->fixture_.layer.alloc(request, nullptr)), Errno::io);
	this->expect_untouched();
}

TYPED_TEST(AllocTest, BusAddressIsWhereTheDeviceFindsTheFrames)
{
	this->fixture_.device.offset = 0x8000'0000;
	auto region = this->fixture_.alloc(2);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->bus.raw(), to_phys(region->run.first).raw() + 0x8000'0000);
	this->machine_.write(this->fixture_.device, region->bus + 4096, 3);
	EXPECT_EQ(this->machine_.read(0, region->cpu + 4096), 3u);
	this->fixture_.layer.release(*region);
	this->expect_untouched();
}

TYPED_TEST(AllocTest, SnoopingDeviceGetsPagesWithoutAFlip)
{
	this->fixture_.device.snooping = true;
	auto region = this->fixture_.alloc(2);

	ASSERT_TRUE(region);
	EXPECT_EQ(words(this->machine_.steps()), "take zero publish");
	EXPECT_EQ(region->behind, Behind::page);
	EXPECT_EQ(region->strategy, StrategyId::snooped);
	EXPECT_EQ(region->attribute, Attribute::cached);
	EXPECT_EQ(region->cpu, this->machine_.linear_address(region->run.first));
	EXPECT_FALSE(region->flipped());
	each_line_of(2, [&](std::uint64_t byte) {
		EXPECT_EQ(this->machine_.read(this->fixture_.device, region->bus + byte), 0u);
	});
	this->machine_.write(this->fixture_.device, region->bus, 4);
	EXPECT_EQ(this->machine_.read(0, region->cpu), 4u);

	this->machine_.forget_steps();
	this->fixture_.layer.release(*region);
	EXPECT_EQ(words(this->machine_.steps()), "withdraw give");
	this->expect_untouched();
}

TYPED_TEST(AllocTest, FramesThatAnotherRegionHoldsAreRefused)
{
	/* Find out which frames come next, and publish one of them for another owner. */
	auto region = this->fixture_.alloc(3);
	ASSERT_TRUE(region);
	this->fixture_.layer.release(*region);
	ASSERT_TRUE(this->machine_.publish({region->run.first + 2, Pages(1)}, this));
	const auto before = this->machine_.state();

	EXPECT_EQ(why(this->fixture_.alloc(3)), Errno::busy);
	EXPECT_EQ(this->machine_.state(), before);
	EXPECT_EQ(this->machine_.quarantined(), 0u);
}

TYPED_TEST(AllocTest, FramesWithAnotherAttributeAreRefused)
{
	auto region = this->fixture_.alloc(3);
	ASSERT_TRUE(region);
	this->fixture_.layer.release(*region);
	ASSERT_TRUE(this->machine_.claim({region->run.first + 1, Pages(1)},
					 Attribute::write_combine));
	const auto before = this->machine_.state();

	this->machine_.forget_steps();
	EXPECT_EQ(why(this->fixture_.alloc(3)), Errno::busy);
	EXPECT_EQ(words(this->machine_.steps()), "take claim give");
	EXPECT_EQ(this->machine_.state(), before);
}

TEST(RequestTest, AsksForNothingSpecialUnlessSomebodySaysSo)
{
	const Request request;

	EXPECT_EQ(request.bytes, 0u);
	EXPECT_EQ(request.reach.last_byte, ~std::uint64_t{0});
	EXPECT_EQ(request.reach.node, -1);
	EXPECT_FALSE(request.snooping);
	EXPECT_FALSE(request.write_combine);
}

TEST(StrategyTest, SaysWhichItIs)
{
	EXPECT_EQ(Highmem::kId, StrategyId::highmem);
	EXPECT_EQ(Unmap::kId, StrategyId::unmap);
	EXPECT_EQ(UnmapCma::kId, StrategyId::unmap);
	EXPECT_EQ(Purge<>::kId, StrategyId::purge);
}

TEST(RegionTest, HasNoSpareFramesUnlessItSaysSo)
{
	EXPECT_EQ(Region().tail_frames, 0u);
}

TEST(BoardFactsTest, ABoardHasNothingSpecialUnlessItSaysSo)
{
	const BoardFacts facts;

	EXPECT_EQ(facts.cma, CmaPlacement::none);
	EXPECT_EQ(facts.unit, Pages(1));
	EXPECT_EQ(facts.chunk, Pages(1));
	EXPECT_FALSE(facts.combines);
	EXPECT_EQ(facts.cpu, CpuFit::fit);
}

/* The allocator may have memory below the mask that is not its first choice. */
TEST(ReachTest, TakesFramesInReach)
{
	Fixture<Unmap> fixture(sim::kSmallPages);

	fixture.device.mask = kFirst + 4 * kPageBytes - 1;
	auto region = fixture.alloc(3);

	ASSERT_TRUE(region);
	EXPECT_LE(region->bus.raw() + region->run.pages.bytes() - 1, fixture.device.mask);
	EXPECT_EQ(why(fixture.alloc(3)), Errno::io);
}

/* A device that ends within a unit would be given frames that it can't reach. */
TEST(ReachTest, AsksForWholeUnits)
{
	Fixture<Unmap> fixture(sim::kLargePages);
	const std::uint64_t unit = sim::kLargePages.unit.bytes();

	fixture.device.mask = kFirst + unit - 2;
	EXPECT_EQ(why(fixture.alloc(1)), Errno::io);
	fixture.device.mask = kFirst + unit - 1;
	auto region = fixture.alloc(1);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->run, (FrameRun{sim::Profile::kRam, Pages(1)}));
	EXPECT_EQ(region->tail_frames, sim::kLargePages.unit.count() - 1);
	EXPECT_KEPT(fixture.machine);
}

/* No other allocation gets the frames that were flipped along with a region. */
TEST(SpareTest, BelongsToNobody)
{
	Fixture<Unmap> fixture(sim::kLargePages);
	auto region = fixture.alloc(1);
	auto next = fixture.alloc(1);

	ASSERT_TRUE(region && next);
	const auto directory = fixture.machine.state().directory;

	EXPECT_EQ(directory.size(), 2 * sim::kLargePages.unit.count());
	EXPECT_FALSE(resolve(*region, region->cpu + kPageBytes, region->bus + kPageBytes));
	EXPECT_GE(next->run.first.raw() ^ region->run.first.raw(), sim::kLargePages.unit.count());
	for (const Region &each : {*region, *next})
		for (std::uint64_t i = 1; i <= each.tail_frames; ++i)
			EXPECT_NE(directory.at(each.run.first + i), &fixture.owner) << i;
	EXPECT_KEPT(fixture.machine);
}

/* The boundary passes a number on, whatever it is. */
constexpr auto kUnknownPlacement =
	static_cast<CmaPlacement>(static_cast<std::uint8_t>(CmaPlacement::unusable) + 1);

struct Refusal {
	const sim::Profile &profile;
	CmaPlacement placement;
	std::string_view word;   ///< that the sentence must have
};

TEST(HighmemTest, RefusesBoardsThatCannotKeepIt)
{
	const Refusal cases[] = {
		{sim::kCmaInLowmem, CmaPlacement::lowmem, "lowmem"},
		{sim::kWithoutCma, CmaPlacement::none, "CMA"},
		{sim::kSmallPages, CmaPlacement::none, "CMA"},
	};

	for (const Refusal &c : cases) {
		SCOPED_TRACE(c.profile.name);
		Fixture<Highmem> fixture(c.profile);
		const auto before = fixture.machine.state();
		const Verdict verdict = Highmem::probe({c.placement});

		EXPECT_FALSE(verdict.kept);
		EXPECT_NE(verdict.why.find(c.word), verdict.why.npos) << verdict.why;
		EXPECT_EQ(why(fixture.alloc()), Errno::nodev);
		/* Which no other memory at another time would change. */
		EXPECT_EQ(why(fixture.layer.alloc({.bytes = 4096, .reach = {.may_sleep = false},
						   .device = &fixture.device},
						  nullptr)),
			  Errno::nodev);
		EXPECT_EQ(words(fixture.machine.steps()), "");
		EXPECT_EQ(fixture.machine.state(), before);
	}
	EXPECT_TRUE(Highmem::probe({CmaPlacement::highmem}).kept);
}

TEST(HighmemTest, RefusesAPlacementThatItDoesNotKnow)
{
	EXPECT_FALSE(Highmem::probe({kUnknownPlacement}).kept);
}

/* Only contiguous memory in lowmem is mapped by pages there. */
TEST(UnmapCmaTest, RefusesBoardsThatCannotKeepIt)
{
	EXPECT_TRUE(UnmapCma::probe({CmaPlacement::lowmem}).kept);
	for (const auto &[placement, word] : {std::pair{CmaPlacement::highmem, "highmem"},
					      std::pair{CmaPlacement::none, "CMA"},
					      std::pair{CmaPlacement::unusable, "straddles"},
					      std::pair{kUnknownPlacement, "CMA"}}) {
		const Verdict verdict = UnmapCma::probe({placement});

		EXPECT_FALSE(verdict.kept);
		EXPECT_NE(verdict.why.find(word), verdict.why.npos) << verdict.why;
	}
}

TEST(HighmemTest, SnoopingDeviceNeedsNoHighmem)
{
	Fixture<Highmem> fixture(sim::kWithoutCma);

	fixture.device.snooping = true;
	EXPECT_TRUE(fixture.alloc());
}

/* The probe saw highmem; the frames are looked at all the same. */
TEST(HighmemTest, RefusesEveryRunWithALowmemFrame)
{
	Fixture<Highmem> fixture(sim::kCmaAcross);
	auto highmem = fixture.alloc(4);

	ASSERT_TRUE(highmem);
	const auto before = fixture.machine.state();

	EXPECT_EQ(why(fixture.alloc(1)), Errno::nodev);
	EXPECT_EQ(why(fixture.alloc(2)), Errno::nodev);
	EXPECT_EQ(fixture.machine.state(), before);

	fixture.layer.release(*highmem);
	for (std::uint64_t pages : {5, 6})
		EXPECT_EQ(why(fixture.alloc(pages)), Errno::nodev) << pages;
	EXPECT_TRUE(fixture.alloc(4));
	EXPECT_EQ(fixture.machine.quarantined(), 0u);
	EXPECT_KEPT(fixture.machine);
}

/* A translation that is not there now may come back any time. */
TEST(HighmemTest, RefusesLowmemFramesWhateverTheirTranslation)
{
	const Pfn lowmem = sim::kCmaAcross.cma.first;

	for (Linear linear : {Linear::absent, Linear::uncached, Linear::cached}) {
		sim::SimulatedMachine machine(sim::kCmaAcross);
		const CpuAddr addr = machine.linear_address(lowmem);

		machine.page_table().set(addr, {lowmem, sim::Use::linear,
						linear == Linear::cached});
		if (linear == Linear::absent)
			machine.page_table().clear(addr);
		ASSERT_EQ(machine.linear(lowmem), linear);

		auto closed = Highmem::close(machine, {lowmem, Pages(1)});

		ASSERT_FALSE(closed);
		EXPECT_EQ(closed.error().why, Errno::nodev);
		EXPECT_FALSE(closed.error().in_doubt);
	}
}

/// A machine with one frame of lowmem where highmem should be.
struct LowmemAt : sim::SimulatedMachine {
	LowmemAt(Pfn lowmem) : SimulatedMachine(sim::kCmaInHighmem), lowmem_(lowmem) {}
	Linear linear(Pfn pfn) noexcept { return pfn == lowmem_ ? Linear::cached : Linear::none; }

	Pfn lowmem_;
};

TEST(HighmemTest, LooksAtEveryFrame)
{
	const FrameRun run{sim::kCmaInHighmem.cma.first, Pages(3)};

	for (std::uint64_t i = 0; i < run.pages.count(); ++i) {
		LowmemAt machine(run.first + i);

		EXPECT_FALSE(Highmem::close(machine, run)) << i;
	}
	LowmemAt elsewhere(run.end());

	EXPECT_TRUE(Highmem::close(elsewhere, run));
}

/* Lowmem that is mapped by sections: a strategy that has to edit them fails closed. */
TEST(UnmapTest, LinearMapThatCannotBeEditedIsAnError)
{
	Fixture<Unmap> fixture(sim::kCmaInHighmem);
	const auto before = fixture.machine.state();

	EXPECT_EQ(why(fixture.alloc()), Errno::nodev);
	EXPECT_EQ(fixture.machine.state(), before);
	EXPECT_EQ(fixture.machine.quarantined(), 0u);
	EXPECT_KEPT(fixture.machine);
}

TEST(StrategyTest, EachGoesByItsOwnName)
{
	EXPECT_EQ(Highmem::kId, StrategyId::highmem);
	EXPECT_EQ(Unmap::kId, StrategyId::unmap);
	EXPECT_EQ(Purge<>::kId, StrategyId::purge);
	EXPECT_EQ(Purge<true>::kId, StrategyId::purge);
	EXPECT_EQ(Snooped::kId, StrategyId::snooped);
}

TEST(ProbeTest, UnmapAndPurgeAskNothingOfCma)
{
	for (CmaPlacement cma : {CmaPlacement::none, CmaPlacement::lowmem, CmaPlacement::highmem,
				 CmaPlacement::unusable}) {
		EXPECT_TRUE(Unmap::probe({cma}).kept);
		EXPECT_TRUE(Purge<>::probe({cma}).kept);
		EXPECT_TRUE(Purge<true>::probe({cma}).kept);
	}
	EXPECT_NE(Purge<>::probe({}).why, Purge<true>::probe({}).why);
}

} // namespace
} // namespace dmamap::test
