// SPDX-License-Identifier: GPL-2.0
/* Small regions out of chunks that are flipped once. */
#include "kunit/host/pool_fixture.h"

#include <random>
#include <set>

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;

template <class B>
class PooledTest : public ::testing::Test {
protected:
	static_assert(B::profile.chunk == Pages(kChunk));

	/// All regions are back, and so is the memory.
	void expect_all_back()
	{
		const std::uint64_t free = fixture_.free();

		fixture_.machine.forget_steps();
		fixture_.empty();
		EXPECT_EQ(fixture_.free(), 0u);
		EXPECT_EQ(std::ranges::count(fixture_.machine.steps(), DMAMAP_STEP_WITHDRAW,
					     &dmamap_step::id),
			  std::ptrdiff_t(free / kChunk));
		EXPECT_EQ(fixture_.machine.state(), start_);
		EXPECT_EQ(fixture_.machine.quarantined(), 0u);
		EXPECT_KEPT(fixture_.machine);
	}

	PoolFixture<typename B::Strategy> fixture_{B::profile};
	sim::SimulatedMachine::State start_ = fixture_.machine.state();
};

TYPED_TEST_SUITE(PooledTest, Boards, BoardName);

TYPED_TEST(PooledTest, TheFirstRegionFlipsAWholeChunk)
{
	using S = typename TypeParam::Strategy;
	auto region = this->fixture_.alloc(1);
	const char *closed = kWhileCoherent<S> == Linear::uncached ? "uncached " : "absent ";
	std::string edits;

	for (unsigned i = 0; i < Sizes<TypeParam>::edits(kChunk); ++i)
		edits += closed;
	ASSERT_TRUE(region);
	EXPECT_EQ(this->fixture_.said(),
		  "take claim drop_lazy " + edits + "purge map flush barrier zero barrier hold lend");
	EXPECT_EQ(region->run.pages, Pages(1));
	EXPECT_EQ(region->bus.raw(), to_phys(region->run.first).raw());
	EXPECT_EQ(region->strategy, S::kId);
	EXPECT_EQ(region->attribute, Attribute::coherent);
	EXPECT_EQ(region->behind, Behind::reserved);
	EXPECT_EQ(region->tail_frames, 0);
	EXPECT_EQ(region->chunk, 1);
	EXPECT_TRUE(region->flipped());
	EXPECT_EQ(this->fixture_.free(), kChunk - 1);
	this->fixture_.release(*region);
	this->expect_all_back();
}

/// The pool has one attribute; where gathered writes need another it is left alone.
TYPED_TEST(PooledTest, WriteCombiningMemoryIsOfThePoolOnlyIfItIsTheSame)
{
	constexpr bool apart = TypeParam::profile.combines;
	auto pooled = this->fixture_.alloc(1);

	ASSERT_TRUE(pooled);
	this->fixture_.write_combine = true;
	EXPECT_EQ(this->fixture_.alloc_at_once(1).has_value(), !apart);

	auto region = this->fixture_.alloc(1);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->attribute, apart ? Attribute::write_combine : Attribute::coherent);
	EXPECT_EQ(region->chunk != 0, !apart);
}

TYPED_TEST(PooledTest, TheNextRegionsFlipNothing)
{
	auto first = this->fixture_.alloc(1);

	ASSERT_TRUE(first);
	(void)this->fixture_.said();
	for (int round = 0; round < 5; ++round) {
		auto next = this->fixture_.alloc(2);

		ASSERT_TRUE(next);
		EXPECT_EQ(this->fixture_.said(), "lend");
		EXPECT_EQ(this->fixture_.free(), kChunk - 3);
		this->fixture_.release(*next);
		EXPECT_EQ(this->fixture_.said(), "recall");
		this->fixture_.layer.tend();
		EXPECT_EQ(this->fixture_.said(), "zero barrier");
		EXPECT_EQ(this->fixture_.free(), kChunk - 1);
	}
	this->fixture_.release(*first);
	this->expect_all_back();
}

TYPED_TEST(PooledTest, NoSecretOfTheLastOwnerIsVisible)
{
	auto &machine = this->fixture_.machine;
	const auto expect_zero = [&](const Region &region) {
		each_line_of(2, [&](std::uint64_t byte) {
			ASSERT_EQ(machine.read(this->fixture_.device, region.bus + byte), 0u) << byte;
			ASSERT_EQ(machine.read(0, region.cpu + byte), 0u) << byte;
		});
	};
	auto region = this->fixture_.alloc(2);

	ASSERT_TRUE(this->fixture_.alloc(2));   // nothing else is left in the chunk
	for (int round = 0; round < 4; ++round) {
		ASSERT_TRUE(region);
		expect_zero(*region);
		each_line_of(2, [&](std::uint64_t byte) {
			machine.write(this->fixture_.device, region->bus + byte, 7);
			machine.write(0, region->cpu + byte, 8);
		});
		const FrameRun before = region->run;

		this->fixture_.release(*region);
		if (round % 2)
			this->fixture_.layer.tend();
		region = this->fixture_.alloc(2);
		ASSERT_TRUE(region);
		EXPECT_EQ(region->run, before);
	}
	EXPECT_KEPT(machine);
}

