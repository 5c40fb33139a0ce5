// SPDX-License-Identifier: GPL-2.0
#include "eventfd_doorbell.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace chip_model {
namespace {

// Any other file would take the eight bytes of a ring for data.
bool is_eventfd(int fd)
{
	const std::string link = "/proc/self/fd/" + std::to_string(fd);
	std::array<char, 64> target{};
	const ssize_t length = readlink(link.c_str(), target.data(), target.size());

	return length > 0 && std::string_view(target.data(), static_cast<std::size_t>(length)) ==
				     "anon_inode:[eventfd]";
}

} // namespace

std::expected<EventfdDoorbell, std::string> EventfdDoorbell::adopt(int fd)
{
	const std::string name = "--interrupt-fd " + std::to_string(fd) + ": ";

	if (fcntl(fd, F_GETFD) < 0)
		return std::unexpected(name + "is not open; whoever starts the model must pass it on");
	if (!is_eventfd(fd))
		return std::unexpected(name + "is not an eventfd");

	// A chip never waits for the board.
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return EventfdDoorbell(fd);
}

void EventfdDoorbell::ring() noexcept
{
	const uint64_t once = 1;

	// Fails only when the counter is full: then the bell has rung, and QEMU does not listen.
	[[maybe_unused]] const ssize_t written = write(fd_, &once, sizeof(once));
}

} // namespace chip_model
