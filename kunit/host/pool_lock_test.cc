// SPDX-License-Identifier: GPL-2.0
/* The state of a pool is read and written with its lock held. */
#include "kunit/host/pool_fixture.h"

#include <cstring>
#include <random>

namespace dmamap::test {
namespace {

constexpr std::uint64_t kChunk = 4;
constexpr std::size_t kChunks = 3;
constexpr PoolLimits kLimits{Pages(2), Pages(8), Pages(2)};

/// A machine on which a pool that is not locked has no free page and no place for a
/// chunk; a locked one is as it was. So code that reads without the lock sees the
/// wrong state, and a write without the lock is found.
struct Contended : sim::SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;

	std::uint64_t lock() noexcept
	{
		EXPECT_EQ(std::memcmp(pool_, &emptied_, sizeof emptied_), 0)
			<< "written without the lock";
		*pool_ = whole_;
		held_ = true;
		return SimulatedMachine::lock();
	}
	void unlock(std::uint64_t flags) noexcept
	{
		held_ = false;
		SimulatedMachine::unlock(flags);
		whole_ = *pool_;
		while (pool_->take(Pages(1), Pages(), [](FrameRun) -> Result<BusAddr> {
			return BusAddr();
		}))
			;
		Region page;

		page.run = {Pfn(1), Pages(1)};
		while (pool_->add(page, Pages(1)))
			;
		std::memcpy(&emptied_, pool_, sizeof emptied_);
	}
	void tend_later() noexcept
	{
		EXPECT_FALSE(held_) << "the worker would wait for it";
		SimulatedMachine::tend_later();
	}
	void contend_for(Pool<kChunks> &pool) noexcept
	{
		pool_ = &pool;
		std::memcpy(&emptied_, pool_, sizeof emptied_);
	}

private:
	Pool<kChunks> *pool_ = nullptr;
	bool held_ = false;
	Pool<kChunks> whole_;
	Pool<kChunks> emptied_;
};

template <class B>
class PoolLockTest : public ::testing::Test {
protected:
	/// The calls of a driver and the worker, and what the pool asked for.
	template <class Fixture>
	std::string story(Fixture &fixture)
	{
		std::mt19937 random(1);
		std::vector<Region> regions;
		std::string story;

		for (unsigned i = 0; i < 400; ++i) {
			if (random() % 8 == 0)
				fixture.layer.tend();
			else if (random() % 8 == 0)
				story += fixture.layer.shrink(Pages(random() % 4)) ? "shrunk " : "";
			else if (random() % 2 && !regions.empty()) {
				std::swap(regions[random() % regions.size()], regions.back());
				fixture.release(regions.back());
				regions.pop_back();
			} else if (auto region = random() % 2 ? fixture.alloc_at_once(1 + random() % 2) :
								fixture.alloc(1 + random() % 3)) {
				story += std::to_string(region->run.first.raw()) + ' ';
				regions.push_back(*region);
			}
			story += fixture.said() + " free " + std::to_string(fixture.free()) + " asked " +
				 std::to_string(fixture.machine.tend_wanted()) + '\n';
		}
		return story;
	}
};

TYPED_TEST_SUITE(PoolLockTest, Boards, BoardName);

TYPED_TEST(PoolLockTest, NobodyLooksAtWhatIsNotLocked)
{
	static_assert(TypeParam::profile.chunk == Pages(kChunk));
	PoolFixture<typename TypeParam::Strategy, kChunks> alone(TypeParam::profile, kLimits);
	PoolFixture<typename TypeParam::Strategy, kChunks, Contended> contended(TypeParam::profile,
									     kLimits);

	contended.machine.contend_for(contended.pool);
	EXPECT_EQ(this->story(contended), this->story(alone));
	EXPECT_KEPT(contended.machine);
}

} // namespace
} // namespace dmamap::test
