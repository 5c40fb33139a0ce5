// SPDX-License-Identifier: GPL-2.0
/* Each strategy on its machine: the order of the steps, and the bytes. */
#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

template <class B>
class FlipTest : public ::testing::Test {
protected:
	/// "absent absent absent ", or nothing for strategies that edit no PTE.
	static std::string edits(const char *to)
	{
		std::string said;

		for (unsigned i = 0; i < kSets; ++i)
			said += std::string(to) + " ";
		return said;
	}

	static constexpr std::uint64_t kPages = Sizes<B>::kPages;
	static constexpr std::uint64_t kFlipped = Sizes<B>::flipped(kPages);
	static constexpr unsigned kSets = Sizes<B>::edits(kPages);

	Fixture<typename B::Strategy> fixture_{B::profile};
	sim::SimulatedMachine &machine_ = fixture_.machine;
};

TYPED_TEST_SUITE(FlipTest, Boards, BoardName);

TYPED_TEST(FlipTest, ToCoherentRunsInTheOneOrder)
{
	const char *closed = kWhileCoherent<typename TypeParam::Strategy> == Linear::uncached ?
				     "uncached" :
				     "absent";

	ASSERT_TRUE(this->fixture_.alloc(this->kPages));
	EXPECT_EQ(words(this->machine_.steps()),
		  "take claim drop_lazy " + this->edits(closed) +
			  "purge map flush barrier zero barrier hold lend");
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, ToCachedRunsInTheMirroredOrder)
{
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	this->machine_.forget_steps();
	this->fixture_.layer.release(*region);
	EXPECT_EQ(words(this->machine_.steps()),
		  "recall withdraw barrier unmap " + this->edits("cached") + "purge release give");
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, AFailedMapIsUndoneInTheMirroredOrder)
{
	const char *closed = kWhileCoherent<typename TypeParam::Strategy> == Linear::uncached ?
				     "uncached" :
				     "absent";

	this->machine_.fail_next(4 + this->kSets);   // behind take, bus_address and claim
	ASSERT_FALSE(this->fixture_.alloc(this->kPages));
	EXPECT_EQ(words(this->machine_.steps()),
		  "take claim drop_lazy " + this->edits(closed) + "purge map " +
			  this->edits("cached") + "purge release give");
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, AStepCoversTheWholeBatch)
{
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	this->fixture_.layer.release(*region);
	std::uint64_t unit = 0;

	for (const dmamap_step &step : this->machine_.steps()) {
		const bool owned = step.id == DMAMAP_STEP_LEND || step.id == DMAMAP_STEP_RECALL;

		if (step.id == DMAMAP_STEP_BARRIER)
			continue;
		if (step.id == DMAMAP_STEP_SET_LINEAR) {
			EXPECT_EQ(step.pages, Sizes<TypeParam>::kUnit);
			EXPECT_EQ(Pfn(step.pfn), region->run.first + unit);
			unit = (unit + step.pages) % this->kFlipped;
			continue;
		}
		EXPECT_EQ(step.pages, owned ? this->kPages : this->kFlipped) << step.id;
		if (step.id != DMAMAP_STEP_ZERO) {
			EXPECT_EQ(Pfn(step.pfn), region->run.first) << step.id;
		}
	}
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, LinearMapHoldsNoCacheableTranslationWhileCoherent)
{
	using S = typename TypeParam::Strategy;
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	for (std::uint64_t i = 0; i < this->kFlipped; ++i)
		EXPECT_EQ(this->machine_.linear(region->run.first + i), kWhileCoherent<S>);
}

TYPED_TEST(FlipTest, StrayAccessThroughTheLinearMapTraps)
{
	using S = typename TypeParam::Strategy;
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	const CpuAddr stray = this->machine_.linear_address(region->run.first);

	EXPECT_EQ(this->machine_.write(0, stray, 1), kWhileCoherent<S> == Linear::uncached);
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, NoSecretOfTheLastUserIsVisible)
{
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	each_line_of(this->kPages, [&](std::uint64_t byte) {
		EXPECT_EQ(this->machine_.read(this->fixture_.device, region->bus + byte), 0u) << byte;
		for (unsigned cpu = 0; cpu < TypeParam::profile.cpus; ++cpu)
			EXPECT_EQ(this->machine_.read(cpu, region->cpu + byte), 0u) << byte;
	});
}

TYPED_TEST(FlipTest, EveryCpuReadsWhatTheDeviceWrote)
{
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	each_line_of(this->kPages, [&](std::uint64_t byte) {
		this->machine_.write(this->fixture_.device, region->bus + byte, 100 + byte);
	});
	each_line_of(this->kPages, [&](std::uint64_t byte) {
		for (unsigned cpu = 0; cpu < TypeParam::profile.cpus; ++cpu)
			EXPECT_EQ(this->machine_.read(cpu, region->cpu + byte), 100 + byte);
	});
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, WritesOfEachCpuReachTheDevice)
{
	auto region = this->fixture_.alloc(this->kPages);
	sim::Value value = 1;

	ASSERT_TRUE(region);
	for (unsigned cpu = 0; cpu < TypeParam::profile.cpus; ++cpu, ++value) {
		EXPECT_TRUE(this->machine_.write(cpu, region->cpu + 8192, value));
		this->machine_.barrier();
		EXPECT_EQ(this->machine_.read(this->fixture_.device, region->bus + 8192), value);
	}
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, NextUserOfAFrameFindsWhatTheDeviceLeft)
{
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	this->machine_.write(this->fixture_.device, region->bus, 77);
	this->fixture_.layer.release(*region);
	if (kEdits<typename TypeParam::Strategy>) {
		EXPECT_EQ(this->machine_.read(0, this->machine_.linear_address(region->run.first)),
			  77u);
	}
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, RegionIsUnreachableAfterRelease)
{
	auto region = this->fixture_.alloc(this->kPages);

	ASSERT_TRUE(region);
	EXPECT_TRUE(this->machine_.write(0, region->cpu, 5));
	this->fixture_.layer.release(*region);
	each_line_of(this->kPages, [&](std::uint64_t byte) {
		for (unsigned cpu = 0; cpu < TypeParam::profile.cpus; ++cpu)
			EXPECT_EQ(this->machine_.read(cpu, region->cpu + byte), std::nullopt);
	});
	EXPECT_KEPT(this->machine_);
}

TYPED_TEST(FlipTest, FramesCanBeFlippedAgainAndAgain)
{
	const auto before = this->machine_.state();

	for (int round = 0; round < 20; ++round) {
		auto one = this->fixture_.alloc(3);
		auto two = this->fixture_.alloc(2);

		ASSERT_TRUE(one && two);
		EXPECT_FALSE(sim::contains(one->run, two->run.first));
		this->machine_.write(this->fixture_.device, one->bus, 1);
		this->machine_.write(0, two->cpu, 2);
		this->fixture_.layer.release(*one);
		this->fixture_.layer.release(*two);
		EXPECT_EQ(this->machine_.state(), before);
	}
	EXPECT_KEPT(this->machine_);
}

} // namespace
} // namespace dmamap::test
