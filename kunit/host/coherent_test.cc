// SPDX-License-Identifier: GPL-2.0
#include "dma/include/dmamap/coherent.h"

#include <cerrno>
#include <cstring>
#include <type_traits>

#include <gtest/gtest.h>

#include "fake_boundary.h"

namespace dmamap::test {
namespace {

struct Inner {
	std::uint8_t kind;
	std::uint8_t code;
};

struct Entry {
	Le<std::uint64_t> buffer;
	Be<std::uint32_t> length;
	Le<std::uint16_t> tags[2];
	Inner inner;
	Le<std::uint16_t> flags;
};

static_assert(sizeof(Entry) == 24 && std::is_trivial_v<Entry>);

constexpr Le<std::uint16_t> kReady{0x8001};

using Ring = Coherent<Entry>;

// What can be done with the type is known when it compiles; what can't be, and the
// sentences that say so, are in coherent_compile_test.sh.
static_assert(!std::is_copy_constructible_v<Ring> && !std::is_copy_assignable_v<Ring>);
static_assert(std::is_nothrow_move_constructible_v<Ring> &&
	      std::is_nothrow_move_assignable_v<Ring>);
static_assert(!std::is_convertible_v<Ring, void *> && !std::is_convertible_v<Ring, Entry *>);
static_assert(!std::is_convertible_v<std::uint32_t, Le<std::uint32_t>>);
static_assert(!std::is_convertible_v<Le<std::uint32_t>, std::uint32_t>);
static_assert(!std::is_convertible_v<Le<std::uint32_t>, Be<std::uint32_t>>);
static_assert(OneAccess<Le<std::uint32_t>> && !OneAccess<Inner> && !OneAccess<Entry>);
static_assert(SplitAccess<Le<std::uint64_t>> && !SplitAccess<Entry>);

class CoherentTest : public testing::Test {
protected:
	void SetUp() override { fake_kernel() = FakeKernel(); }
	void TearDown() override { EXPECT_EQ(fake_kernel().regions, 0); }

	static Ring ring(std::size_t count = 8)
	{
		auto result = Ring::alloc(nullptr, count, {.name = "ring"});

		EXPECT_TRUE(result);
		return std::move(*result);
	}