TYPED_TEST(PooledTest, AReturnedRegionIsNobodys)
{
	auto one = this->fixture_.alloc(1);
	auto two = this->fixture_.alloc(2);

	ASSERT_TRUE(one && two);
	const auto owned = [&] {
		std::set<Pfn> frames;

		for (const auto &[pfn, owner] : this->fixture_.machine.state().directory)
			if (owner == &this->fixture_.owner)
				frames.insert(pfn);
		return frames;
	};

	EXPECT_EQ(owned(), (std::set{one->run.first, two->run.first, two->run.first + 1}));
	this->fixture_.release(*two);
	EXPECT_EQ(owned(), std::set{one->run.first});
	this->fixture_.release(*one);
	EXPECT_EQ(owned(), std::set<Pfn>());
	this->expect_all_back();
}

TYPED_TEST(PooledTest, ANeighbourKeepsItsBytes)
{
	auto &machine = this->fixture_.machine;
	auto one = this->fixture_.alloc(1);
	auto two = this->fixture_.alloc(1);
	auto three = this->fixture_.alloc(1);

	ASSERT_TRUE(one && two && three);
	each_line_of(1, [&](std::uint64_t byte) {
		machine.write(this->fixture_.device, one->bus + byte, 1);
		machine.write(this->fixture_.device, two->bus + byte, 2);
		machine.write(0, three->cpu + byte, 3);
	});
	this->fixture_.release(*two);
	each_line_of(1, [&](std::uint64_t byte) {
		EXPECT_EQ(machine.read(0, one->cpu + byte), 1u) << byte;
		EXPECT_EQ(machine.read(this->fixture_.device, three->bus + byte), 3u) << byte;
	});
	EXPECT_KEPT(machine);
}

TYPED_TEST(PooledTest, RegionsAreAlignedToTheirSize)
{
	auto one = this->fixture_.alloc(1);
	auto two = this->fixture_.alloc(2);
	auto three = this->fixture_.alloc(3);
	auto hole = this->fixture_.alloc(1);

	ASSERT_TRUE(one && two && three && hole);
	EXPECT_EQ(two->run.first, one->run.first + 2);
	EXPECT_EQ(hole->run.first, one->run.first + 1);
	EXPECT_EQ(hole->chunk, one->chunk);
	EXPECT_NE(three->chunk, one->chunk);
	EXPECT_EQ(this->fixture_.free(), 1u);
	for (const Region &region : {*one, *two, *three, *hole})
		this->fixture_.release(region);
	this->expect_all_back();
}

TYPED_TEST(PooledTest, EveryRegionHasItsOwnPages)
{
	std::vector<Region> regions;
	sim::Value value = 0;

	for (unsigned i = 0; i < 2 * kChunk; ++i) {
		auto region = this->fixture_.alloc(1);

		ASSERT_TRUE(region);
		EXPECT_EQ(region->chunk, 1 + i / kChunk);
		regions.push_back(*region);
		this->fixture_.machine.write(0, region->cpu, ++value);
	}
	EXPECT_EQ(this->fixture_.free(), 0u);
	value = 0;
	for (const Region &region : regions)
		EXPECT_EQ(this->fixture_.machine.read(this->fixture_.device, region.bus), ++value);

	/* Each goes back to where it came from. */
	for (const Region &region : regions) {
		this->fixture_.release(region);
		auto again = this->fixture_.alloc(1);

		ASSERT_TRUE(again);
		EXPECT_EQ(again->run, region.run);
		EXPECT_EQ(again->cpu, region.cpu);
		EXPECT_EQ(again->chunk, region.chunk);
	}
	for (const Region &region : regions)
		this->fixture_.release(region);
	EXPECT_EQ(this->fixture_.free(), 2 * kChunk);
	this->expect_all_back();
}

TYPED_TEST(PooledTest, AWholeChunkCanBeARegion)
{
	auto region = this->fixture_.alloc(kChunk);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->chunk, 1);
	EXPECT_EQ(this->fixture_.free(), 0u);
	this->fixture_.release(*region);
	EXPECT_EQ(this->fixture_.free(), kChunk);
	this->expect_all_back();
}

