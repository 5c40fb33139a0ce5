// SPDX-License-Identifier: GPL-2.0
/* Memory that no allocator had. */
#include "kunit/host/fixture.h"

namespace dmamap::test {
namespace {

constexpr std::uint64_t kReserved = to_phys(sim::kSmallPages.reserved_begin()).raw();
constexpr std::uint64_t kWindow = std::uint64_t{1} << 32;   // no memory of the kernel

class AdoptTest : public ::testing::Test {
protected:
	Result<Region> adopt(std::uint64_t phys, std::uint64_t bytes,
			     Behind behind = Behind::device,
			     Attribute attribute = Attribute::uncached)
	{
		return fixture_.layer.adopt(PhysAddr(phys), bytes, behind, attribute, &fixture_.owner);
	}
	void expect_untouched()
	{
		EXPECT_EQ(machine_.state(), start_);
		EXPECT_KEPT(machine_);
	}

	Fixture<Unmap> fixture_{sim::kSmallPages};
	sim::SimulatedMachine &machine_ = fixture_.machine;
	sim::SimulatedMachine::State start_ = machine_.state();
};

TEST_F(AdoptTest, RegionSaysWhatItIs)
{
	struct Case {
		std::uint64_t phys;
		Behind behind;
		Attribute attribute;
	};
	const Case cases[] = {
		{kReserved, Behind::reserved, Attribute::uncached},
		{kWindow, Behind::device, Attribute::uncached},
		{kWindow, Behind::device, Attribute::write_combine},
		{0, Behind::device, Attribute::uncached},
	};

	for (const Case &c : cases) {
		SCOPED_TRACE(c.phys);
		auto region = adopt(c.phys, 8192, c.behind, c.attribute);

		ASSERT_TRUE(region);
		EXPECT_EQ(region->run, (FrameRun{to_pfn(PhysAddr(c.phys)), Pages(2)}));
		EXPECT_EQ(region->bus, BusAddr(c.phys));
		EXPECT_EQ(region->strategy, StrategyId::adopted);
		EXPECT_EQ(region->behind, c.behind);
		EXPECT_EQ(region->attribute, c.attribute);
		EXPECT_FALSE(region->flipped());
		EXPECT_EQ(machine_.state().directory.size(), 2u);

		fixture_.layer.release(*region);
		EXPECT_FALSE(machine_.read(0, region->cpu));
		expect_untouched();
	}
}

TEST_F(AdoptTest, EveryFrameIsFoundUnderItsOwner)
{
	auto region = adopt(kWindow, 8192);

	ASSERT_TRUE(region);
	for (const auto &[pfn, owner] : machine_.state().directory)
		EXPECT_EQ(owner, &fixture_.owner) << pfn.raw();
}

/// A machine that remembers with which attribute it mapped adopted memory.
struct NotesAttribute : sim::SimulatedMachine {
	using SimulatedMachine::SimulatedMachine;
	Result<CpuAddr> map_device(FrameRun run, Attribute attribute) noexcept
	{
		mapped_ = attribute;
		return SimulatedMachine::map_device(run, attribute);
	}

	std::optional<Attribute> mapped_;
};

TEST(AdoptAttributeTest, IsTheOneThatWasAskedFor)
{
	for (Attribute attribute :
	     {Attribute::coherent, Attribute::uncached, Attribute::write_combine}) {
		NotesAttribute machine(sim::kSmallPages);
		auto region = Layer<NotesAttribute, Unmap>(machine).adopt(
			PhysAddr(kWindow), 4096, Behind::device, attribute, nullptr);

		ASSERT_TRUE(region);
		EXPECT_EQ(region->attribute, attribute);
		EXPECT_EQ(machine.mapped_, attribute);
	}
}

TEST_F(AdoptTest, IsNeitherZeroedNorFlushed)
{
	sim::Device chip;

	machine_.write(chip, BusAddr(kReserved), 55);
	auto region = adopt(kReserved, 4096, Behind::reserved);

	ASSERT_TRUE(region);
	EXPECT_EQ(machine_.read(0, region->cpu), 55u);
	EXPECT_EQ(words(machine_.steps()), "publish");
	fixture_.layer.release(*region);
	EXPECT_EQ(machine_.read(chip, BusAddr(kReserved)), 55u);
}

TEST_F(AdoptTest, RefusesArgumentsThatMakeNoSense)
{
	constexpr std::uint64_t top = std::uint64_t{0} - 8192;   // two pages below the end
	struct Case {
		const char *name;
		std::uint64_t phys;
		std::uint64_t bytes;
		Behind behind;
		Errno why;
	};
	const Case cases[] = {
		{"empty", kWindow, 0, Behind::device, Errno::inval},
		{"phys unaligned", kWindow + 1, 4096, Behind::device, Errno::inval},
		{"phys half a page off", kWindow + 2048, 4096, Behind::device, Errno::inval},
		{"size unaligned", kWindow, 4097, Behind::device, Errno::inval},
		{"size below a page", kWindow, 1, Behind::device, Errno::inval},
		{"phys unaligned, and wraps", top + 1, 3 * 4096, Behind::device, Errno::inval},
		{"a page behind", kWindow, 4096, Behind::page, Errno::inval},
		{"wraps", top, 3 * 4096, Behind::device, Errno::overflow},
		{"ends at the last byte", top, 8192, Behind::device, Errno::overflow},
		{"size wraps when rounded", kWindow, ~std::uint64_t{0}, Behind::device,
		 Errno::overflow},
		{"too many pages", 0, std::uint64_t{1} << 43, Behind::device, Errno::overflow},
	};

	for (const Case &c : cases) {
		SCOPED_TRACE(c.name);
		auto region = adopt(c.phys, c.bytes, c.behind);

		ASSERT_FALSE(region);
		EXPECT_EQ(why(region), c.why);
		EXPECT_EQ(words(machine_.steps()), "");
	}
	expect_untouched();
}

TEST_F(AdoptTest, RefusesACacheableMapping)
{
	EXPECT_EQ(why(adopt(kWindow, 4096, Behind::device, Attribute::cached)), Errno::inval);
	EXPECT_EQ(why(adopt(kReserved, 4096, Behind::reserved, Attribute::cached)), Errno::inval);
	expect_untouched();
}

/// A machine on which another caller waits for memory to become free, and adopts it
/// the moment it is withdrawn.
class Impatient : public sim::SimulatedMachine {
public:
	using SimulatedMachine::SimulatedMachine;

