// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <unistd.h>

#include <cstdlib>

/// How long tests wait. How fast the host is, and what else it does, is no test's verdict: a limit
/// is against hanging only, and is counted from the last thing that came about.

/// How many times as long all may take: kernels that check all they do are SLOWER, which the
/// runner tells them, and so us (unknown words of the command line are init's environment).
inline unsigned int slower()
{
	const char *times = std::getenv("SLOWER");

	return times ? static_cast<unsigned int>(std::atoi(times)) : 1;
}

/// Milliseconds for one answer of the chip, which is a process of the host: none takes a tenth.
inline constexpr int kPatience = 50'000;

inline unsigned int guard_seconds;

/// Something came about: the guard waits as long again. Any thread.
inline void alive()
{
	if (guard_seconds)
		alarm(guard_seconds);
}

/// Ends this process with SIGALRM when nothing comes about for so long: no result of a test, and
/// no call of alive().
inline void guard(unsigned int seconds)
{
	guard_seconds = seconds * slower();
	alive();
}

/// Waits until it is so; false when it is not for longer than any host takes.
template <typename Condition>
bool eventually(Condition condition)
{
	constexpr int kNap = 10;	// milliseconds

	for (int i = 0; i < kPatience / kNap; ++i) {
		if (condition())
			return true;
		usleep(kNap * 1000);
	}
	return condition();
}
