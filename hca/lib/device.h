// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "data_path.h"
#include "hca.h"
#include "hca_abi.h"

#include <array>
#include <cstddef>
#include <expected>
#include <span>

namespace libhca {

/// True when the announced mappings are large enough for the announced counts, and the counts
/// within the limits of the chip. So no count of the driver leads outside of a mapping.
bool makes_sense(const hca_context_info &info) noexcept;

/// An open device node with a context and its mappings.
///
/// Errors: negative errno values.
class Device {
public:
	static std::expected<Device, int> open(const char *node,
					     const hca_options &options) noexcept;

	Device(Device &&other) noexcept;
	Device &operator=(Device &&) = delete;
	~Device();

	int fd() const noexcept { return fd_; }
	const hca_context_info &info() const noexcept { return info_; }
	Mappings mappings() const noexcept;
	Geometry geometry() const noexcept;

private:
	explicit Device(int fd) noexcept : fd_(fd) {}

	int open_context(const hca_options &options) noexcept;
	int map(hca_kind kind, int protection) noexcept;

	// The mappings go first, then the file and with it the context.
	int fd_;
	hca_context_info info_{};
	std::array<std::span<std::byte>, HCA_KINDS> maps_{};
};

} // namespace libhca