	void withdraw(FrameRun run) noexcept
	{
		SimulatedMachine::withdraw(run);
		second_ = adopt(run, Attribute::write_combine);
		first_lived_ = read(0, first_).has_value();
	}
	Result<Region> adopt(FrameRun run, Attribute attribute)
	{
		return Layer<Impatient, Unmap>(*this).adopt(to_phys(run.first), run.pages.bytes(),
							    Behind::device, attribute, this);
	}

	CpuAddr first_;
	bool first_lived_ = false;
	Result<Region> second_ = fail(Errno::noent);
};

TEST(AdoptRaceTest, TheNextOwnerComesAfterTheMappingIsGone)
{
	Impatient machine(sim::kSmallPages);
	const auto first = machine.adopt({to_pfn(PhysAddr(kWindow)), Pages(1)},
					 Attribute::uncached);

	ASSERT_TRUE(first);
	machine.first_ = first->cpu;
	Layer<Impatient, Unmap>(machine).release(*first);
	EXPECT_TRUE(machine.second_);
	EXPECT_FALSE(machine.first_lived_) << "two mappings of one frame";
}

TEST_F(AdoptTest, RefusesMemoryOfTheKernel)
{
	const std::uint64_t ram = to_phys(sim::Profile::kRam).raw();

	EXPECT_EQ(why(adopt(ram, 4096)), Errno::busy);
	EXPECT_EQ(why(adopt(kReserved - 4096, 8192)), Errno::busy);
	EXPECT_EQ(why(adopt(ram - 4096, 8192)), Errno::busy);
	EXPECT_EQ(why(adopt(0, kReserved + 4096)), Errno::busy);
	expect_untouched();

	EXPECT_TRUE(adopt(ram - 4096, 4096));
	EXPECT_TRUE(adopt(kReserved, 4096, Behind::reserved));
	EXPECT_KEPT(machine_);
}

TEST_F(AdoptTest, RefusesOverlapsAndLeavesTheFirstAlone)
{
	auto region = adopt(kWindow + 4096, 8192);

	ASSERT_TRUE(region);
	const auto before = machine_.state();

	EXPECT_EQ(why(adopt(kWindow + 4096, 8192)), Errno::busy);
	EXPECT_EQ(why(adopt(kWindow, 8192)), Errno::busy);
	EXPECT_EQ(why(adopt(kWindow + 8192, 8192)), Errno::busy);
	EXPECT_EQ(why(adopt(kWindow, 16384)), Errno::busy);
	EXPECT_EQ(machine_.state(), before);
	EXPECT_TRUE(adopt(kWindow, 4096));
	EXPECT_TRUE(adopt(kWindow + 12288, 4096));

	fixture_.layer.release(*region);
	EXPECT_TRUE(adopt(kWindow + 4096, 8192));
	EXPECT_KEPT(machine_);
}

TEST_F(AdoptTest, FailureLeavesNothingBehind)
{
	for (unsigned nth : {1, 2}) {
		machine_.fail_next(nth);
		EXPECT_EQ(why(adopt(kWindow, 8192)), Errno::nomem) << nth;
		EXPECT_EQ(machine_.failures(), 1u);
		expect_untouched();
	}
	machine_.fail_next(3);
	EXPECT_TRUE(adopt(kWindow, 8192));
	EXPECT_EQ(machine_.failures(), 0u);
}

} // namespace
} // namespace dmamap::test
