// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// Ways of a message of 8 bytes from sender to receiver: through the HCA and through the kernel.
///
/// Each has send() and receive(), which tell whether they did it at once, and settle(), which
/// returns when everything sent is there. A received message is in the caller's memory.
namespace ways {

struct Payload {
	uint32_t tag;
	uint32_t inverse;
};

inline constexpr std::size_t kBytes = sizeof(Payload);
static_assert(kBytes == 8);

template <typename Way>
using Made = std::expected<Way, std::string>;

/// Two contexts of the HCA.
class Hca {
public:
	static Made<Hca> make();

	bool send(const Payload &payload) noexcept
	{
		return hca_send(sender_.get(), address_, payload.tag, &payload, kBytes) == 0;
	}

	bool receive(Payload &payload) noexcept
	{
		hca_message message;

		if (hca_receive(receiver_.get(), &message) != 0 || message.length != kBytes)
			return false;
		std::memcpy(&payload, std::assume_aligned<32>(message.payload), kBytes);
		return hca_release(receiver_.get()) == 0;
	}

	void settle() const noexcept
	{
		while (!hca_drained(sender_.get()))
			usleep(100);
	}

	/// Sends and receives this many, polling; 0, or -EBADMSG when one isn't as it was sent.
	int talk(uint32_t messages) noexcept;

	/// A new pair in @way that has talked once: what is needed only at first is there. As
	/// talk(), or -ENODEV.
	static int make_and_talk(std::optional<Hca> &way, uint32_t messages);

private:
	Hca(libhca::Context sender, libhca::Context receiver) noexcept
		: sender_(std::move(sender)), receiver_(std::move(receiver)),
		  address_(hca_address(receiver_.get())) {}

	libhca::Context sender_, receiver_;
	uint32_t address_;
};

/// Two datagram sockets that are connected: nothing is looked up for a message.
class Sockets {
public:
	static Made<Sockets> udp();
	static Made<Sockets> unix_domain();

	Sockets(Sockets &&other) noexcept
		: sender_(std::exchange(other.sender_, -1)),
		  receiver_(std::exchange(other.receiver_, -1)) {}
	~Sockets();

	bool send(const Payload &payload) noexcept
	{
		return ::send(sender_, &payload, kBytes, MSG_DONTWAIT) == ssize_t{kBytes};
	}

	bool receive(Payload &payload) noexcept
	{
		return recv(receiver_, &payload, kBytes, MSG_DONTWAIT) == ssize_t{kBytes};
	}

	void settle() const noexcept {}

private:
	Sockets(int sender, int receiver) noexcept : sender_(sender), receiver_(receiver) {}

	int sender_, receiver_;
};

/// No message at all: the cost of measuring.
struct Nothing {
	bool send(const Payload &payload) noexcept { return touch(payload); }
	bool receive(Payload &payload) noexcept { return touch(payload); }
	void settle() const noexcept {}

private:
	static bool touch(const Payload &payload) noexcept
	{
		asm volatile("" : : "r"(&payload) : "memory");
		return true;
	}
};

} // namespace ways