	/// Bytes of entry @n, as a device sees them.
	static std::vector<unsigned> bytes_of(const Ring &ring, std::size_t n, std::size_t from,
					      std::size_t count)
	{
		const unsigned char *memory = ring.region()->memory.get() + n * sizeof(Entry) + from;

		return {memory, memory + count};
	}
};

using Bytes = std::vector<unsigned>;

TEST_F(CoherentTest, AllocHandsOnWhatWasAskedFor)
{
	const auto plain = Ring::alloc(nullptr, 200);
	const auto other = Ring::alloc(nullptr, 1,
				       {.name = "other", .gfp = Gfp::atomic, .no_snoop = true});

	ASSERT_TRUE(plain && other);
	EXPECT_EQ(plain->size(), 200u);
	EXPECT_EQ(plain->bytes(), 2 * FakeKernel::kPage);
	EXPECT_EQ(plain->region()->how, 0u);
	EXPECT_EQ(other->region()->how, DMAMAP_CXX_ATOMIC | DMAMAP_CXX_NO_SNOOP);
	EXPECT_EQ(other->region()->name, "other");
}

TEST_F(CoherentTest, ErrorsAreValues)
{
	fake_kernel().fail_next = ENOMEM;
	auto result = Ring::alloc(nullptr, 1);

	ASSERT_FALSE(result);
	EXPECT_EQ(result.error(), Error::nomem);
	EXPECT_EQ(result.error().to_errno(), -ENOMEM);
	EXPECT_EQ(Ring::alloc(nullptr, 0).error(), Error::inval);
	EXPECT_EQ(Ring::alloc(nullptr, ~std::size_t{0} / 8).error(), Error(-EOVERFLOW));

	const Ring good = ring();

	fake_kernel().fail_next = ENOENT;
	EXPECT_EQ(good.frame().error(), Error::noent);
	fake_kernel().fail_next = EACCES;
	EXPECT_EQ(good.mmap(nullptr, UserAccess::read).error(), Error::access);
}

TEST_F(CoherentTest, NamedErrorsHaveTheNumbersOfC)
{
	EXPECT_EQ(Error::noent.to_errno(), -ENOENT);
	EXPECT_EQ(Error::io.to_errno(), -EIO);
	EXPECT_EQ(Error::nxio.to_errno(), -ENXIO);
	EXPECT_EQ(Error::nomem.to_errno(), -ENOMEM);
	EXPECT_EQ(Error::access.to_errno(), -EACCES);
	EXPECT_EQ(Error::fault.to_errno(), -EFAULT);
	EXPECT_EQ(Error::busy.to_errno(), -EBUSY);
	EXPECT_EQ(Error::nodev.to_errno(), -ENODEV);
	EXPECT_EQ(Error::inval.to_errno(), -EINVAL);
}

TEST_F(CoherentTest, MemoryIsGivenBackOnce)
{
	{
		Ring first = ring();
		Ring second = std::move(first);

		EXPECT_EQ(fake_kernel().regions, 1);
		EXPECT_EQ(first.region(), nullptr);
		EXPECT_EQ(first.size(), 0u);

		Ring third = ring();

		EXPECT_EQ(fake_kernel().regions, 2);
		third = std::move(second);
		EXPECT_EQ(fake_kernel().regions, 1) << "what it had is gone at once";

		Ring &same = third;

		third = std::move(same);
		EXPECT_EQ(third.size(), 8u) << "nothing is lost to itself";
	}
	EXPECT_EQ(fake_kernel().regions, 0);
}

TEST_F(CoherentTest, FieldsLieInMemoryAsTheirTypesSay)
{
	const Ring r = ring();

	r[3].write_split(&Entry::buffer, Le<std::uint64_t>(0x0102030405060708));
	r[3].write(&Entry::length, Be<std::uint32_t>(0x0a0b0c0d));
	r[3].at(&Entry::tags, 1).write(Le<std::uint16_t>(0x1122));
	r[3].at(&Entry::inner).write(&Inner::code, 0x77);
	EXPECT_EQ(bytes_of(r, 3, 0, 8), (Bytes{8, 7, 6, 5, 4, 3, 2, 1}));
	EXPECT_EQ(bytes_of(r, 3, 8, 4), (Bytes{10, 11, 12, 13}));
	EXPECT_EQ(bytes_of(r, 3, 12, 4), (Bytes{0, 0, 0x22, 0x11}));
	EXPECT_EQ(bytes_of(r, 3, 16, 4), (Bytes{0, 0x77, 0, 0}));
	EXPECT_EQ(bytes_of(r, 2, 0, 24), Bytes(24)) << "the neighbours are untouched";
	EXPECT_EQ(bytes_of(r, 4, 0, 24), Bytes(24));
}

TEST_F(CoherentTest, ReadsWhatTheDeviceWrote)
{
	const Ring r = ring();
	const unsigned char device[24] = {8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 1, 0,
					  1, 0, 2, 1, 9, 5, 1, 0x80};

	std::memcpy(r.region()->memory.get() + 7 * sizeof(Entry), device, sizeof(device));
	EXPECT_EQ(r[7].read_split(&Entry::buffer).native(), 0x0102030405060708u);
	EXPECT_EQ(r[7].read(&Entry::length).native(), 256u);
	EXPECT_EQ(r[7].at(&Entry::tags, 1).read().native(), 0x102u);
	EXPECT_EQ(r[7].at(&Entry::inner).read(&Inner::code), 5u);
	EXPECT_EQ(r[7].read(&Entry::flags), Le<std::uint16_t>(0x8001));
}

TEST_F(CoherentTest, AnElementOfOneWordIsReadAsAWhole)
{
	auto words = Coherent<Le<std::uint32_t>>::alloc(nullptr, 4);

	ASSERT_TRUE(words);
	(*words)[2].write(Le<std::uint32_t>(0x01020304));
	EXPECT_EQ((*words)[2].read().native(), 0x01020304u);
	EXPECT_EQ(words->region()->memory[8], 4);
	EXPECT_EQ((*words)[1].read().native(), 0u);
}

TEST_F(CoherentTest, PublishAndObserveOrder)
{
	const Ring r = ring();

	fake_kernel().calls.clear();
	r[0].write(&Entry::length, Be<std::uint32_t>(1));
	EXPECT_TRUE(fake_kernel().calls.empty()) << "a plain write costs no barrier";
	r[0].publish(&Entry::flags, kReady);
	EXPECT_EQ(r[0].observe(&Entry::flags), kReady);
	EXPECT_EQ(fake_kernel().calls, (std::vector<std::string>{"wmb", "rmb"}));
}

TEST_F(CoherentTest, HandedToTheDeviceAndBack)
{
	Ring r = ring();

	r[1].write(&Entry::flags, kReady);
	fake_kernel().calls.clear();

	Coherent<Entry, Device> given = std::move(r).to_device();

	EXPECT_EQ(fake_kernel().calls, (std::vector<std::string>{"wmb"}));
	EXPECT_EQ(r.size(), 0u);
	EXPECT_EQ(given.size(), 8u);
	EXPECT_EQ(given.bus(1), FakeKernel::kBus + sizeof(Entry)) << "it can still be told where";

	const Ring back = std::move(given).to_cpu();

	EXPECT_EQ(fake_kernel().calls, (std::vector<std::string>{"wmb", "rmb"}));
	EXPECT_EQ(given.region(), nullptr);
	EXPECT_EQ(back[1].read(&Entry::flags), kReady);
	EXPECT_EQ(fake_kernel().regions, 1);
}

TEST_F(CoherentTest, WhatTheDeviceHasIsGivenBackToo)
{
	{
		const auto given = ring().to_device();

		EXPECT_EQ(fake_kernel().regions, 1);
	}
	EXPECT_EQ(fake_kernel().regions, 0);
}

TEST_F(CoherentTest, AddressesFramesAndMappings)
{
	Ring r = ring(1000);
	const auto frame = r.frame(400);

	EXPECT_EQ(r.bus(), FakeKernel::kBus);
	EXPECT_EQ(r.bus(400), FakeKernel::kBus + 9600);
	ASSERT_TRUE(frame);
	EXPECT_EQ(frame->pfn, FakeKernel::kPfn + 2);
	EXPECT_EQ(frame->behind, Frame::Behind::reserved);
	EXPECT_TRUE(r.mmap(nullptr, UserAccess::read_write));
	EXPECT_EQ(fake_kernel().calls.back(), "mmap 3");
	r.set_name("tx.7");
	EXPECT_EQ(r.region()->name, "tx.7");
}

using CoherentDeathTest = CoherentTest;

TEST_F(CoherentDeathTest, WrongIndicesStopWithASentence)
{
	Ring r = ring();
	const auto touch = [](const Ring &it, std::size_t n) { (void)it[n].read(&Entry::flags); };

	touch(r, 7);
	EXPECT_DEATH(touch(r, 8), "ring: there is no element 8 of 8");
	EXPECT_DEATH(touch(r, ~std::size_t{0}), "ring: there is no element 18446744073709551615 of 8");
	EXPECT_DEATH((void)r.bus(8), "ring: there is no element 8 of 8");
	EXPECT_DEATH((void)r.frame(9), "ring: there is no element 9 of 8");
	EXPECT_DEATH((void)r[0].at(&Entry::tags, 2).read(), "ring: there is no element 2 of 2");

	const auto given = std::move(r).to_device();

	EXPECT_DEATH(touch(r, 0), "\\(handed on\\): there is no element 0 of 0");
	EXPECT_DEATH((void)given.bus(8), "ring: there is no element 8 of 8");
}

TEST(EndianTest, AllSizesAndSigns)
{
	const Le<std::int16_t> minus{-2};
	const Be<std::uint8_t> byte{0x80};

	EXPECT_EQ(minus.native(), -2);
	EXPECT_EQ(byte.native(), 0x80);
	EXPECT_EQ(Be<std::uint64_t>(0x0102030405060708).native(), 0x0102030405060708u);
	EXPECT_EQ((std::bit_cast<std::array<unsigned char, 2>>(minus)),
		  (std::array<unsigned char, 2>{0xfe, 0xff}));
	EXPECT_EQ((std::bit_cast<std::array<unsigned char, 8>>(Be<std::uint64_t>(0x0102030405060708))),
		  (std::array<unsigned char, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
	EXPECT_NE(Le<std::uint16_t>(1), Le<std::uint16_t>(0x100));
	static_assert(Le<std::uint32_t>(0x12345678).native() == 0x12345678);
	static_assert(sizeof(Le<std::uint16_t>) == 2);
	static_assert(alignof(Be<std::uint64_t>) == alignof(std::uint64_t));
}

} // namespace
} // namespace dmamap::test
