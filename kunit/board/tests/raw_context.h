// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_abi.h"
#include "hca_chip.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <utility>

/// A mapping, or why there is none.
class Mapping {
public:
	Mapping(int fd, std::size_t bytes, int protection, int flags, off_t offset) noexcept
	{
		void *address = mmap(nullptr, bytes, protection, flags, fd, offset);

		if (address == MAP_FAILED)
			error_ = -errno;
		else
			bytes_ = {static_cast<std::byte *>(address), bytes};
	}
	Mapping(Mapping &&other) noexcept
		: bytes_(std::exchange(other.bytes_, {})), error_(other.error_) {}
	~Mapping()
	{
		if (!bytes_.empty())
			munmap(bytes_.data(), bytes_.size());
	}

	/// 0, or a negative errno value.
	int error() const noexcept { return error_; }
	std::byte *data() const noexcept { return bytes_.data(); }
	std::size_t size() const noexcept { return bytes_.size(); }

	/// The first byte is read or written now, whatever the compiler thinks of it.
	void read() const noexcept
	{
		static_cast<void>(*reinterpret_cast<const volatile unsigned char *>(data()));
	}
	void write() const noexcept { *reinterpret_cast<volatile unsigned int *>(data()) = 0; }

	bool all_zero() const noexcept { return zero(bytes_); }

	/// All of it is zero, except for `bytes` at `offset`.
	bool zero_but(std::size_t offset, std::size_t bytes) const noexcept
	{
		return zero(bytes_.first(offset)) && zero(bytes_.subspan(offset + bytes));
	}

private:
	static bool zero(std::span<const std::byte> bytes) noexcept
	{
		return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
	}

	std::span<std::byte> bytes_;
	int error_ = 0;
};

inline bool node_is_there() noexcept
{
	return access(HCA_DEVICE_NODE, F_OK) == 0;
}

/// Memory of a context that nobody has used. The chip says how its link is at once, in two
/// words of the PIO-available page.
inline bool is_fresh(hca_kind kind, const Mapping &mapping) noexcept
{
	static_assert(HCA_AVAIL_PEERS == HCA_AVAIL_LINK + 4);
	return kind == HCA_KIND_PIO_AVAIL ? mapping.zero_but(HCA_AVAIL_LINK, 8) : mapping.all_zero();
}

/// The device node opened without the library, to ask for what the library never would.
class RawContext {
public:
	RawContext() noexcept : fd_(open(HCA_DEVICE_NODE, O_RDWR | O_CLOEXEC))
	{
		if (fd_ < 0)
			error_ = -errno;
	}
	RawContext(RawContext &&other) noexcept
		: info_(other.info_), fd_(std::exchange(other.fd_, -1)), error_(other.error_) {}
	~RawContext() { shut(); }

	/// Gets a context; 0 or a negative errno value.
	int open_context() noexcept
	{
		if (error_ != 0)
			return error_;
		info_ = {};
		info_.abi = HCA_ABI_VERSION;
		return request(&info_);
	}

	/// Gets a certain context, in a certain partition.
	int open_context(unsigned int flags, unsigned int context, unsigned int partition) noexcept
	{
		if (error_ != 0)
			return error_;
		info_ = {};
		info_.abi = HCA_ABI_VERSION;
		info_.flags = flags;
		info_.context = context;
		info_.partition = partition;
		return request(&info_);
	}

	int request(hca_context_info *info) const noexcept
	{
		return ioctl(fd_, HCA_IOC_OPEN_CONTEXT, info) != 0 ? -errno : 0;
	}

	void shut() noexcept
	{
		if (fd_ >= 0)
			close(std::exchange(fd_, -1));
	}

	Mapping map(hca_kind kind, int protection) const noexcept
	{
		return map(kind, protection, MAP_SHARED, bytes(kind));
	}
	Mapping map(hca_kind kind, int protection, int flags, std::size_t length) const noexcept
	{
		return Mapping(fd_, length, protection, flags, offset(kind));
	}

	std::size_t bytes(hca_kind kind) const noexcept { return info_.kind[kind].bytes; }
	off_t offset(hca_kind kind) const noexcept { return info_.kind[kind].offset; }
	const hca_context_info &info() const noexcept { return info_; }
	int fd() const noexcept { return fd_; }
	int error() const noexcept { return error_; }

private:
	hca_context_info info_{};
	int fd_;
	int error_ = 0;
};

/// Runs something in a child process; the signal that killed it, or 0.
template <typename Function>
int signal_of(Function function)
{
	std::fflush(stdout);

	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		function();
		_exit(EXIT_SUCCESS);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
