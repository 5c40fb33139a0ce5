// SPDX-License-Identifier: GPL-2.0
#include "child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace hello {
namespace {

struct Ends {
	Pipe read;
	Pipe write;
};

std::expected<Ends, std::string> make_pipe()
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return std::unexpected(std::string("has no pipe: ") + std::strerror(errno));
	return Ends{Pipe(fds[0]), Pipe(fds[1])};
}

} // namespace

std::expected<Child, std::string> Child::start(Role role, const Options &options,
					       Progress &progress)
{
	auto down = make_pipe();

	if (!down)
		return std::unexpected(down.error());

	auto up = make_pipe();

	if (!up)
		return std::unexpected(up.error());

	const pid_t pid = fork();

	if (pid < 0)
		return std::unexpected(std::string("can't be started: ") + std::strerror(errno));
	if (pid == 0) {
		// The parent's ends: kept open here, they would hide its death.
		down->write = Pipe();
		up->read = Pipe();
		run_peer(role, options, down->read, up->write, progress);
	}
	return Child(pid, std::move(down->write), std::move(up->read));
}

Child::Child(Child &&other) noexcept
	: pid_(std::exchange(other.pid_, -1)), to_(std::move(other.to_)),
	  from_(std::move(other.from_))
{
}

Child::~Child()
{
	if (pid_ <= 0)
		return;
	kill(pid_, SIGKILL);
	waitpid(pid_, nullptr, 0);
}

std::expected<Introduction, std::string> Child::introduction()
{
	return read<Introduction>();
}

std::expected<Outcome, std::string> Child::outcome()
{
	return read<Outcome>();
}

template <typename T>
std::expected<T, std::string> Child::read()
{
	T value;

	if (!from_.read(value))
		return std::unexpected(death());
	return value;
}

// The pipe has ended, so the process is ending too.
std::string Child::death()
{
	int status = 0;

	waitpid(std::exchange(pid_, -1), &status, 0);
	if (WIFSIGNALED(status)) {
		std::string text = "was killed by signal " + std::to_string(WTERMSIG(status));

		if (WTERMSIG(status) == SIGKILL)
			text += " (seccomp kills so when a system call is made on the data path)";
		return text;
	}
	return "ended early with exit code " + std::to_string(WEXITSTATUS(status));
}

} // namespace hello
