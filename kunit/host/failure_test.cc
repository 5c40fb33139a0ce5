// SPDX-License-Identifier: GPL-2.0
/*
 * Every step that can fail does so, one after another and in pairs. One failure
 * is undone without a trace; when the undo fails too, the frames are kept back.
 */
#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

template <class B>
class FailureTest : public ::testing::Test {
protected:
	using State = sim::SimulatedMachine::State;

	static constexpr std::uint64_t kPages = Sizes<B>::kPages;
	static constexpr std::uint64_t kFlipped = Sizes<B>::flipped(kPages);
	static constexpr unsigned kSets = Sizes<B>::edits(kPages);

	/// Steps of an allocation that can fail: take, bus_address, claim, map and
	/// hold, and for each unit set_linear.
	static constexpr unsigned kFallible = 5 + kSets;

	/// Frames of @before that are quarantined have any linear state; all the
	/// rest is as before.
	static void expect_same_but_quarantine(const State &before, const State &after)
	{
		EXPECT_EQ(after.claims, before.claims);
		EXPECT_EQ(after.directory, before.directory);
		for (std::size_t i = 0; i < before.frames.size(); ++i)
			if (after.frames[i] != sim::Supply::Frame::quarantined) {
				EXPECT_EQ(after.frames[i], before.frames[i]) << i;
			}

		auto doubtful = [&](const sim::Translation &to) {
			const auto pfn = to.pfn - sim::Profile::kRam;

			return pfn < after.frames.size() &&
			       after.frames[pfn] == sim::Supply::Frame::quarantined &&
			       to.use == sim::Use::linear;
		};
		State left = after, had = before;

		left.translations.erase_if(doubtful);
		had.translations.erase_if(doubtful);
		EXPECT_EQ(left.translations, had.translations);
	}
};

TYPED_TEST_SUITE(FailureTest, Boards, BoardName);

TYPED_TEST(FailureTest, AllocIsUndoneWhicheverStepFails)
{
	unsigned nth = 1;

	for (;; ++nth) {
		SCOPED_TRACE(nth);
		Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);
		const auto before = fixture.machine.state();

		fixture.machine.fail_next(nth);
		auto region = fixture.alloc(this->kPages);
		EXPECT_KEPT(fixture.machine);
		if (fixture.machine.failures() == 0) {
			EXPECT_TRUE(region);
			break;
		}
		ASSERT_FALSE(region);
		EXPECT_EQ(fixture.machine.state(), before);
		EXPECT_EQ(fixture.machine.quarantined(), 0u);
		/* An undone operation can be done again: nothing is left that would refuse. */
		EXPECT_TRUE(fixture.alloc(this->kPages));
		EXPECT_KEPT(fixture.machine);
	}
	EXPECT_EQ(nth - 1, this->kFallible);
}

TYPED_TEST(FailureTest, AllocSaysWhichStepFailed)
{
	std::vector<Errno> expected{Errno::nomem, Errno::io, Errno::busy};

	expected.resize(this->kFallible, Errno::nomem);
	for (unsigned nth = 1; nth <= this->kFallible; ++nth) {
		Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);

		fixture.machine.fail_next(nth);
		EXPECT_EQ(why(fixture.alloc(this->kPages)), expected[nth - 1]) << nth;
	}
}

TYPED_TEST(FailureTest, FramesGoToQuarantineWhenTheUndoOfAllocFails)
{
	unsigned pairs = 0;
	unsigned quarantines = 0;

	for (unsigned nth = 1; nth <= this->kFallible; ++nth)
		for (unsigned again = 1;; ++again) {
			SCOPED_TRACE(::testing::Message() << nth << ", then " << again);
			Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);
			const auto before = fixture.machine.state();

			fixture.machine.fail_next(nth, again);
			ASSERT_FALSE(fixture.alloc(this->kPages));
			EXPECT_KEPT(fixture.machine);
			if (fixture.machine.failures() < 2)
				break;
			++pairs;
			if (fixture.machine.quarantined() == 0) {
				EXPECT_EQ(fixture.machine.state(), before);
				continue;
			}
			++quarantines;
			EXPECT_EQ(fixture.machine.quarantined(), this->kFlipped);
			this->expect_same_but_quarantine(before, fixture.machine.state());
		}

	/* The undo edits the linear map, or has nothing that could fail. */
	EXPECT_EQ(pairs > 0, kEdits<typename TypeParam::Strategy>);
	EXPECT_EQ(quarantines, pairs);
}

