// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace chip_model {

/// Part of a file, mapped shared, so that the board sees all writes.
class SharedFile {
public:
	/// Maps `bytes` from `offset`, waiting for the file to appear with its full size.
	///
	/// Errors: a sentence that says what is wrong and what to do about it.
	/// Context: sleeps; a signal that `stop` reports ends the wait.
	static std::expected<SharedFile, std::string> map(const std::string &path, uint64_t offset,
							  uint64_t bytes,
							  std::chrono::seconds patience,
							  bool (*stop)() noexcept);

	SharedFile(SharedFile &&other) noexcept;
	SharedFile &operator=(SharedFile &&) = delete;
	~SharedFile();

	std::span<std::byte> bytes() const noexcept { return bytes_; }

	/// True when a byte of the file is in both.
	bool overlaps(const SharedFile &other) const noexcept;

private:
	SharedFile(std::span<std::byte> bytes, dev_t device, ino_t inode, uint64_t offset) noexcept
		: bytes_(bytes), device_(device), inode_(inode), offset_(offset) {}

	std::span<std::byte> bytes_;
	dev_t device_;
	ino_t inode_;
	uint64_t offset_;
};

} // namespace chip_model
