// SPDX-License-Identifier: GPL-2.0
// The model as a process beside a board: files, signals, messages to its starter.
#include "hca_chip.h"
#include "words.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace chip_model {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRamBytes = 0x10000;

std::string contents(const std::string &path)
{
	std::ifstream file(path);
	std::ostringstream text;

	text << file.rdbuf();
	return text.str();
}

template <typename Condition>
bool eventually(Condition condition)
{
	for (int i = 0; i < 2000; ++i) {
		if (condition())
			return true;
		std::this_thread::sleep_for(5ms);
	}
	return false;
}

class ModelProcess : public testing::Test {
protected:
	void SetUp() override
	{
		std::string name = testing::TempDir() + "hca_model_XXXXXX";

		ASSERT_NE(mkdtemp(name.data()), nullptr);
		folder_ = name;
	}

	void TearDown() override
	{
		if (pid_ > 0) {
			kill(pid_, SIGKILL);
			waitpid(pid_, nullptr, 0);
		}
		if (mapped_ != MAP_FAILED)
			munmap(mapped_, kRamBytes + HCA_WINDOW_BYTES);
		for (const char *name : {"board", "trace", "out", "node-3"})
			unlink((folder_ + "/" + name).c_str());
		rmdir(folder_.c_str());
	}

	std::string path(const char *name) const { return folder_ + "/" + name; }

	// One file, RAM first and then the window, as on a board with mem=.
	void make_board()
	{
		const int fd = open(path("board").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		ASSERT_GE(fd, 0);
		ASSERT_EQ(ftruncate(fd, kRamBytes + HCA_WINDOW_BYTES), 0);
		mapped_ = mmap(nullptr, kRamBytes + HCA_WINDOW_BYTES, PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd, 0);
		close(fd);
		ASSERT_NE(mapped_, MAP_FAILED);
	}

	Words board() const
	{
		return Words({static_cast<std::byte *>(mapped_), kRamBytes + HCA_WINDOW_BYTES});
	}
	Words window() const { return board().part(kRamBytes, HCA_WINDOW_BYTES); }

	std::vector<std::string> usual() const
	{
		return {"--ram", path("board"), "--ram-base", "0x40000000", "--ram-size", "64K",
			"--window", path("board"), "--window-offset", "0x10000",
			"--trace", path("trace"), "--stats"};
	}

	void start(std::vector<std::string> arguments)
	{
		std::vector<char *> argv;

		arguments.insert(arguments.begin(), HCA_MODEL_PROGRAM);
		for (std::string &argument : arguments)
			argv.push_back(argument.data());
		argv.push_back(nullptr);

		const std::string out = path("out");

		pid_ = fork();
		ASSERT_GE(pid_, 0);
		if (pid_ == 0) {
			const int fd = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);

			dup2(fd, STDOUT_FILENO);
			dup2(fd, STDERR_FILENO);
			execv(argv[0], argv.data());
			_exit(127);
		}
	}

