// SPDX-License-Identifier: GPL-2.0
// hca-hello and hca-model as processes over one file: the way of a board, without a board.
#include "hca_chip.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kRamBytes = 1 << 20;

pid_t start(std::vector<std::string> arguments, const std::string &output)
{
	std::vector<char *> argv;

	for (std::string &argument : arguments)
		argv.push_back(argument.data());
	argv.push_back(nullptr);

	const pid_t pid = fork();

	if (pid == 0) {
		const int fd = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execv(argv[0], argv.data());
		_exit(127);
	}
	return pid;
}

// Exit status, or 128 and the signal.
int finish(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class Hello : public testing::Test {
protected:
	void SetUp() override
	{
		std::string name = testing::TempDir() + "hca_hello_XXXXXX";

		ASSERT_NE(mkdtemp(name.data()), nullptr);
		folder_ = name;

		const int fd = open(path("board").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		ASSERT_GE(fd, 0);
		ASSERT_EQ(ftruncate(fd, HCA_WINDOW_BYTES + kRamBytes), 0);
		close(fd);

		const std::string ram_bytes = std::to_string(kRamBytes);
		const std::string window_bytes = std::to_string(HCA_WINDOW_BYTES);

		model_ = start({HCA_MODEL_PROGRAM, "--ram", path("board"), "--ram-size", ram_bytes,
				"--ram-offset", window_bytes, "--window", path("board"),
				"--die-with-parent"}, path("model"));
	}

	void TearDown() override
	{
		unsetenv("HCA_MISERY");
		kill(model_, SIGTERM);
		EXPECT_EQ(finish(model_), 0);
		for (const char *name : {"board", "model", "out"})
			unlink(path(name).c_str());
		rmdir(folder_.c_str());
	}

	std::string path(const char *name) const { return folder_ + "/" + name; }

	int say(std::vector<std::string> arguments)
	{
		arguments.insert(arguments.begin(),
				 {HCA_HELLO_PROGRAM, "--node", path("board"), "--report"});

		const int code = finish(start(arguments, path("out")));
		std::ifstream file(path("out"));
		std::ostringstream text;

		text << file.rdbuf();
		said_ = text.str();
		return code;
	}

	bool said(const char *what) const { return said_.find(what) != std::string::npos; }

	std::string folder_;
	std::string said_;
	pid_t model_ = -1;
};

TEST_F(Hello, AllMessagesArrive)
{
	EXPECT_EQ(say({}), 0) << said_;
	EXPECT_TRUE(said("@dmamap hca.messages.sent 1000\n")) << said_;
	EXPECT_TRUE(said("@dmamap hca.messages.received 1000\n")) << said_;
	EXPECT_TRUE(said("@dmamap hca.messages.corrupt 0\n")) << said_;
	EXPECT_TRUE(said("@dmamap hca.data_path.syscalls 0\n")) << said_;
	EXPECT_TRUE(said("@dmamap hca.kind.pio_avail page\n")) << said_;
	EXPECT_TRUE(said("@dmamap hca.time_us ")) << said_;
}

TEST_F(Hello, SizesAndNumbersCanBeChosen)
{
	EXPECT_EQ(say({"--messages", "3", "--size", "0"}), 0) << said_;
	EXPECT_TRUE(said("@dmamap hca.messages.received 3\n")) << said_;
	EXPECT_EQ(say({"--messages", "30", "--size", "2012"}), 0) << said_;
}

struct MiseryCase {
	const char *misery;
	const char *says;
};

TEST_F(Hello, SaysWhatWentWrong)
{
	constexpr MiseryCase kCases[] = {
		{"corrupt", "hca-hello: 1 messages arrived corrupt or out of order"},
		{"wrong order", "corrupt or out of order"},
		{"system call", "the sender was killed by signal 9"},
		{"bad destination", "packets refused by the chip"},
		{"dead chip", "the sender stopped after 20 messages: Input/output error"},
		{"lost", "timed out after 1 s with 100 of 100 messages sent and 99 received"},
		{"die", "was killed by signal 6"},
		{"hang", "timed out after 1 s while the HCA was being opened"},
	};

	for (const auto &[misery, says] : kCases) {
		setenv("HCA_MISERY", misery, 1);
		EXPECT_EQ(say({"--messages", "100", "--timeout", "1"}), 1) << misery;
		EXPECT_TRUE(said(says)) << misery << ": " << said_;
	}
}

TEST_F(Hello, RefusesBadArguments)
{
	for (const char *bad : {"0", "-1", "many", "1x", ""}) {
		EXPECT_NE(say({"--messages", bad}), 0) << bad;
		EXPECT_TRUE(said("is not a number from")) << said_;
	}
	EXPECT_NE(say({"--size", "2013"}), 0);
	EXPECT_NE(say({"surplus"}), 0);
	EXPECT_EQ(say({"--help"}), 0);
	EXPECT_NE(say({"--node", "/nowhere/hca0"}), 0);
	EXPECT_TRUE(said("can't open the HCA (/nowhere/hca0): No such file")) << said_;
}

} // namespace
