// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "peer.h"
#include "pipe.h"

#include <sys/types.h>

#include <expected>
#include <string>

namespace hello {

/// A peer as its parent sees it. The object's end kills a peer that still runs.
///
/// Errors: a clause that follows the peer's name in a sentence.
class Child {
public:
	static std::expected<Child, std::string> start(Role role, const Options &options,
						       Progress &progress);

	Child(Child &&other) noexcept;
	Child &operator=(Child &&) = delete;
	~Child();

	/// For poll(): readable when the peer has said something, or is gone.
	int fd() const noexcept { return from_.fd(); }

	bool give(const Orders &orders) const noexcept { return to_.write(orders); }

	std::expected<Introduction, std::string> introduction();
	std::expected<Outcome, std::string> outcome();

private:
	Child(pid_t pid, Pipe to, Pipe from) noexcept
		: pid_(pid), to_(std::move(to)), from_(std::move(from)) {}

	template <typename T>
	std::expected<T, std::string> read();
	std::string death();

	pid_t pid_;
	Pipe to_;
	Pipe from_;
};

} // namespace hello
