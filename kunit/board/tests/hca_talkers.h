// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "kernel_files.h"
#include "tap.h"

#include "hca.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <functional>

/// Processes that have the device mapped and send, while something happens to it.
namespace talkers {

/// How a process ended that sends to itself for as long as it can.
struct Ending {
	int send_error;
	int wait_error;
	uint32_t corrupt;
	uint64_t received;
};

inline void receive_all(hca *handle, Ending &ending)
{
	hca_message message;

	while (hca_receive(handle, &message) == 0) {
		ending.corrupt += message.length != sizeof(message.tag) ||
				  memcmp(message.payload, &message.tag, sizeof(message.tag)) != 0;
		++ending.received;
		hca_release(handle);
	}
}

/// @received: how many messages so far, for others to see.
inline Ending talk_until_it_ends(hca *handle, std::atomic<uint32_t> &received)
{
	Ending ending{};
	uint32_t tag = 0;

	while (ending.send_error == 0 || ending.send_error == -EAGAIN) {
		ending.send_error = hca_send(handle, hca_address(handle), tag, &tag, sizeof(tag));
		tag += ending.send_error == 0;
		receive_all(handle, ending);
		received = static_cast<uint32_t>(ending.received);
	}
	/* What had been sent may arrive yet: there is no error to wait for before that. */
	for (int i = 0; i < 100 && ending.wait_error == 0; ++i) {
		receive_all(handle, ending);
		ending.wait_error = hca_wait(handle, kPatience);
	}
	return ending;
}

/// A process of its own that talks, and is asked how it ended.
class Talker {
public:
	Talker()
	{
		void *shared = mmap(nullptr, sizeof(*received_), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (shared == MAP_FAILED || pipe(pipe_.data()) != 0)
			return;
		received_ = static_cast<std::atomic<uint32_t> *>(shared);
		pid_ = fork();
		if (pid_ == 0)
			run();
		close(pipe_[1]);
		ready_ = read(pipe_[0], &error_, sizeof(error_)) == sizeof(error_) && error_ == 0;
	}
	~Talker()
	{
		if (pid_ > 0) {
			kill(pid_, SIGKILL);
			waitpid(pid_, nullptr, 0);
		}
		close(pipe_[0]);
		if (received_)
			munmap(received_, sizeof(*received_));
	}
	Talker(const Talker &) = delete;

	bool ready() const { return ready_; }
	uint32_t received() const { return ready_ ? received_->load() : 0; }

	/// False when it was killed, by a signal of the mapping or by nobody's answer.
	bool ended(Ending &ending) const
	{
		pollfd file = {.fd = pipe_[0], .events = POLLIN, .revents = 0};

		return poll(&file, 1, kPatience) == 1 &&
		       read(pipe_[0], &ending, sizeof(ending)) == sizeof(ending);
	}

private:
	[[noreturn]] void run()
	{
		hca *handle = nullptr;

		error_ = hca_open(nullptr, &handle);
		if (write(pipe_[1], &error_, sizeof(error_)) < 0 || error_)
			_exit(1);

		const Ending ending = talk_until_it_ends(handle, *received_);

		// The mappings stay until the parent kills it.
		if (write(pipe_[1], &ending, sizeof(ending)) > 0)
			pause();
		_exit(0);
	}

	std::array<int, 2> pipe_{-1, -1};
	std::atomic<uint32_t> *received_ = nullptr;
	pid_t pid_ = -1;
	int error_ = 0;
	bool ready_ = false;
};

constexpr std::size_t kTalkers = 4;
constexpr uint32_t kTalked = 100;	///< messages of each before something happens

/// Some processes talk while something happens; each must end with this error.
inline void test_end(tap::Report &tap, const char *what, int error, const std::function<int()> &happens)
{
	std::array<Talker, kTalkers> talkers;
	int ready = 0, good = 0, corrupt = 0;

	for (const Talker &talker : talkers)
		ready += talker.ready();
	tap.ok(ready == kTalkers, "%s: %d processes talk", what, ready);
	tap.ok(eventually([&] {
		return std::ranges::all_of(talkers, [](const Talker &talker) {
			return talker.received() >= kTalked;
		});
	}), "%s: each has received %u messages", what, kTalked);
	tap.gives(0, happens(), "%s: works while they do", what);
	for (const Talker &talker : talkers) {
		Ending ending{};

		if (!talker.ended(ending)) {
			tap.ok(false, "%s: a process was killed or hangs", what);
			continue;
		}
		if (ending.send_error != error || ending.wait_error != error || !ending.received)
			std::printf("# send %d wait %d received %llu\n", ending.send_error,
				    ending.wait_error,
				    static_cast<unsigned long long>(ending.received));
		good += ending.send_error == error && ending.wait_error == error && ending.received;
		corrupt += ending.corrupt;
	}
	tap.ok(good == kTalkers, "%s: sending and waiting say so to %d of %zu", what, good, kTalkers);
	tap.ok(corrupt == 0, "%s: no message was corrupt (%d)", what, corrupt);
}

inline int use_it()
{
	hca *handle = nullptr;
	hca_message message{};

	if (const int error = hca_open(nullptr, &handle))
		return error;

	int error = hca_send(handle, hca_address(handle), 1, "again", 5);

	if (!error)
		error = hca_wait(handle, kPatience);
	if (!error)
		error = hca_receive(handle, &message);
	hca_close(handle);
	return error;
}

/// A context; the test ends without one.
inline hca *open_or_bail_out(tap::Report &tap)
{
	hca *handle = nullptr;

	if (const int error = hca_open(nullptr, &handle))
		tap.bail_out("can't open the HCA: %s", strerror(-error));
	return handle;
}

/// Asks the runner for something; it doesn't answer.
inline void ask(const char *wish)
{
	std::printf("@dmamap want %s\n", wish);
	std::fflush(stdout);
}

} // namespace talkers