	// The model's exit status, or -1 when it died in another way.
	int finish()
	{
		int status = 0;

		waitpid(std::exchange(pid_, -1), &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}

	int run(const std::vector<std::string> &arguments)
	{
		start(arguments);
		return finish();
	}

	bool started()
	{
		return eventually([this] { return window().read(HCA_MAGIC) == HCA_MAGIC_VALUE; });
	}

	// Context 0, whose header queue is the first page; all else begins one page up, and so
	// many times 4 GiB.
	Words enable(uint32_t high)
	{
		Words control = window().part(HCA_CONTROL_PAGE(0), HCA_PAGE_BYTES);

		control.write(HCA_CTL_HDRQ_LO, 0x40000000);
		control.write(HCA_CTL_HDRQ_ENTRIES, 4);
		control.write(HCA_CTL_AVAIL_LO, 0x40001000);
		control.write(HCA_CTL_AVAIL_HI, high);
		control.write(HCA_CTL_EAGER_COUNT, 1);
		window().write(HCA_EAGER_TABLE(0) + HCA_EAGER_LO(0), 0x40002000);
		window().write(HCA_EAGER_TABLE(0) + HCA_EAGER_LO(0) + 4, high);
		control.write(HCA_CTL_ENABLE, 1);
		return control;
	}

	std::string folder_;
	void *mapped_ = MAP_FAILED;
	pid_t pid_ = -1;
};

TEST_F(ModelProcess, CarriesAPacketAndEndsInGoodOrder)
{
	make_board();
	start(usual());
	ASSERT_TRUE(started());

	Words control = enable(0);

	ASSERT_TRUE(eventually([&] { return control.read(HCA_CTL_ENABLE_ACK) == 1; }));

	window().write(HCA_PIO(0) + HCA_PIO_LENGTH, 4);
	window().write(HCA_PIO(0) + HCA_PIO_PAYLOAD, 0x04030201);
	window().write(HCA_PIO(0) + HCA_PIO_TRIGGER, 1);
	ASSERT_TRUE(eventually([&] { return board().read(0x1000 + HCA_AVAIL_DONE(0)) == 1; }));
	EXPECT_EQ(board().read(HCA_HDR_SEQUENCE), 1u);
	EXPECT_EQ(board().read(0x2000), 0x04030201u);

	kill(pid_, SIGTERM);
	EXPECT_EQ(finish(), 0);
	EXPECT_EQ(window().read(HCA_MAGIC), 0u);
	EXPECT_EQ(control.read(HCA_CTL_ENABLE_ACK), 0u);
	EXPECT_NE(contents(path("out")).find("\"packets\": 1, \"bytes\": 4"), std::string::npos);
	EXPECT_NE(contents(path("trace")).find("deliver from=0 to=0"), std::string::npos);
}

// RAM goes on above the hole, where a board's does above 4 GiB.
TEST_F(ModelProcess, ReachesWhatLiesAboveAHole)
{
	auto arguments = usual();

	make_board();
	arguments.insert(arguments.end(), {"--ram-hole", "0x40001000", "--ram-hole-size", "4G"});
	start(arguments);
	ASSERT_TRUE(started());

	Words control = enable(1);

	ASSERT_TRUE(eventually([&] { return control.read(HCA_CTL_ENABLE_ACK) == 1; }));

	window().write(HCA_PIO(0) + HCA_PIO_LENGTH, 4);
	window().write(HCA_PIO(0) + HCA_PIO_TRIGGER, 1);
	EXPECT_TRUE(eventually([&] { return board().read(0x1000 + HCA_AVAIL_DONE(0)) == 1; }));
	kill(pid_, SIGTERM);
	EXPECT_EQ(finish(), 0);
}

// The eventfd belongs to the starter; a second model rings it as the first one did.
TEST_F(ModelProcess, RingsTheEventfdThatItWasGiven)
{
	const int bell = eventfd(0, EFD_NONBLOCK);	// the model inherits it
	auto arguments = usual();

	ASSERT_GE(bell, 0);
	make_board();
	arguments.insert(arguments.end(), {"--interrupt-fd", std::to_string(bell),
					   "--fabric", folder_, "--node", "3"});
	for (int life = 0; life < 2; ++life) {
		uint64_t rings = 0;

		start(arguments);
		ASSERT_TRUE(eventually([&] { return window().read(HCA_LINK) == HCA_LINK_UP; }));
		EXPECT_EQ(window().read(HCA_FEATURES), HCA_FEATURE_INTERRUPT);
		window().write(HCA_INT_ENABLE, 1);
		kill(pid_, SIGUSR1);
		EXPECT_TRUE(eventually([&] { return read(bell, &rings, sizeof(rings)) > 0; }));
		EXPECT_EQ(window().read(HCA_INT_CAUSE), HCA_CAUSE_LINK);
		kill(pid_, SIGKILL);
		finish();
		window().write(HCA_LINK, HCA_LINK_DOWN);
	}
	close(bell);
}

TEST_F(ModelProcess, HeartBeats)
{
	make_board();
	start(usual());
	ASSERT_TRUE(started());

	const uint32_t first = window().read(HCA_HEARTBEAT);

	EXPECT_TRUE(eventually([&] { return window().read(HCA_HEARTBEAT) - first >= 5; }));
	kill(pid_, SIGINT);
	EXPECT_EQ(finish(), 0);
}

// The cable goes out and in; no other node is on this fabric.
TEST_F(ModelProcess, HasACableOnAFabric)
{
	auto arguments = usual();

	make_board();
	arguments.insert(arguments.end(), {"--fabric", folder_, "--node", "3"});
	start(arguments);
	ASSERT_TRUE(started());
	EXPECT_EQ(window().read(HCA_NODE), 3u);

	const auto link_is = [this](uint32_t state) {
		return eventually([&] { return window().read(HCA_LINK) == state; });
	};

	EXPECT_TRUE(link_is(HCA_LINK_UP));
	kill(pid_, SIGUSR1);
	EXPECT_TRUE(link_is(HCA_LINK_DOWN));
	kill(pid_, SIGUSR2);
	EXPECT_TRUE(link_is(HCA_LINK_UP));
	kill(pid_, SIGTERM);
	EXPECT_EQ(finish(), 0);
	EXPECT_NE(access(path("node-3").c_str(), F_OK), 0) << "the socket is left behind";
	EXPECT_NE(contents(path("trace")).find("link down"), std::string::npos);
}

TEST_F(ModelProcess, WaitsForTheFiles)
{
	start(usual());
	std::this_thread::sleep_for(100ms);
	make_board();
	EXPECT_TRUE(started());
	kill(pid_, SIGTERM);
	EXPECT_EQ(finish(), 0);
}

TEST_F(ModelProcess, DiesWithItsParent)
{
	make_board();

	// A parent between this process and the model, which is then killed.
	const pid_t parent = fork();

	ASSERT_GE(parent, 0);
	if (parent == 0) {
		auto arguments = usual();

		arguments.push_back("--die-with-parent");
		start(arguments);
		pause();
		_exit(0);
	}
	EXPECT_TRUE(started());
	kill(parent, SIGKILL);
	waitpid(parent, nullptr, 0);
	EXPECT_TRUE(eventually([this] { return window().read(HCA_MAGIC) == 0; }));
}

struct UsageCase {
	std::vector<std::string> arguments;
	const char *says;
};

TEST_F(ModelProcess, SaysWhatIsWrong)
{
	make_board();

	const std::string file = path("board");
	const UsageCase cases[] = {
		{{}, "--ram is missing"},
		{{"--ram", file, "--ram-size", "64K"}, "--window is missing"},
		{{"--ram", file, "--window", file}, "--ram-size is missing"},
		{{"--ram", file, "--window", file, "--ram-size", "lots"}, "is not a number"},
		{{"--ram", file, "--window", file, "--ram-size", "-1"}, "is not a number"},
		{{"--ram", file, "--window", file, "--ram-size", "1M", "--ram-base",
		  "0xffffffffffffff00"}, "beyond 64 bits"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--ram-hole", "4K"},
		 "nothing without --ram-hole-size"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--ram-hole", "64K",
		  "--ram-hole-size", "4K"}, "inside of the RAM"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--ram-hole-size", "4K"},
		 "inside of the RAM"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--ram-hole", "4K",
		  "--ram-hole-size", "0xffffffffffff0001"}, "beyond 64 bits"},
		{{"--ram", file, "--window", file, "--ram-size", "1M", "--window-offset", "3"},
		 "multiples of 4096"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--wait", "0"},
		 "window lies inside the RAM"},
		{{"--ram", file, "--window", file, "--ram-size", "4G", "--wait", "0"},
		 "offset and size need"},
		{{"--ram", "/nowhere/ram", "--window", file, "--ram-size", "64K", "--wait", "0"},
		 "does not exist"},
		{{"--ram", "/dev/null", "--window", file, "--ram-size", "64K", "--wait", "0"},
		 "not a regular file"},
		{{"surplus"}, "unexpected argument"},
		{{"--node", "16"}, "is more than 15"},
		{{"--interrupt-fd", "one"}, "is not a number"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--window-offset", "0x10000",
		  "--interrupt-fd", "99"}, "is not open"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--window-offset", "0x10000",
		  "--interrupt-fd", "1"}, "is not an eventfd"},
		{{"--drop", "1001"}, "is more than 1000"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--node", "1"},
		 "means nothing without --fabric"},
		{{"--ram", file, "--window", file, "--ram-size", "64K", "--window-offset", "0x10000",
		  "--fabric", "/nowhere"}, "can't be bound"},
	};

	for (const auto &[arguments, says] : cases) {
		EXPECT_GT(run(arguments), 0) << says;
		EXPECT_NE(contents(path("out")).find(says), std::string::npos)
			<< says << "\n" << contents(path("out"));
	}
	EXPECT_EQ(run({"--help"}), 0);
}

} // namespace
} // namespace chip_model
