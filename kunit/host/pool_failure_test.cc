// SPDX-License-Identifier: GPL-2.0
/* With a pool, too: a failure leaves the old state, or quarantine. */
#include "kunit/host/pool_fixture.h"

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;

template <class B>
class PoolFailureTest : public ::testing::Test {
protected:
	using Fixture = PoolFixture<typename B::Strategy>;

	/// Edits of the linear map for a chunk, and for a region of one page.
	static constexpr unsigned kSets = Sizes<B>::edits(kChunk);
	static constexpr unsigned kSetsAlone = Sizes<B>::edits(1);
	/// take, bus_address, claim, map and hold, beside them.
	static constexpr unsigned kFallible = 5 + kSets;
};

TYPED_TEST_SUITE(PoolFailureTest, Boards, BoardName);

/* Without a chunk, the region is flipped by itself. */
TYPED_TEST(PoolFailureTest, NoChunkIsNoFailure)
{
	unsigned nth = 1;

	for (;; ++nth) {
		SCOPED_TRACE(nth);
		typename TestFixture::Fixture fixture(TypeParam::profile);
		const auto before = fixture.machine.state();

		fixture.machine.fail_next(nth);
		auto region = fixture.alloc(1);

		ASSERT_TRUE(region);
		if (fixture.machine.failures() == 0) {
			EXPECT_EQ(region->chunk, 1);
			break;
		}
		EXPECT_EQ(region->chunk, 0);
		EXPECT_EQ(fixture.free(), 0u);
		EXPECT_EQ(fixture.machine.quarantined(), 0u);
		fixture.release(*region);
		EXPECT_EQ(fixture.machine.state(), before);
		EXPECT_KEPT(fixture.machine);
	}
	EXPECT_EQ(nth - 1, this->kFallible);
}

TYPED_TEST(PoolFailureTest, EveryPairOfFailuresIsUndoneOrQuarantined)
{
	unsigned undone = 0;
	unsigned kept = 0;

	for (unsigned nth = 1; nth <= this->kFallible; ++nth)
		for (unsigned again = 1;; ++again) {
			SCOPED_TRACE(::testing::Message() << nth << ", then " << again);
			typename TestFixture::Fixture fixture(TypeParam::profile);
			const auto before = fixture.machine.state();

			fixture.machine.fail_next(nth, again);
			auto region = fixture.alloc(1);

			const bool both = fixture.machine.failures() == 2;

			EXPECT_KEPT(fixture.machine);
			EXPECT_EQ(fixture.free(), 0u);
			fixture.machine.fail_next(0);
			if (region) {
				EXPECT_EQ(region->chunk, 0);
				fixture.release(*region);
			}
			if (!both)
				break;
			if (fixture.machine.quarantined() == 0) {
				EXPECT_EQ(fixture.machine.state(), before);
				undone += !region;
				continue;
			}
			EXPECT_EQ(fixture.machine.quarantined(), kChunk);
			EXPECT_EQ(fixture.machine.state().directory, before.directory);
			EXPECT_EQ(fixture.machine.state().claims, before.claims);
			++kept;
		}
	/* The chunk's failures, each with one of the region alone. */
	EXPECT_EQ(undone, this->kFallible * (5 + this->kSetsAlone));
	EXPECT_EQ(kept > 0, this->kSets > 0);
}

/* Lent pages are not touched, and an operation that can't fail does not. */
TYPED_TEST(PoolFailureTest, LendingNeedsABusAddressOnly)
{
	typename TestFixture::Fixture fixture(TypeParam::profile);
	auto first = fixture.alloc(1);

	ASSERT_TRUE(first);
	fixture.machine.write(0, first->cpu, 9);
	fixture.machine.fail_next(1);   // of the chunk: another is made
	auto second = fixture.alloc(1);

	ASSERT_TRUE(second);
	EXPECT_EQ(fixture.machine.failures(), 1u);
	EXPECT_EQ(second->chunk, 2);
	fixture.machine.fail_next(2);
	auto third = fixture.alloc_at_once(1);

	ASSERT_TRUE(third);
	fixture.release(*third);
	fixture.release(*second);
	EXPECT_EQ(fixture.machine.failures(), 0u);
	EXPECT_EQ(fixture.free(), 2 * kChunk - 1);
	EXPECT_EQ(fixture.machine.read(fixture.device, first->bus), 9u);
	EXPECT_KEPT(fixture.machine);
}

TYPED_TEST(PoolFailureTest, TendingEndsAtAFailure)
{
	for (unsigned nth = 1; nth <= this->kFallible; ++nth) {
		SCOPED_TRACE(nth);
		typename TestFixture::Fixture fixture(TypeParam::profile,
						      {Pages(2 * kChunk), Pages(16)});
		const auto before = fixture.machine.state();

		fixture.machine.fail_next(nth);
		fixture.layer.tend();
		EXPECT_EQ(fixture.machine.failures(), 1u);
		EXPECT_EQ(fixture.machine.state(), before);
		EXPECT_EQ(fixture.free(), 0u);
		fixture.layer.tend();
		EXPECT_EQ(fixture.free(), 2 * kChunk);
		EXPECT_KEPT(fixture.machine);
	}
}

/* A chunk that can't be made ordinary memory again goes to quarantine. */
TYPED_TEST(PoolFailureTest, AChunkThatCannotGoBackIsQuarantined)
{
	for (unsigned nth = 1; nth <= this->kSets + 1; ++nth) {
		SCOPED_TRACE(nth);
		typename TestFixture::Fixture fixture(TypeParam::profile);
		auto one = fixture.alloc(kChunk);
		auto two = fixture.alloc(1);

		ASSERT_TRUE(one && two);
		fixture.release(*one);
		fixture.machine.fail_next(nth);
		EXPECT_TRUE(fixture.layer.shrink(Pages()));
		EXPECT_EQ(fixture.machine.failures(), nth > this->kSets ? 0 : 1);
		EXPECT_EQ(fixture.machine.quarantined(), nth > this->kSets ? 0 : kChunk);
		EXPECT_EQ(fixture.free(), kChunk - 1);

		fixture.machine.fail_next(0);
		for (auto next = fixture.alloc(1); next; next = fixture.alloc(1))
			if (nth <= this->kSets) {
				EXPECT_FALSE(sim::contains(one->run, next->run.first));
			}
		EXPECT_KEPT(fixture.machine);
	}
}

} // namespace
} // namespace dmamap::test
