// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <unistd.h>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace hello {

/// One end of a pipe for plain structs, closed with the object.
class Pipe {
public:
	Pipe() noexcept = default;
	explicit Pipe(int fd) noexcept : fd_(fd) {}
	Pipe(Pipe &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
	Pipe &operator=(Pipe &&other) noexcept
	{
		std::swap(fd_, other.fd_);
		return *this;
	}
	~Pipe()
	{
		if (fd_ >= 0)
			close(fd_);
	}

	int fd() const noexcept { return fd_; }

	/// True when the whole struct was written. One system call: it is shorter than PIPE_BUF.
	template <typename T>
	bool write(const T &value) const noexcept
	{
		static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 512);
		return ::write(fd_, &value, sizeof(value)) == ssize_t{sizeof(value)};
	}

	/// True when the whole struct was read; false at the end of the pipe.
	template <typename T>
	bool read(T &value) const noexcept
	{
		static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 512);
		return ::read(fd_, &value, sizeof(value)) == ssize_t{sizeof(value)};
	}

private:
	int fd_ = -1;
};

} // namespace hello
