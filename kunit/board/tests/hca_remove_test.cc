// SPDX-License-Identifier: GPL-2.0
// The chip is reset, the device unbound, the chip killed, all while processes have it mapped and
// send: they get an error and no signal, nothing is left behind, and binding works again.
#include "hca_sysfs.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned int kGuardSeconds = 110;

/// How a process ended that sends to itself for as long as it can.
struct Ending {
	int send_error;
	int wait_error;
	uint32_t corrupt;
	uint64_t received;
};

void receive_all(hca *handle, Ending &ending)
{
	hca_message message;

	while (hca_receive(handle, &message) == 0) {
		ending.corrupt += message.length != sizeof(message.tag) ||
				  memcmp(message.payload, &message.tag, sizeof(message.tag)) != 0;
		++ending.received;
		hca_release(handle);
	}
}

Ending talk_until_it_ends(hca *handle)
{
	Ending ending{};
	uint32_t tag = 0;

	while (ending.send_error == 0 || ending.send_error == -EAGAIN) {
		ending.send_error = hca_send(handle, hca_address(handle), tag, &tag, sizeof(tag));
		tag += ending.send_error == 0;
		receive_all(handle, ending);
	}
	/* What had been sent may arrive yet: there is no error to wait for before that. */
	for (int i = 0; i < 100 && ending.wait_error == 0; ++i) {
		receive_all(handle, ending);
		ending.wait_error = hca_wait(handle, 2000);
	}
	return ending;
}

/// A process of its own that talks, and is asked how it ended.
class Talker {
public:
	Talker()
	{
		if (pipe(pipe_.data()) != 0)
			return;
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
	}
	Talker(const Talker &) = delete;

	bool ready() const { return ready_; }

	/// False when it was killed, by a signal of the mapping or by nobody's answer.
	bool ended(Ending &ending) const
	{
		pollfd file = {.fd = pipe_[0], .events = POLLIN, .revents = 0};

		return poll(&file, 1, 20000) == 1 &&
		       read(pipe_[0], &ending, sizeof(ending)) == sizeof(ending);
	}

private:
	[[noreturn]] void run()
	{
		hca *handle = nullptr;

		error_ = hca_open(nullptr, &handle);
		if (write(pipe_[1], &error_, sizeof(error_)) < 0 || error_)
			_exit(1);

		const Ending ending = talk_until_it_ends(handle);

		// The mappings stay until the parent kills it.
		if (write(pipe_[1], &ending, sizeof(ending)) > 0)
			pause();
		_exit(0);
	}

	std::array<int, 2> pipe_{-1, -1};
	pid_t pid_ = -1;
	int error_ = 0;
	bool ready_ = false;
};

constexpr std::size_t kTalkers = 4;

/// Some processes talk while something happens; each must end with this error.
void test_end(tap::Report &tap, const char *what, int error, const std::function<int()> &happens)
{
	std::array<Talker, kTalkers> talkers;
	int ready = 0, good = 0, corrupt = 0;

	for (const Talker &talker : talkers)
		ready += talker.ready();
	tap.ok(ready == kTalkers, "%s: %d processes talk", what, ready);
	usleep(200000);

	const auto start = Clock::now();

	tap.gives(0, happens(), "%s: works while they do", what);
	tap.ok(Clock::now() - start < 15s, "%s: does not hang", what);
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

int use_it()
{
	hca *handle = nullptr;
	hca_message message{};

	if (const int error = hca_open(nullptr, &handle))
		return error;

	int error = hca_send(handle, hca_address(handle), 1, "again", 5);

	if (!error)
		error = hca_wait(handle, 5000);
	if (!error)
		error = hca_receive(handle, &message);
	hca_close(handle);
	return error;
}

void test_reset(tap::Report &tap)
{
	const std::string reset = hca_sysfs::kFolder + "reset";
	hca *handle = nullptr;

	test_end(tap, "reset", -ECONNRESET, [&] { return write_file(reset, "1"); });
	tap.gives(0, use_it(), "after a reset a context opens and works");
	tap.gives(-EINVAL, write_file(reset, "2"), "a reset is asked for with 1 only");

	if (hca_open(nullptr, &handle))
		return;
	write_file(reset, "1");

	epoll_event event = {.events = EPOLLIN, .data = {}};
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, hca_fd(handle), &event);
	tap.ok(epoll_wait(epoll, &event, 1, 2000) == 1 && (event.events & EPOLLHUP),
	       "epoll says so of a context that was lost");
	close(epoll);
	hca_close(handle);
}

