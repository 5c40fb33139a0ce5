// SPDX-License-Identifier: GPL-2.0
#include "ring.h"

namespace ways {

Made<Ring> Ring::make(std::size_t count)
{
	Ring ring;

	for (std::size_t i = 0; i < count; ++i) {
		auto context = libhca::Context::open();

		if (!context)
			return std::unexpected(
				std::string("can't open " HCA_DEVICE_NODE ": ") +
				std::strerror(-static_cast<int>(context.error())));
		ring.members_.push_back({.context = std::move(*context)});
	}
	for (std::size_t i = 0; i < count; ++i)
		ring.members_[i].dest =
			hca_address(ring.members_[(i + 1) % count].context.get());
	return ring;
}

void Ring::settle() const noexcept
{
	for (const Member &member : members_) {
		while (!hca_drained(member.context.get()))
			usleep(100);
	}
}

uint64_t Ring::received() const noexcept
{
	uint64_t sum = 0;

	for (const Member &member : members_)
		sum += member.received;
	return sum;
}

} // namespace ways
