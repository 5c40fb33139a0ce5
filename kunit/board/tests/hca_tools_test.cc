// SPDX-License-Identifier: GPL-2.0
// The tools: that they work, say it as people and as programs want it, and refuse what is wrong.
#include "raw_context.h"
#include "tap.h"

#include <cstdio>
#include <string>
#include <vector>

namespace {

struct Result {
	int code = -1;
	std::string out;	///< both streams
};

Result run(std::vector<std::string> arguments)
{
	std::vector<char *> argv;
	Result result;
	char part[512];
	ssize_t got;
	int fds[2], status = 0;

	arguments[0] = "/bin/" + arguments[0];
	for (std::string &argument : arguments)
		argv.push_back(argument.data());
	argv.push_back(nullptr);
	if (pipe(fds) != 0)
		return result;
	std::fflush(stdout);

	const pid_t child = fork();

	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execv(argv[0], argv.data());
		_exit(127);
	}
	close(fds[1]);
	while ((got = read(fds[0], part, sizeof(part))) > 0)
		result.out.append(part, static_cast<std::size_t>(got));
	close(fds[0]);
	waitpid(child, &status, 0);
	result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return result;
}

struct Case {
	std::vector<std::string> arguments;
	int code;
	const char *says;
};

constexpr int kUsage = 64;

const Case kCases[] = {
	{{"hca-info"}, 0, "state of the chip                alive"},
	{{"hca-info"}, 0, "who sleeps is woken by"},
	{{"hca-info", "--json", "hca0"}, 0, "{\"state\": \"alive\", \"abi\": 2"},
	{{"hca-info", "hca9"}, 2, "there is no device hca9"},
	{{"hca-info", "../hca0"}, kUsage, "is no name like hca0"},
	{{"hca-info", "--help"}, 0, "Exit status 0 says"},
	{{"hca-pingpong", "-m", "200"}, 0, "200 round trips of 8 bytes"},
	{{"hca-pingpong", "-m", "50", "-s", "2012", "--json"}, 0, "{\"messages\": 50, \"size\": 2012"},
	{{"hca-pingpong", "-m", "0"}, kUsage, "is not a number from 1"},
	{{"hca-pingpong", "-s", "2013"}, kUsage, "is not a number from 0 to 2012"},
	{{"hca-pingpong", "--peer", "2"}, kUsage, "is no address like 2.0"},
	{{"hca-pingpong", "--peer", "16.0"}, kUsage, "is no address like 2.0"},
	{{"hca-pingpong", "--peer", "0.15"}, 1, "Connection refused"},	// nobody's context
	{{"hca-pingpong", "--serve", "--peer", "0.0"}, kUsage, "one of them only"},
	{{"hca-pingpong", "--help"}, 0, "--peer=NODE.CONTEXT"},
	{{"hca-bw", "-m", "2000"}, 0, "2000 messages of 8 bytes in"},
	{{"hca-bw", "-m", "500", "-s", "0", "--json"}, 0, "{\"messages\": 500, \"size\": 0"},
	{{"hca-bw", "surplus"}, kUsage, "unexpected argument"},
	{{"hca-bw", "--help"}, 0, "as fast as it takes them"},
	{{"hca-stress", "-m", "1600", "-c", "16"}, 0, "16 contexts, 1600 messages, 0 corrupt"},
	{{"hca-stress", "-m", "100", "-c", "1", "-j"}, 0, "{\"contexts\": 1, \"messages\": 100"},
	{{"hca-stress", "-c", "17"}, kUsage, "is not a number from 1 to 16"},
	{{"hca-stress", "--help"}, 0, "every message came once"},
	{{"hca-hello", "-m", "100"}, 0, "100 messages sent, 100 received, 0 corrupt"},
	{{"hca-fabric"}, kUsage, "fewer than two boards"},
	{{"hca-fabric", "-N", "1,2,x"}, kUsage, "is not a number from 0 to 15"},
	{{"hca-fabric", "-N", "0,1", "-t", "1"}, 1, "node 1 is not there"},
	{{"hca-fabric", "--help"}, 0, "in both directions at once"},
	{{"hca-figures"}, 2, "does not count instructions"},
	{{"hca-figures", "-b", "0"}, kUsage, "is not a number from 1"},
	{{"hca-figures", "--help"}, 0, "a Unix socket"},
};

} // namespace

int main()
{
	tap::Report tap;

	for (const Case &one : kCases) {
		std::string name;

		for (const std::string &argument : one.arguments)
			name += (name.empty() ? "" : " ") + argument;

		const Result result = run(one.arguments);

		if (!tap.ok(result.code == one.code && result.out.find(one.says) != std::string::npos,
			    "%s", name.c_str()))
			std::printf("# code %d, said: %.200s\n", result.code, result.out.c_str());
	}
	return tap.finish();
}
