// SPDX-License-Identifier: GPL-2.0
// The fabric's sockets, and the faults that can be asked for.
#include "faulty_wire.h"
#include "unix_wire.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace chip_model {
namespace {

class UnixWireTest : public testing::Test {
protected:
	void SetUp() override
	{
		std::string name = testing::TempDir() + "hca_wire_XXXXXX";

		ASSERT_NE(mkdtemp(name.data()), nullptr);
		folder_ = name;
	}
	void TearDown() override { std::filesystem::remove_all(folder_); }

	UnixWire open(uint32_t node)
	{
		auto wire = UnixWire::open(folder_, node);

		EXPECT_TRUE(wire) << wire.error();
		return std::move(*wire);
	}

	static std::span<const std::byte> bytes(const std::string &text)
	{
		return std::as_bytes(std::span(text));
	}

	static std::string next(Wire &wire)
	{
		std::array<std::byte, 64> room;
		const auto size = wire.receive(room);

		return size ? std::string(reinterpret_cast<const char *>(room.data()), *size) : "";
	}

	std::string folder_;
};

TEST_F(UnixWireTest, CarriesFramesInOrder)
{
	UnixWire one = open(1);
	UnixWire two = open(2);

	EXPECT_EQ(next(two), "");
	for (const std::string text : {"first", "second", "third"})
		one.send(2, bytes(text));
	EXPECT_EQ(next(two), "first");
	EXPECT_EQ(next(two), "second");
	EXPECT_EQ(next(two), "third");
	EXPECT_EQ(next(two), "");
}

// More than a socket holds: waiting frames go out when there is room, still in order.
TEST_F(UnixWireTest, WaitsForASlowNode)
{
	UnixWire one = open(1);
	UnixWire two = open(2);

	for (int i = 0; i < 50; ++i)
		one.send(2, bytes(std::to_string(i)));
	EXPECT_EQ(next(two), "0");

	// There is room now, but a later frame must not overtake the waiting ones.
	one.send(2, bytes("50"));
	for (int i = 1; i <= 50; ++i) {
		next(one);
		ASSERT_EQ(next(two), std::to_string(i));
	}
}

TEST_F(UnixWireTest, LosesWhatIsForNobody)
{
	UnixWire one = open(1);

	one.send(2, bytes("nobody"));
	one.send(99, bytes("nobody"));

	UnixWire two = open(2);

	one.send(2, bytes("somebody"));
	EXPECT_EQ(next(two), "somebody");
}

TEST_F(UnixWireTest, TwoBoardsCannotBeOneNode)
{
	UnixWire one = open(1);
	const auto second = UnixWire::open(folder_, 1);

	ASSERT_FALSE(second);
	EXPECT_NE(second.error().find("another board is node 1"), std::string::npos);
	one.send(1, bytes("still there"));
	EXPECT_EQ(next(one), "still there");
}

TEST_F(UnixWireTest, TakesThePlaceOfADeadNode)
{
	{
		const UnixWire one = open(1);

		EXPECT_TRUE(std::filesystem::exists(folder_ + "/node-1"));
	}
	EXPECT_FALSE(std::filesystem::exists(folder_ + "/node-1"));

	// A socket as a killed node leaves it.
	sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
	const int dead = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(folder_ + "/node-2").copy(address.sun_path, sizeof(address.sun_path) - 1);
	ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr *>(&address), sizeof(address)), 0);
	close(dead);

	UnixWire two = open(2);
	UnixWire four = open(4);

	four.send(2, bytes("alive"));
	EXPECT_EQ(next(two), "alive");
}

TEST_F(UnixWireTest, SaysWhatIsWrongWithTheFolder)
{
	EXPECT_NE(UnixWire::open("/nowhere", 1).error().find("can't be bound"), std::string::npos);
	EXPECT_NE(UnixWire::open(std::string(200, 'x'), 1).error().find("too long"),
		  std::string::npos);
}

TEST_F(UnixWireTest, FaultsComeAsOftenAsAsked)
{
	volatile std::sig_atomic_t unplugged = 0;
	UnixWire one = open(1);
	UnixWire two = open(2);
	FaultyWire faulty(one, {.drop = 100, .corrupt = 100, .duplicate = 100, .seed = 3}, unplugged);
	int whole = 0, spoiled = 0;

	for (int i = 0; i < 1000; ++i) {
		faulty.send(2, bytes("frame"));
		for (std::string got; !(got = next(two)).empty();)
			++(got == "frame" ? whole : spoiled);
	}
	EXPECT_NEAR(whole + spoiled, 990, 40);
	EXPECT_NEAR(spoiled, 90, 30);

	unplugged = 1;
	EXPECT_FALSE(faulty.up());
	for (int i = 0; i < 100; ++i)
		faulty.send(2, bytes("frame"));
	EXPECT_EQ(next(two), "");
	unplugged = 0;
	EXPECT_TRUE(faulty.up());
}

} // namespace
} // namespace chip_model
