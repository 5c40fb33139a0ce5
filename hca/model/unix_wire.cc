// SPDX-License-Identifier: GPL-2.0
#include "unix_wire.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace chip_model {
namespace {

sockaddr_un address_of(const std::string &path) noexcept
{
	sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};

	path.copy(address.sun_path, sizeof(address.sun_path) - 1);
	return address;
}

const sockaddr *plain(const sockaddr_un &address) noexcept
{
	return reinterpret_cast<const sockaddr *>(&address);
}

// True when a process has that socket open. A killed node leaves its socket behind.
bool is_alive(int fd, const sockaddr_un &address) noexcept
{
	return sendto(fd, "", 0, MSG_DONTWAIT, plain(address), sizeof(address)) == 0 ||
	       errno == EAGAIN;
}

} // namespace

std::expected<UnixWire, std::string> UnixWire::open(const std::string &folder, uint32_t node)
{
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return std::unexpected(std::string("no Unix socket: ") + std::strerror(errno));

	UnixWire wire(fd, folder, node);
	const std::string path = wire.path_of(node);

	if (path.size() >= sizeof(sockaddr_un::sun_path))
		return std::unexpected(path + ": too long a name for a socket; take another folder");

	const sockaddr_un address = address_of(path);

	if (is_alive(fd, address))
		return std::unexpected(path + ": another board is node " + std::to_string(node) +
				       " already; give each its own --node");
	unlink(path.c_str());
	if (bind(fd, plain(address), sizeof(address)) != 0)
		return std::unexpected(path + ": can't be bound: " + std::strerror(errno));
	return wire;
}

UnixWire::UnixWire(int fd, std::string folder, uint32_t node) noexcept
	: fd_(fd), folder_(std::move(folder)), node_(node)
{
}

UnixWire::UnixWire(UnixWire &&other) noexcept
	: fd_(std::exchange(other.fd_, -1)), folder_(std::move(other.folder_)), node_(other.node_),
	  waiting_(std::move(other.waiting_))
{
}

UnixWire::~UnixWire()
{
	if (fd_ < 0)
		return;

	sockaddr_un own = {};
	socklen_t size = sizeof(own);

	// Remove only a socket that this object has bound.
	if (getsockname(fd_, reinterpret_cast<sockaddr *>(&own), &size) == 0 && own.sun_path[0])
		unlink(own.sun_path);
	close(fd_);
}

std::string UnixWire::path_of(uint32_t node) const
{
	return folder_ + "/node-" + std::to_string(node);
}

// False when the other side has no room now. A frame to a node that isn't there is lost.
bool UnixWire::try_send(uint32_t node, std::span<const std::byte> frame) noexcept
{
	const sockaddr_un address = address_of(path_of(node));

	return sendto(fd_, frame.data(), frame.size(), MSG_DONTWAIT, plain(address),
		      sizeof(address)) >= 0 ||
	       (errno != EAGAIN && errno != ENOBUFS);
}

void UnixWire::send(uint32_t node, std::span<const std::byte> frame) noexcept
{
	if (node >= HCA_NODES)
		return;

	auto &waiting = waiting_[node];

	// No frame overtakes one that waits.
	if (waiting.empty() && try_send(node, frame))
		return;
	if (waiting.size() < kWaitingMost)
		waiting.emplace_back(frame.begin(), frame.end());
}

void UnixWire::flush() noexcept
{
	for (uint32_t node = 0; node < HCA_NODES; ++node) {
		auto &waiting = waiting_[node];

		while (!waiting.empty() && try_send(node, waiting.front()))
			waiting.pop_front();
	}
}

std::optional<std::size_t> UnixWire::receive(std::span<std::byte> room) noexcept
{
	flush();

	for (;;) {
		const ssize_t bytes = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);

		if (bytes < 0)
			return std::nullopt;
		if (bytes > 0)	// 0: another process asked whether this node is alive
			return static_cast<std::size_t>(bytes);
	}
}

} // namespace chip_model