TYPED_TEST(FailureTest, FramesGoToQuarantineWhenReleaseFails)
{
	unsigned nth = 1;

	for (;; ++nth) {
		SCOPED_TRACE(nth);
		Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);
		const auto before = fixture.machine.state();
		auto region = fixture.alloc(this->kPages);

		ASSERT_TRUE(region);
		fixture.machine.fail_next(nth);
		fixture.layer.release(*region);
		EXPECT_KEPT(fixture.machine);
		if (fixture.machine.failures() == 0) {
			EXPECT_EQ(fixture.machine.state(), before);
			break;
		}
		EXPECT_EQ(fixture.machine.quarantined(), this->kFlipped);
		this->expect_same_but_quarantine(before, fixture.machine.state());

		/* No allocation gets these frames again, whatever is asked for. */
		const FrameRun kept{region->run.first, Pages(this->kFlipped)};

		for (auto next = fixture.alloc(1); next; next = fixture.alloc(1))
			EXPECT_FALSE(sim::contains(kept, next->run.first));
		EXPECT_KEPT(fixture.machine);
	}
	EXPECT_EQ(nth - 1, this->kSets);
}

/* Every unit that can be put back is put back, also behind one that can't. */
TYPED_TEST(FailureTest, TheUndoOfACloseGoesOnAfterAFailure)
{
	using S = typename TypeParam::Strategy;
	sim::SimulatedMachine machine(TypeParam::profile);
	const auto run = S::take(machine, Pages(this->kFlipped), Reach{});

	ASSERT_TRUE(run);
	if (!kEdits<S>)
		return;
	machine.fail_next(this->kSets, 1);   // the last unit, then the first of the undo
	const auto closed = S::close(machine, *run);

	ASSERT_FALSE(closed);
	EXPECT_TRUE(closed.error().in_doubt);
	for (std::uint64_t i = 0; i < this->kFlipped; ++i)
		EXPECT_EQ(machine.linear(run->first + i),
			  i < Sizes<TypeParam>::kUnit ? kWhileCoherent<S> : Linear::cached)
			<< i;
}

/* Quarantined frames stay as their device knows them. */
TYPED_TEST(FailureTest, AFailedReopenClosesAgain)
{
	using S = typename TypeParam::Strategy;

	for (unsigned nth = 1; nth <= this->kSets; ++nth) {
		Fixture<S> fixture(TypeParam::profile);
		auto region = fixture.alloc(this->kPages);

		ASSERT_TRUE(region);
		fixture.machine.fail_next(nth);
		fixture.layer.release(*region);
		for (std::uint64_t i = 0; i < this->kFlipped; ++i)
			EXPECT_EQ(fixture.machine.linear(region->run.first + i), kWhileCoherent<S>)
				<< nth << ", frame " << i;
	}
}

TYPED_TEST(FailureTest, FramesStayInQuarantineWhenReleaseFailsTwice)
{
	for (unsigned nth = 1; nth <= this->kPages; ++nth)
		for (unsigned again = 1; again <= this->kPages; ++again) {
			Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);
			auto region = fixture.alloc(this->kPages);

			ASSERT_TRUE(region);
			fixture.machine.fail_next(nth, again);
			fixture.layer.release(*region);
			EXPECT_KEPT(fixture.machine);
			if (fixture.machine.failures() == 2) {
				EXPECT_EQ(fixture.machine.quarantined(), this->kFlipped);
			}
		}
}

TYPED_TEST(FailureTest, SnoopedAllocIsUndoneWhicheverStepFails)
{
	for (unsigned nth = 1; nth <= 4; ++nth) {
		SCOPED_TRACE(nth);
		Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);
		const auto before = fixture.machine.state();

		fixture.device.snooping = true;
		fixture.machine.fail_next(nth);
		auto region = fixture.alloc(this->kPages);

		EXPECT_EQ(region.has_value(), nth == 4);
		EXPECT_EQ(fixture.machine.failures(), nth == 4 ? 0 : 1);
		if (region)
			fixture.layer.release(*region);
		EXPECT_EQ(fixture.machine.state(), before);
		EXPECT_EQ(fixture.machine.quarantined(), 0u);
		EXPECT_KEPT(fixture.machine);
	}
}

TYPED_TEST(FailureTest, OtherRegionsAreNotTouched)
{
	for (unsigned nth = 1; nth <= this->kFallible; ++nth) {
		SCOPED_TRACE(nth);
		Fixture<typename TypeParam::Strategy> fixture(TypeParam::profile);
		auto other = fixture.alloc(2);
		auto adopted = fixture.adopt(TypeParam::profile);

		ASSERT_TRUE(other && adopted);
		fixture.machine.write(fixture.device, other->bus, 8);
		fixture.machine.write(fixture.device, adopted->bus, 9);
		const auto before = fixture.machine.state();

		fixture.machine.fail_next(nth);
		EXPECT_FALSE(fixture.alloc(this->kPages));
		EXPECT_EQ(fixture.machine.state(), before);
		EXPECT_EQ(fixture.machine.read(0, other->cpu), 8u);
		EXPECT_EQ(fixture.machine.read(0, adopted->cpu), 9u);
		EXPECT_KEPT(fixture.machine);
	}
}

} // namespace
} // namespace dmamap::test
