// SPDX-License-Identifier: GPL-2.0
// libhca for C++: the functions of hca.h, with an owner for the handle and errors as values.
#pragma once

#include "hca.h"

#include <cstddef>
#include <expected>
#include <memory>
#include <span>

namespace libhca {

/// A negative errno value, as documented in hca.h.
enum class Error : int {};

/// An address on the fabric.
enum class Address : uint32_t {};

constexpr Address address(uint32_t node, uint32_t context) noexcept
{
	return Address{HCA_ADDRESS(node, context)};
}

/// A message in the chip's memory. Its bytes are gone when the context releases the message.
struct Message {
	std::span<const std::byte> payload;
	Address source;
	uint32_t tag;
	uint32_t checksum;

	bool intact() const noexcept
	{
		return hca_crc32c(payload.data(), payload.size()) == checksum;
	}
};

/// A context; the destructor closes it. For one thread at a time.
class Context {
public:
	static std::expected<Context, Error> open(const hca_options &options = {},
						  const char *node = nullptr) noexcept
	{
		struct ::hca *handle = nullptr;

		if (const int error = hca_open_with(node, &options, &handle))
			return std::unexpected(Error{error});
		return Context(handle);
	}

	Address address() const noexcept { return Address{hca_address(get())}; }
	uint32_t peers() const noexcept { return hca_peers(get()); }
	enum ::hca_link link() const noexcept { return hca_link(get()); }
	hca_stats stats() const noexcept
	{
		hca_stats stats;

		hca_get_stats(get(), &stats);
		return stats;
	}

	std::expected<void, Error> send(Address dest, uint32_t tag,
					std::span<const std::byte> payload) noexcept
	{
		return result(hca_send(get(), static_cast<uint32_t>(dest), tag, payload.data(),
				       payload.size()));
	}

	std::expected<Message, Error> receive() noexcept
	{
		hca_message message;

		if (const int error = hca_receive(get(), &message))
			return std::unexpected(Error{error});
		return Message{{static_cast<const std::byte *>(message.payload), message.length},
			       Address{message.source}, message.tag, message.checksum};
	}

	std::expected<void, Error> release() noexcept { return result(hca_release(get())); }
	std::expected<void, Error> wait(int timeout_ms) noexcept
	{
		return result(hca_wait(get(), timeout_ms));
	}

	/// The handle, for functions that are only in hca.h.
	struct ::hca *get() const noexcept { return handle_.get(); }

private:
	struct Close {
		void operator()(struct ::hca *handle) const noexcept { hca_close(handle); }
	};

	explicit Context(struct ::hca *handle) noexcept : handle_(handle) {}

	static std::expected<void, Error> result(int error) noexcept
	{
		if (error)
			return std::unexpected(Error{error});
		return {};
	}

	std::unique_ptr<struct ::hca, Close> handle_;
};

} // namespace libhca
