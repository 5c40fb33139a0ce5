// SPDX-License-Identifier: GPL-2.0
// Messages ask nothing of the kernel, and those of many contexts need no more than those of one.
// Their cost in instructions is measured by hca-figures, on a board whose clock counts them.
#include "hca/tools/message_ways.h"
#include "hca/tools/syscalls.h"
#include "hca_chip.h"
#include "tap.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace {

constexpr long kOpenCalls = 10;
constexpr uint32_t kTalk = 1000;
constexpr uint32_t kMessages = 64000;	// of all contexts
constexpr unsigned int kGuardSeconds = 55;	// without a message
// The chip lends the buffer that came back last, so there are as many as are out at a time: between
// two visits to a receiver what waits in its sender's PIO buffers comes, and as many once more.
// A chip that wanders through all of them, 64 of each context, was half as fast on PA-RISC.
constexpr std::size_t kMostBuffers = 2 * HCA_PIO_BUFFERS;

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

/// Contexts of one process, each of which sends to the next, and the eager buffers in which messages
/// came to each.
class Ring {
public:
	explicit Ring(std::size_t count) : members_(count)
	{
		for (Member &member : members_) {
			auto context = libhca::Context::open();

			good_ &= context.has_value();
			if (context)
				member.context.emplace(std::move(*context));
		}
		for (std::size_t i = 0; good_ && i < count; ++i)
			members_[i].dest = hca_address(members_[(i + 1) % count].handle());
	}

	/// Until each context has sent so many more and all have come; 0, or -EBADMSG when one was
	/// lost or changed.
	int send_each(uint32_t more)
	{
		sent_ += more;
		for (bool all = false; good_ && !all;) {
			bool busy = false;

			all = true;
			for (Member &member : members_) {
				busy |= visit(member);
				all &= member.received == sent_;
			}
			if (busy)
				alive();
			else
				sched_yield();	// the chip may be on this CPU
		}
		return good_ ? 0 : -EBADMSG;
	}

	/// Of the context that has seen most.
	std::size_t most_buffers() const
	{
		std::size_t most = 0;

		for (const Member &member : members_)
			most = std::max(most, member.used);
		return most;
	}

private:
	struct Member {
		std::optional<libhca::Context> context;
		uint32_t dest = 0, sent = 0, received = 0;
		std::array<const void *, kMostBuffers + 1> buffers = {};
		std::size_t used = 0;

		hca *handle() const { return context->get(); }

		// Without memory of its own: that would be a fault.
		void note(const void *buffer)
		{
			const auto end = buffers.begin() + used;

			if (used != buffers.size() && std::find(buffers.begin(), end, buffer) == end)
				buffers[used++] = buffer;
		}
	};

	/// It sends at most as many as it has PIO buffers, and receives what it has got.
	bool visit(Member &member)
	{
		const uint32_t most = std::min(sent_, member.sent + HCA_PIO_BUFFERS);
		hca_message message;
		bool busy = false;

		for (; member.sent != most && hca_send(member.handle(), member.dest, member.sent,
						       &member.sent, sizeof(member.sent)) == 0; busy = true)
			++member.sent;
		for (; hca_receive(member.handle(), &message) == 0; busy = true) {
			good_ &= message.tag == member.received &&
				 memcmp(message.payload, &member.received, sizeof(member.received)) == 0;
			member.note(message.payload);
			hca_release(member.handle());
			++member.received;
		}
		return busy;
	}

	std::vector<Member> members_;
	uint32_t sent_ = 0;
	bool good_ = true;
};

// Many contexts are no slower than one if what each message touches is the same few pages, which a
// TLB knows, and if none of them asks anything of the kernel. How many come in a second is printed:
// the host decides that.
void test_many(tap::Report &tap, std::size_t contexts)
{
	const uint32_t each = kMessages / contexts;
	Ring ring(contexts);

	// The first touch of each page is a fault.
	if (!tap.gives(0, ring.send_each(kTalk), "messages of %zu contexts of a process", contexts))
		return;

	const auto start = std::chrono::steady_clock::now();
	const long faults = count(syscalls::page_faults([&] { return ring.send_each(each); }));
	const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;

	tap.ok(faults == 0, "%zu contexts: %ld faults of %u messages of each", contexts, faults, each);
	tap.ok(ring.most_buffers() <= kMostBuffers,
	       "%zu contexts: messages came in %zu eager buffers of each, at most %zu", contexts,
	       ring.most_buffers(), kMostBuffers);
	std::printf("# %zu contexts: %.0f messages a second\n", contexts,
		    each * static_cast<double>(contexts) / took.count());
}

} // namespace

int main()
{
	tap::Report tap;

	guard(kGuardSeconds);
	test_the_counter(tap);
	test_opening(tap);
	test_messages(tap);
	test_many(tap, 1);
	test_many(tap, HCA_CONTEXTS);
	return tap.finish();
}
