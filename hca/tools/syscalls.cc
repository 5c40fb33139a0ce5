// SPDX-License-Identifier: GPL-2.0
#include "syscalls.h"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace syscalls {
namespace {

// Signal of a stop at a system call; PTRACE_O_TRACESYSGOOD tells it from other stops.
constexpr int kCallStop = SIGTRAP | 0x80;

[[noreturn]] void be_watched(const Step &prepare, const Step &work)
{
	if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
		_exit(errno);
	if (const int error = prepare())
		_exit(-error);
	raise(SIGSTOP);		// from here

	const int error = work();

	raise(SIGSTOP);		// to here
	_exit(-error);
}

int how_it_ended(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? -WEXITSTATUS(status) : -ECHILD;
}

int next_stop(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

// Stops at system calls from the first SIGSTOP to the second: two for each call.
std::expected<long, int> count_stops(pid_t child)
{
	int status = next_stop(child);
	long stops = 0;

	if (!WIFSTOPPED(status))
		return std::unexpected(how_it_ended(status));
	ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0)
			return std::unexpected(-errno);
		status = next_stop(child);
		if (!WIFSTOPPED(status))
			return std::unexpected(how_it_ended(status));
		if (WSTOPSIG(status) == SIGSTOP)
			return stops;
		stops += WSTOPSIG(status) == kCallStop;
	}
}

std::expected<long, int> watch(const Step &prepare, const Step &work)
{
	std::fflush(nullptr);

	const pid_t child = fork();

	if (child < 0)
		return std::unexpected(-errno);
	if (child == 0)
		be_watched(prepare, work);

	auto stops = count_stops(child);
	int status = 0;

	// The exit code is what the work returned.
	if (stops) {
		ptrace(PTRACE_CONT, child, nullptr, nullptr);
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
			return std::unexpected(how_it_ended(status));
	} else {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	return stops;
}

int nothing()
{
	return 0;
}

long faults_so_far()
{
	rusage usage = {};

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

} // namespace

std::expected<long, int> count(const Step &prepare, const Step &work)
{
	const auto of_signals = watch(nothing, nothing);

	if (!of_signals)
		return of_signals;

	const auto stops = watch(prepare, work);

	if (!stops)
		return stops;
	return (*stops - *of_signals) / 2;
}

std::expected<long, int> page_faults(const Step &work)
{
	faults_so_far();	// faults of this function itself happen here

	const long before = faults_so_far();
	const int error = work();
	const long after = faults_so_far();

	if (error)
		return std::unexpected(error);
	return after - before;
}

} // namespace syscalls