// What is left to a file whose device is gone.
void test_orphan(tap::Report &tap, RawContext &context)
{
	hca_context_info info{};
	pollfd file = {.fd = context.fd(), .events = POLLIN, .revents = 0};

	info.abi = HCA_ABI_VERSION;
	tap.gives(-ENODEV, context.request(&info), "orphan: ioctl() says so");
	tap.gives(-ENODEV, context.map(HCA_KIND_EAGER, PROT_READ).error(), "orphan: mmap() says so");
	tap.ok(poll(&file, 1, 0) == 1 && (file.revents & POLLHUP), "orphan: poll() says so");
}

void test_unbind(tap::Report &tap, const hca_sysfs::Binding &binding)
{
	RawContext orphan;
	std::vector<Mapping> mappings;
	constexpr int kAccess[HCA_KINDS] = {PROT_READ | PROT_WRITE, PROT_WRITE, PROT_READ,
					    PROT_READ | PROT_WRITE, PROT_READ};

	orphan.open_context();
	for (unsigned int kind = 0; kind < HCA_KINDS; ++kind)
		mappings.push_back(orphan.map(static_cast<hca_kind>(kind), kAccess[kind]));

	test_end(tap, "unbind", -ENODEV, [&] { return binding.unbind(); });
	tap.gives(-ENOENT, RawContext().error(), "unbound: there is no node");
	test_orphan(tap, orphan);

	for (unsigned int kind = 0; kind < HCA_KINDS; ++kind) {
		if (kAccess[kind] & PROT_READ)
			mappings[kind].read();
		if (kAccess[kind] & PROT_WRITE)
			mappings[kind].write();
	}
	tap.ok(true, "unbound: all five mappings can still be touched");

	tap.gives(0, binding.bind(), "binding works while the old mappings are there");
	tap.gives(0, use_it(), "and so does the device");
	test_orphan(tap, orphan);
}

bool wait_for_state(const char *state)
{
	for (int i = 0; i < 2000; ++i) {
		if (hca_sysfs::value("state") == state)
			return true;
		usleep(10000);
	}
	return false;
}

void ask(const char *wish)
{
	std::printf("@dmamap want %s\n", wish);
	std::fflush(stdout);
}

// Surprise: the chip is gone, then its device is taken away; the memory is free when a chip is back.
void test_dead_chip(tap::Report &tap, const hca_sysfs::Binding &binding, long before)
{
	test_end(tap, "killed", -EIO, [] {
		ask("kill-model");
		return wait_for_state("dead") ? 0 : -ETIMEDOUT;
	});
	tap.gives(0, binding.unbind(), "a device whose chip is dead can be unbound");
	tap.ok(hca_sysfs::regions() > before, "its memory is kept: %ld regions, %ld before",
	       hca_sysfs::regions(), before);
	tap.gives(-ENODEV, binding.bind(), "it can't be bound without a chip");
	ask("start-model");
	for (int i = 0; i < 100 && binding.bind() != 0; ++i)
		usleep(50000);
	tap.gives(0, use_it(), "with a new chip it works again");
	tap.ok(hca_sysfs::regions() == before, "and the memory is free: %ld regions",
	       hca_sysfs::regions());
}

// The same without unbinding: a reset finds the new chip.
void test_new_chip(tap::Report &tap, long before)
{
	ask("kill-model");
	tap.ok(wait_for_state("dead"), "a dead chip is noticed");
	ask("start-model");
	usleep(500000);
	tap.gives(0, write_file(hca_sysfs::kFolder + "reset", "1"), "a reset revives it");
	tap.gives(0, use_it(), "and it works");
	tap.ok(hca_sysfs::regions() == before, "nothing is left: %ld regions", hca_sysfs::regions());
}

} // namespace

int main()
{
	tap::Report tap;
	const hca_sysfs::Binding binding;

	guard(kGuardSeconds);
	if (!binding.found())
		tap.bail_out("there is no HCA to take away");

	const long before = hca_sysfs::regions();

	test_reset(tap);
	tap.ok(hca_sysfs::regions() == before, "nothing is left of resets: %ld regions",
	       hca_sysfs::regions());
	test_unbind(tap, binding);
	tap.ok(hca_sysfs::regions() == before, "nothing is left of unbinding: %ld regions",
	       hca_sysfs::regions());
	test_dead_chip(tap, binding, before);
	test_new_chip(tap, before);
	return tap.finish();
}
