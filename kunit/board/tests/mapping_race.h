// SPDX-License-Identifier: GPL-2.0
// What the processes and threads of mapping_race_test share, and those that only look.
#pragma once

#include "mapping.h"

#include <unistd.h>

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <span>

namespace race {

using namespace mapping;

constexpr unsigned int kWindows = 6, kPages = 16;

enum Op {
	kRead, kWrite, kMmap, kMunmap, kMprotect, kMremap, kFork, kPin, kAlloc, kFree, kFill,
	kCheck, kRevoke, kDetach, kReattach, kHalf, kBeside, kUnbind, kKill, kAudit, kOps
};

constexpr const char *kNames[kOps] = {
	"read", "write", "mmap", "munmap", "mprotect", "mremap", "fork", "pin", "alloc", "free",
	"fill", "check", "revoke", "detach", "reattach", "mmap of a buffer and a revoked one",
	"mmap beside free", "unbind", "kill", "audit"
};

/// Between all processes.
struct Shared {
	std::atomic<unsigned long> ops[kOps];
	std::atomic<unsigned long> signals[2];	///< SIGSEGV, SIGBUS
	std::atomic<unsigned int> violations;
	std::atomic<bool> stop;
	char first[160];
};

inline Shared *shared;
thread_local inline sigjmp_buf *landing;

__attribute__((format(printf, 1, 2)))
inline void violation(const char *format, ...)
{
	std::va_list args;

	if (shared->violations++)
		return;
	va_start(args, format);
	std::vsnprintf(shared->first, sizeof(shared->first), format, args);
	va_end(args);
}

/// xorshift, for each thread its own.
class Random {
public:
	explicit Random(std::uint64_t start) : state_(start * 0x9e3779b97f4a7c15 | 1) {}

	unsigned int below(unsigned int bound)
	{
		state_ ^= state_ << 13;
		state_ ^= state_ >> 7;
		state_ ^= state_ << 17;
		return static_cast<unsigned int>(state_ >> 33) % bound;
	}

private:
	std::uint64_t state_;
};

inline void land(int signal)
{
	if (!landing)
		_exit(signal);
	siglongjmp(*landing, signal);
}

/// No mask is saved: SA_NODEFER makes that right, and a system call for each would cost most.
template <typename Work>
int signal_in(Work work)
{
	sigjmp_buf here;
	const int signal = sigsetjmp(here, 0);

	if (signal == 0) {
		landing = &here;
		work();
	}
	landing = nullptr;
	return signal;
}

inline void count(Op op, unsigned long times = 1)
{
	shared->ops[op].fetch_add(times, std::memory_order_relaxed);
}

inline unsigned long all_ops()
{
	unsigned long sum = 0;

	for (const auto &op : shared->ops)
		sum += op.load(std::memory_order_relaxed);
	return sum;
}

/// One window: two places that show its buffers, and one for a look at fresh memory.
struct Window {
	unsigned int number;
	unsigned int device;
	std::uint32_t pattern;
	std::byte *places[3];
	long id = 0;

	[[nodiscard]] std::byte *place(unsigned int which) const { return places[which]; }
};

/// Reads and writes what may be there, or not.
class Reader {
public:
	Reader(std::span<const Window> windows, std::uint64_t start)
		: windows_(windows), random_(start) {}

	void run()
	{
		while (!shared->stop)
			batch();
	}

private:
	static constexpr unsigned int kBatch = 256;

	/// Of one page, because a signal costs as much as hundreds of reads. Ends at the first.
	void batch()
	{
		const Window &window = windows_[random_.below(kWindows)];
		std::byte *const place = window.place(random_.below(2));
		const unsigned int page = random_.below(kPages);
		volatile unsigned int reads = 0, writes = 0;
		const int signal = signal_in([&] {
			for (unsigned int i = 0; i < kBatch; ++i)
				if (access(window, place, page * 1024 + random_.below(1024)))
					writes = writes + 1;
				else
					reads = reads + 1;
		});

		count(kRead, reads + (signal != 0));
		count(kWrite, writes);
		if (signal)
			shared->signals[signal == SIGBUS]++;
	}

	/// True for a write: of what is there.
	bool access(const Window &window, std::byte *place, unsigned int index)
	{
		auto *at = reinterpret_cast<volatile std::uint32_t *>(place) + index;
		const std::uint32_t expected = mapper_word(window.pattern, index);

		if (random_.below(16) == 0) {
			*at = expected;
			return true;
		}

		const std::uint32_t seen = *at;

		if (seen != expected)
			violation("window %u word %u: %#x instead of %#x", window.number, index,
				  seen, expected);
		return false;
	}

	std::span<const Window> windows_;
	Random random_;
};

} // namespace race
