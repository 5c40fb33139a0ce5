// SPDX-License-Identifier: GPL-2.0
// Sleeping until a message comes: by interrupt where the board has one for the chip, else by timer.
#include "board_facts.h"
#include "hca_sysfs.h"
#include "hca_talkers.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

using board::kInterrupt;
constexpr unsigned int kGuardSeconds = 55;	// without a result
constexpr uint32_t kMessages = 50;

int64_t now_us()
{
	return std::chrono::duration_cast<std::chrono::microseconds>(
		Clock::now().time_since_epoch()).count();
}

/// Does a process sleep? In this test there is one place only where the receiver does: where it
/// waits for a message, after the driver has been told.
bool sleeps(pid_t process)
{
	const std::string stat = read_file("/proc/" + std::to_string(process) + "/stat");
	const std::size_t name_end = stat.rfind(')');

	return name_end != std::string::npos && stat.compare(name_end, 3, ") S") == 0;
}

/// A process that sends the time to its parent's address whenever it is told to and the parent
/// sleeps.
class Sender {
public:
	explicit Sender(uint32_t address)
	{
		if (pipe(pipe_.data()) != 0)
			return;
		pid_ = fork();
		if (pid_ == 0)
			run(address);
		close(pipe_[0]);
	}
	~Sender()
	{
		close(pipe_[1]);
		if (pid_ > 0)
			waitpid(pid_, nullptr, 0);
	}
	Sender(const Sender &) = delete;

	bool go() { return write(pipe_[1], "", 1) == 1; }

private:
	[[noreturn]] void run(uint32_t address)
	{
		const pid_t receiver = getppid();
		hca *handle = nullptr;
		char order;

		close(pipe_[1]);
		if (hca_open(nullptr, &handle) != 0)
			_exit(1);
		while (read(pipe_[0], &order, 1) == 1) {
			while (!sleeps(receiver))
				sched_yield();

			const int64_t sent = now_us();

			hca_send(handle, address, 0, &sent, sizeof(sent));
		}
		hca_close(handle);
		_exit(0);
	}

	std::array<int, 2> pipe_{-1, -1};
	pid_t pid_ = -1;
};

/// Microseconds since the message that waits was sent; negative when there is none.
int64_t receive(hca *handle)
{
	const int64_t now = now_us();
	hca_message message{};
	int64_t sent = 0;

	if (hca_receive(handle, &message) != 0 || message.length != sizeof(sent))
		return -1;
	memcpy(&sent, message.payload, sizeof(sent));
	hca_release(handle);
	return std::max<int64_t>(now - sent, 0);
}

bool sleep_in_poll(hca *handle)
{
	pollfd file = {.fd = hca_fd(handle), .events = POLLIN, .revents = 0};

	return poll(&file, 1, kPatience) == 1 && file.revents == POLLIN;
}

uint64_t counter(const char *name)
{
	return std::strtoull(hca_sysfs::value(std::string("counters/") + name).c_str(), nullptr, 10);
}

/// Interrupts of the device on all CPUs, as the kernel counts them.
uint64_t kernel_count()
{
	uint64_t sum = 0, one = 0;

	for (const std::string &line : lines_of(read_file("/proc/interrupts"))) {
		if (!line.ends_with(" hca0"))
			continue;

		std::istringstream words(line.substr(line.find(':') + 1));

		while (words >> one)
			sum += one;
	}
	return sum;
}

/// Who woke whom, as driver and kernel count it.
struct Counts {
	uint64_t interrupts, looks, kernel;

	static Counts now()
	{
		return {.interrupts = counter("interrupts"), .looks = counter("looks"),
			.kernel = kernel_count()};
	}

	/// What has come since these were counted.
	Counts since() const
	{
		const Counts later = now();

		return {.interrupts = later.interrupts - interrupts, .looks = later.looks - looks,
			.kernel = later.kernel - kernel};
	}
};

