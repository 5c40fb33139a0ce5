// SPDX-License-Identifier: GPL-2.0
/* With a pool, too: a failure leaves the old state, or quarantine. */
#include "kunit/host/pool_bench.h"

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;

template <class B>
class PoolFailureTest : public ::testing::Test {
protected:
	using Bench = PoolBench<typename B::Strategy>;

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
		typename TestFixture::Bench bench(TypeParam::profile);
		const auto before = bench.machine.state();

		bench.machine.fail_next(nth);
		auto region = bench.alloc(1);

		ASSERT_TRUE(region);
		if (bench.machine.failures() == 0) {
			EXPECT_EQ(region->chunk, 1);
			break;
		}
		EXPECT_EQ(region->chunk, 0);
		EXPECT_EQ(bench.free(), 0u);
		EXPECT_EQ(bench.machine.quarantined(), 0u);
		bench.release(*region);
		EXPECT_EQ(bench.machine.state(), before);
		EXPECT_KEPT(bench.machine);
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
			typename TestFixture::Bench bench(TypeParam::profile);
			const auto before = bench.machine.state();

			bench.machine.fail_next(nth, again);
			auto region = bench.alloc(1);

			const bool both = bench.machine.failures() == 2;

			EXPECT_KEPT(bench.machine);
			EXPECT_EQ(bench.free(), 0u);
			bench.machine.fail_next(0);
			if (region) {
				EXPECT_EQ(region->chunk, 0);
				bench.release(*region);
			}
			if (!both)
				break;
			if (bench.machine.quarantined() == 0) {
				EXPECT_EQ(bench.machine.state(), before);
				undone += !region;
				continue;
			}
			EXPECT_EQ(bench.machine.quarantined(), kChunk);
			EXPECT_EQ(bench.machine.state().directory, before.directory);
			EXPECT_EQ(bench.machine.state().claims, before.claims);
			++kept;
		}
	/* The chunk's failures, each with one of the region alone. */
	EXPECT_EQ(undone, this->kFallible * (5 + this->kSetsAlone));
	EXPECT_EQ(kept > 0, this->kSets > 0);
}

/* Lent pages are not touched, and an operation that can't fail does not. */
TYPED_TEST(PoolFailureTest, LendingNeedsABusAddressOnly)
{
	typename TestFixture::Bench bench(TypeParam::profile);
	auto first = bench.alloc(1);

	ASSERT_TRUE(first);
	bench.machine.write(0, first->cpu, 9);
	bench.machine.fail_next(1);   // of the chunk: another is made
	auto second = bench.alloc(1);

	ASSERT_TRUE(second);
	EXPECT_EQ(bench.machine.failures(), 1u);
	EXPECT_EQ(second->chunk, 2);
	bench.machine.fail_next(2);
	auto third = bench.alloc_at_once(1);

	ASSERT_TRUE(third);
	bench.release(*third);
	bench.release(*second);
	EXPECT_EQ(bench.machine.failures(), 0u);
	EXPECT_EQ(bench.free(), 2 * kChunk - 1);
	EXPECT_EQ(bench.machine.read(bench.device, first->bus), 9u);
	EXPECT_KEPT(bench.machine);
}

TYPED_TEST(PoolFailureTest, TendingEndsAtAFailure)
{
	for (unsigned nth = 1; nth <= this->kFallible; ++nth) {
		SCOPED_TRACE(nth);
		typename TestFixture::Bench bench(TypeParam::profile,
						  {Pages(2 * kChunk), Pages(16)});
		const auto before = bench.machine.state();

		bench.machine.fail_next(nth);
		bench.layer.tend();
		EXPECT_EQ(bench.machine.failures(), 1u);
		EXPECT_EQ(bench.machine.state(), before);
		EXPECT_EQ(bench.free(), 0u);
		bench.layer.tend();
		EXPECT_EQ(bench.free(), 2 * kChunk);
		EXPECT_KEPT(bench.machine);
	}
}

/* A chunk that can't be made ordinary memory again goes to quarantine. */
TYPED_TEST(PoolFailureTest, AChunkThatCannotGoBackIsQuarantined)
{
	for (unsigned nth = 1; nth <= this->kSets + 1; ++nth) {
		SCOPED_TRACE(nth);
		typename TestFixture::Bench bench(TypeParam::profile);
		auto one = bench.alloc(kChunk);
		auto two = bench.alloc(1);

		ASSERT_TRUE(one && two);
		bench.release(*one);
		bench.machine.fail_next(nth);
		EXPECT_TRUE(bench.layer.shrink(Pages()));
		EXPECT_EQ(bench.machine.failures(), nth > this->kSets ? 0 : 1);
		EXPECT_EQ(bench.machine.quarantined(), nth > this->kSets ? 0 : kChunk);
		EXPECT_EQ(bench.free(), kChunk - 1);

		bench.machine.fail_next(0);
		for (auto next = bench.alloc(1); next; next = bench.alloc(1))
			if (nth <= this->kSets) {
				EXPECT_FALSE(sim::contains(one->run, next->run.first));
			}
		EXPECT_KEPT(bench.machine);
	}
}

} // namespace
} // namespace dmamap::test