TYPED_TEST(PooledTest, WhatIsLargerThanAChunkIsNotPooled)
{
	auto small = this->fixture_.alloc(1);
	auto large = this->fixture_.alloc(kChunk + 1);

	if (TypeParam::profile.placement != CmaPlacement::none) {
		this->fixture_.release(*small);   // no room beside it
		this->fixture_.empty();
		large = this->fixture_.alloc(kChunk + 1);
		ASSERT_TRUE(large);
		EXPECT_EQ(this->fixture_.free(), 0u);
	} else {
		ASSERT_TRUE(small && large);
		EXPECT_EQ(this->fixture_.free(), kChunk - 1);
		this->fixture_.release(*small);
	}
	EXPECT_EQ(large->chunk, 0);
	EXPECT_EQ(large->run.pages, Pages(kChunk + 1));
	EXPECT_EQ(large->tail_frames, Sizes<TypeParam>::flipped(kChunk + 1) - kChunk - 1);
	this->fixture_.machine.forget_steps();
	const std::uint64_t free = this->fixture_.free();

	this->fixture_.release(*large);
	EXPECT_TRUE(this->fixture_.said().starts_with("recall withdraw barrier unmap "));
	EXPECT_EQ(this->fixture_.free(), free);
	this->expect_all_back();
}

TYPED_TEST(PooledTest, SnoopingDevicesNeedNoPool)
{
	this->fixture_.device.snooping = true;
	auto region = this->fixture_.alloc(1);

	ASSERT_TRUE(region);
	EXPECT_EQ(this->fixture_.said(), "take zero publish");
	EXPECT_EQ(region->chunk, 0);
	this->fixture_.release(*region);
	EXPECT_EQ(this->fixture_.said(), "withdraw give");
	this->expect_all_back();
}

/* A pool is for all devices; contiguous memory may be one device's alone. */
TYPED_TEST(PooledTest, MemoryOfTheDevicesOwnIsNotPooled)
{
	int area = 0;
	auto pooled = this->fixture_.alloc(1);

	ASSERT_TRUE(pooled);
	const std::uint64_t free = this->fixture_.free();
	auto region = this->fixture_.layer.alloc({.bytes = kPageBytes,
						   .reach = {.area = &area},
						   .device = &this->fixture_.device},
						  &this->fixture_.owner);

	ASSERT_TRUE(region);
	EXPECT_EQ(region->chunk, 0);
	EXPECT_EQ(this->fixture_.free(), free);
	this->fixture_.release(*region);
	EXPECT_EQ(this->fixture_.free(), free);
	this->fixture_.release(*pooled);
	this->expect_all_back();
}

TYPED_TEST(PooledTest, RefusesSizesThatMakeNoSense)
{
	const auto ask = [&](std::uint64_t bytes) {
		return why(this->fixture_.layer.alloc({.bytes = bytes, .device = &this->fixture_.device},
						      nullptr));
	};

	EXPECT_EQ(ask(0), Errno::inval);
	EXPECT_EQ(ask(~std::uint64_t{0}), Errno::overflow);
	EXPECT_EQ(ask(std::uint64_t{1} << 20), Errno::nomem);
	EXPECT_EQ(this->fixture_.said(), "");
	this->expect_all_back();
}

TYPED_TEST(PooledTest, RegionsResolveToTheirOwnFrames)
{
	auto one = this->fixture_.alloc(1);
	auto two = this->fixture_.alloc(2);

	ASSERT_TRUE(one && two);
	each_line_of(2, [&](std::uint64_t byte) {
		auto found = resolve(*two, two->cpu + byte, two->bus + byte);

		ASSERT_TRUE(found);
		EXPECT_EQ(found->pfn, two->run.first + (byte >> kPageShift));
		EXPECT_EQ(found->behind, Behind::reserved);
	});
	/* The rest of the chunk belongs to others. */
	EXPECT_FALSE(resolve(*one, two->cpu, two->bus));
	EXPECT_FALSE(resolve(*two, one->cpu, one->bus));
	EXPECT_FALSE(resolve(*one, one->cpu + kPageBytes, one->bus + kPageBytes));
}

/* In any order, the counts stay right and every page comes back. */
TYPED_TEST(PooledTest, AnyOrderOfAllocationsEndsWhereItBegan)
{
	std::mt19937 random(2026);
	std::vector<Region> regions;
	std::uint64_t lent = 0;
	std::uint64_t pooled = 0;

	for (int step = 0; step < 300; ++step) {
		if (regions.empty() || random() % 2) {
			auto region = this->fixture_.alloc(1 + random() % kChunk);

			if (!region)
				continue;
			for (const Region &other : regions)
				for (Pfn p = region->run.first; p < region->run.end(); p = p + 1)
					ASSERT_FALSE(sim::contains(other.run, p));
			regions.push_back(*region);
			lent += region->chunk ? region->run.pages.count() : 0;
			pooled = std::max<std::uint64_t>(pooled, region->chunk);
		} else {
			const std::size_t at = random() % regions.size();

			lent -= regions[at].chunk ? regions[at].run.pages.count() : 0;
			this->fixture_.release(regions[at]);
			regions.erase(regions.begin() + std::ptrdiff_t(at));
		}
		ASSERT_EQ(this->fixture_.free() + lent, pooled * kChunk) << step;
	}
	for (const Region &region : regions)
		this->fixture_.release(region);
	this->expect_all_back();
}

} // namespace
} // namespace dmamap::test
