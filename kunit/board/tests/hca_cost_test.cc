// SPDX-License-Identifier: GPL-2.0
// What messages ask of the kernel, which is nothing, and that many contexts are no slower than one.
// What they cost in instructions is for hca-figures, on a board whose clock counts them.
#include "hca/tools/message_ways.h"
#include "hca/tools/ring.h"
#include "hca/tools/syscalls.h"
#include "tap.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>

namespace {

using namespace std::chrono_literals;

constexpr long kOpenCalls = 10;
constexpr uint32_t kTalk = 1000;
constexpr uint32_t kMessages = 64000;	// of a round
constexpr int kLeastRounds = 3, kMostRounds = 12;
// Of the rate of one context. What a message costs the board is judged by hca-figures, exactly;
// this is time, of a chip that is a process. 0.61 to 1.2 were measured on idle hosts. On PA-RISC a
// chip that wanders through all its eager buffers, from which a ring sends until they are full, had
// 0.50 to 0.58, by misses of the TLB.
constexpr double kLeast = 0.6;

int nothing()
{
	return 0;
}

// The count, or a negative errno value.
long count(const std::expected<long, int> &counted)
{
	return counted ? *counted : counted.error();
}

void test_the_counter(tap::Report &tap)
{
	const long five = count(syscalls::count(nothing, [] {
		for (int i = 0; i < 5; ++i)
			getppid();
		return 0;
	}));
	const long touched = count(syscalls::page_faults([] {
		const long page = sysconf(_SC_PAGESIZE);
		char *pages = static_cast<char *>(mmap(nullptr, 3 * page, PROT_READ | PROT_WRITE,
						       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

		for (int i = 0; i < 3; ++i)
			*static_cast<volatile char *>(pages + i * page) = 1;
		return munmap(pages, 3 * page);
	}));
	const long failed = count(syscalls::count(nothing, [] { return -ENOSPC; }));

	tap.ok(five == 5, "5 system calls are counted as such (%ld)", five);
	tap.ok(touched >= 3, "3 faults are seen (%ld)", touched);
	tap.ok(failed == -ENOSPC, "what fails is no count (%ld)", failed);
}

void test_opening(tap::Report &tap)
{
	hca *handle = nullptr;
	const long calls = count(syscalls::count(nothing, [&] {
		return hca_open(nullptr, &handle);
	}));

	tap.ok(calls > 0 && calls <= kOpenCalls,
	       "a context is opened and its five kinds mapped with %ld system calls, at most %ld",
	       calls, kOpenCalls);
}

void test_messages(tap::Report &tap)
{
	std::optional<ways::Hca> way;
	const auto warm_up = [&] { return ways::Hca::make_and_talk(way, kTalk); };
	const auto talk = [&] { return way->talk(kTalk); };
	const long calls = count(syscalls::count(warm_up, talk));

	tap.ok(calls == 0, "%u messages, sent and polled for: %ld system calls", kTalk, calls);
	if (!tap.gives(0, warm_up(), "another pair of contexts"))
		return;

	const long faults = count(syscalls::page_faults(talk));

	tap.ok(faults == 0, "%u messages: %ld faults", kTalk, faults);
}

/// Messages and the time that they took.
struct Run {
	double messages = 0;
	double seconds = 0;

	double rate() const { return seconds > 0 ? messages / seconds : 0; }
};

// Until each context has sent so many in all and all have come; false when one was lost or changed.
bool send_each(ways::Ring &ring, uint32_t each)
{
	auto last = std::chrono::steady_clock::now();

	while (ring.received() < static_cast<uint64_t>(each) * ring.size() && ring.right()) {
		const auto now = std::chrono::steady_clock::now();

		if (ring.turn(each))
			last = now;
		else if (now - last > 10s)
			return false;
		else
			sched_yield();	// the chip may be on this CPU
	}
	return ring.right();
}

// Adds a run of so many contexts of one process; false when a message was lost or changed.
bool add(Run &run, std::size_t contexts)
{
	const uint32_t each = kMessages / contexts;
	auto ring = ways::Ring::make(contexts);

	// The first touch of each page is a fault, and a context has its own: nine of one context
	// against 144 are more than the messages, where the kernel checks all it does.
	if (!ring || !send_each(*ring, kTalk))
		return false;

	const auto start = std::chrono::steady_clock::now();
	const bool right = send_each(*ring, kTalk + each);
	const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;

	run.messages += each * contexts;
	run.seconds += took.count();
	return right;
}

// In turn, and until it is enough: the host does other things now and then.
void test_rates(tap::Report &tap)
{
	Run one, all;
	bool right = true;
	int rounds = 0;

	do {
		right = add(one, 1) && add(all, HCA_CONTEXTS);
		++rounds;
	} while (right && (rounds < kLeastRounds || all.rate() < kLeast * one.rate()) &&
		 rounds < kMostRounds);
	tap.ok(right, "messages of 1 and of %d contexts of a process are right", HCA_CONTEXTS);
	tap.ok(all.rate() >= kLeast * one.rate(),
	       "%.0f messages a second with %d contexts, %.0f with one, after %d rounds", all.rate(),
	       HCA_CONTEXTS, one.rate(), rounds);
}

} // namespace

int main()
{
	tap::Report tap;

	test_the_counter(tap);
	test_opening(tap);
	test_messages(tap);
	test_rates(tap);
	return tap.finish();
}