/// Sleeps until each of some messages has come; how long each took, fewer when one did not wake.
std::vector<int64_t> sleep_for_messages(hca *handle, Sender &sender)
{
	std::vector<int64_t> took;

	for (uint32_t i = 0; i < kMessages; ++i) {
		if (!sender.go() || !sleep_in_poll(handle))
			break;

		const int64_t us = receive(handle);

		if (us < 0)
			break;
		took.push_back(us);
	}
	return took;
}

int64_t median(std::vector<int64_t> values)
{
	if (values.empty())
		return -1;
	std::ranges::nth_element(values, values.begin() + values.size() / 2);
	return values[values.size() / 2];
}

void test_poll(tap::Report &tap, hca *handle, Sender &sender)
{
	const Counts before = Counts::now();
	const auto took = sleep_for_messages(handle, sender);
	const Counts counted = before.since();

	tap.ok(took.size() == kMessages, "poll: %zu of %u messages wake who sleeps", took.size(),
	       kMessages);
	if (!took.empty())
		std::printf("@dmamap hca_wait_longest_us %lld\n",
			    static_cast<long long>(*std::ranges::max_element(took)));
	if (kInterrupt) {
		tap.ok(counted.interrupts >= kMessages, "poll: by interrupt, %llu of them",
		       static_cast<unsigned long long>(counted.interrupts));
		tap.ok(counted.kernel >= counted.interrupts, "poll: the kernel counts them, too (%llu)",
		       static_cast<unsigned long long>(counted.kernel));
		tap.ok(counted.looks == 0, "poll: no timer looks (%llu)",
		       static_cast<unsigned long long>(counted.looks));
	} else {
		tap.ok(counted.interrupts == 0, "poll: there is no interrupt");
		tap.ok(counted.looks >= kMessages, "poll: the timer looks, %llu times",
		       static_cast<unsigned long long>(counted.looks));
	}
}

// How long it takes is the host's: that no timer has to look for the message is not. Each message
// by itself: an interrupt, and no look, between the order and the waking.
void test_wakers(tap::Report &tap, hca *handle, Sender &sender)
{
	std::vector<int64_t> took;
	uint32_t by_interrupt = 0, by_timer = 0;

	for (uint32_t i = 0; i < kMessages; ++i) {
		const Counts before = Counts::now();

		if (!sender.go() || !sleep_in_poll(handle))
			break;

		const Counts counted = before.since();

		by_interrupt += counted.interrupts > 0 && counted.looks == 0;
		by_timer += counted.interrupts == 0 && counted.looks > 0;
		took.push_back(receive(handle));
	}
	tap.ok((kInterrupt ? by_interrupt : by_timer) == kMessages,
	       "each: %u of %u wakings by %s", kInterrupt ? by_interrupt : by_timer, kMessages,
	       kInterrupt ? "interrupt, without a look" : "a look");
	std::printf("@dmamap hca_wake_us %lld\n", static_cast<long long>(median(took)));
}

// Takes all there is and doesn't ask again: the driver must go on telling.
void test_edges(tap::Report &tap, hca *handle, Sender &sender)
{
	epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {}};
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	uint32_t woken = 0;

	epoll_ctl(epoll, EPOLL_CTL_ADD, hca_fd(handle), &event);
	for (uint32_t i = 0; i < kMessages; ++i) {
		sender.go();
		if (epoll_wait(epoll, &event, 1, kPatience) != 1 || receive(handle) < 0)
			break;
		++woken;
	}
	close(epoll);
	tap.ok(woken == kMessages, "edge-triggered epoll: %u of %u messages wake", woken, kMessages);
}

// A file that is polled before it has anything to wait for: its poller doesn't ask again.
void test_too_early(tap::Report &tap, hca *sender)
{
	RawContext context;
	epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {}};
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, context.fd(), &event);
	tap.ok(epoll_wait(epoll, &event, 1, 20) == 0, "too early: nothing to tell yet");
	context.open_context();
	hca_send(sender, HCA_ADDRESS(context.info().node, context.info().context), 0, nullptr, 0);
	tap.ok(epoll_wait(epoll, &event, 1, kPatience) == 1,
	       "too early: who polled a file without a context is woken, too");
	close(epoll);
}

