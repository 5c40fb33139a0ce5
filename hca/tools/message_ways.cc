// SPDX-License-Identifier: GPL-2.0
#include "message_ways.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace ways {
namespace {

std::unexpected<std::string> because(const char *what)
{
	return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

std::unexpected<std::string> because(const char *what, libhca::Error error)
{
	errno = -static_cast<int>(error);
	return because(what);
}

// A board that has just started has its loopback down.
bool bring_loopback_up(int socket)
{
	ifreq request = {};

	std::strcpy(request.ifr_name, "lo");
	if (ioctl(socket, SIOCGIFFLAGS, &request) != 0)
		return false;
	request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
	return ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

sockaddr *plain(sockaddr_in &address) { return reinterpret_cast<sockaddr *>(&address); }

bool connect_pair(int sender, int receiver)
{
	sockaddr_in address = {};
	socklen_t size = sizeof(address);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(receiver, plain(address), size) == 0 &&
	       getsockname(receiver, plain(address), &size) == 0 &&
	       connect(sender, plain(address), size) == 0;
}

} // namespace

Made<Hca> Hca::make()
{
	auto sender = libhca::Context::open();

	if (!sender)
		return because("can't open " HCA_DEVICE_NODE, sender.error());

	auto receiver = libhca::Context::open();

	if (!receiver)
		return because("can't open " HCA_DEVICE_NODE, receiver.error());
	return Hca(std::move(*sender), std::move(*receiver));
}

int Hca::talk(uint32_t messages) noexcept
{
	uint32_t sent = 0;

	for (uint32_t received = 0; received < messages;) {
		Payload payload = {sent, ~sent};

		if (sent < messages && send(payload))
			++sent;
		if (!receive(payload))
			continue;
		if (payload.tag != received || payload.inverse != ~received)
			return -EBADMSG;
		++received;
	}
	return 0;
}

int Hca::make_and_talk(std::optional<Hca> &way, uint32_t messages)
{
	auto made = make();

	if (!made)
		return -ENODEV;
	way.emplace(std::move(*made));
	return way->talk(messages);
}

Made<Sockets> Sockets::udp()
{
	Sockets sockets(socket(AF_INET, SOCK_DGRAM, 0), socket(AF_INET, SOCK_DGRAM, 0));

	if (sockets.sender_ < 0 || sockets.receiver_ < 0)
		return because("no UDP sockets");
	if (!bring_loopback_up(sockets.sender_))
		return because("can't bring the loopback interface up");
	if (!connect_pair(sockets.sender_, sockets.receiver_))
		return because("can't connect UDP sockets");
	return sockets;
}

Made<Sockets> Sockets::unix_domain()
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) != 0)
		return because("no Unix sockets");
	return Sockets(fds[0], fds[1]);
}

Sockets::~Sockets()
{
	for (const int fd : {sender_, receiver_}) {
		if (fd >= 0)
			close(fd);
	}
}

} // namespace ways
