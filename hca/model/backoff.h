// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <sched.h>

#include <chrono>
#include <thread>

namespace chip_model {

/// Pauses of a poll loop that found nothing to do.
///
/// First none, because a packet is most often followed by the next one; then the loop yields,
/// because the board shares few CPUs with it; then it sleeps, 50 us and later 500 us.
class Backoff {
public:
	void busy() noexcept { idle_ = 0; }

	void idle() noexcept
	{
		if (idle_ < kSlow)
			++idle_;
		if (idle_ <= kSpin)
			return;
		if (idle_ <= kYield)
			sched_yield();
		else
			std::this_thread::sleep_for(idle_ < kSlow ? kNap : kSleep);
	}

private:
	static constexpr unsigned int kSpin = 200;
	static constexpr unsigned int kYield = kSpin + 100;
	static constexpr unsigned int kSlow = kYield + 200;
	static constexpr std::chrono::microseconds kNap{50};
	static constexpr std::chrono::microseconds kSleep{500};

	unsigned int idle_ = 0;
};

} // namespace chip_model