// A message that is there before anybody polls.
void test_early(tap::Report &tap)
{
	hca *handle = nullptr;
	epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {}};
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (hca_open(nullptr, &handle) != 0) {
		tap.ok(false, "early: a context opens");
		return;
	}

	const uint64_t first = 1;

	hca_send(handle, hca_address(handle), 0, &first, sizeof(first));
	hca_wait(handle, kPatience);
	epoll_ctl(epoll, EPOLL_CTL_ADD, hca_fd(handle), &event);
	tap.ok(epoll_wait(epoll, &event, 1, kPatience) == 1, "early: what is there already counts");
	receive(handle);
	hca_send(handle, hca_address(handle), 0, &first, sizeof(first));
	tap.ok(epoll_wait(epoll, &event, 1, kPatience) == 1, "early: and what comes then wakes");
	close(epoll);
	hca_close(handle);
}

void test_who_does_not_sleep(tap::Report &tap, hca *handle)
{
	const Counts before = Counts::now();
	uint32_t got = 0;

	for (uint32_t i = 0; i < kMessages; ++i) {
		const int64_t sent = now_us();
		const auto deadline = Clock::now() + std::chrono::milliseconds(kPatience);

		hca_send(handle, hca_address(handle), 0, &sent, sizeof(sent));
		while (receive(handle) < 0 && Clock::now() < deadline)
			;
		got += Clock::now() < deadline;
	}

	const Counts counted = before.since();

	// One may be left from the time when this process slept.
	tap.ok(got == kMessages && counted.interrupts <= 1 && counted.looks <= 1,
	       "a receiver that polls its queue costs no interrupt (%llu) and no look (%llu)",
	       static_cast<unsigned long long>(counted.interrupts),
	       static_cast<unsigned long long>(counted.looks));
}

/// Waits until sysfs says that a file has changed.
bool changes(int fd)
{
	pollfd file = {.fd = fd, .events = POLLPRI, .revents = 0};
	char text[16];

	return poll(&file, 1, kPatience) == 1 && pread(fd, text, sizeof(text), 0) > 0;
}

void test_link(tap::Report &tap)
{
	const int fd = open((hca_sysfs::kFolder + "link").c_str(), O_RDONLY | O_CLOEXEC);
	char text[16];
	int told = 0;

	if (!kInterrupt) {
		tap.skip("no interrupt", "link: poll() of the file in sysfs");
		close(fd);
		return;
	}
	while (pread(fd, text, sizeof(text), 0) < 0)
		;
	for (const char *wish : {"pull-cable", "plug-cable"}) {
		std::printf("@dmamap want %s\n", wish);
		std::fflush(stdout);
		told += changes(fd);
	}
	tap.ok(told == 2 && hca_sysfs::value("link") == "up",
	       "link: poll() of the file in sysfs tells of the cable, out and in");
	close(fd);
}

void test_after_reset(tap::Report &tap)
{
	hca *handle = nullptr;

	tap.gives(0, write_file(hca_sysfs::kFolder + "reset", "1"), "reset: works");
	if (!tap.gives(0, hca_open(nullptr, &handle), "reset: a context opens"))
		return;
	{
		Sender sender(hca_address(handle));
		const Counts before = Counts::now();

		tap.ok(sleep_for_messages(handle, sender).size() == kMessages &&
		       (before.since().interrupts > 0) == kInterrupt,
		       "reset: messages wake who sleeps, as before");
	}
	hca_close(handle);
}

} // namespace

int main()
{
	tap::Report tap;

	guard(kGuardSeconds);

	hca *handle = talkers::open_or_bail_out(tap);

	tap.ok(hca_sysfs::value("wait") == (kInterrupt ? "interrupt" : "timer"),
	       "sysfs says who wakes: %s", hca_sysfs::value("wait").c_str());
	{
		Sender sender(hca_address(handle));

		test_poll(tap, handle, sender);
		test_wakers(tap, handle, sender);
		test_edges(tap, handle, sender);
	}
	test_who_does_not_sleep(tap, handle);
	test_too_early(tap, handle);
	hca_close(handle);
	test_early(tap);
	test_link(tap);
	test_after_reset(tap);
	return tap.finish();
}
