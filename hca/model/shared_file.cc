// SPDX-License-Identifier: GPL-2.0
#include "shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <thread>
#include <utility>

namespace chip_model {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRetry{10};

class Descriptor {
public:
	explicit Descriptor(int fd) noexcept : fd_(fd) {}
	~Descriptor()
	{
		if (fd_ >= 0)
			close(fd_);
	}
	Descriptor(const Descriptor &) = delete;
	Descriptor &operator=(const Descriptor &) = delete;

	int get() const noexcept { return fd_; }

private:
	int fd_;
};

std::string reason(const std::string &path, const std::string &what)
{
	return path + ": " + what;
}

std::string errno_reason(const std::string &path, const char *what)
{
	return reason(path, std::string(what) + ": " + std::strerror(errno));
}

// Succeeds when the file is there with its full size; the error says what is still missing.
std::expected<void, std::string> ready(const std::string &path, uint64_t end, struct stat &status)
{
	if (stat(path.c_str(), &status) != 0)
		return std::unexpected(reason(path, "does not exist; start QEMU with its "
					      "memory-backend-file first, or check the path"));
	if (!S_ISREG(status.st_mode))
		return std::unexpected(reason(path, "is not a regular file"));
	if (static_cast<uint64_t>(status.st_size) < end)
		return std::unexpected(reason(path, "has " + std::to_string(status.st_size) +
			" bytes, but offset and size need " + std::to_string(end) +
			"; check them against QEMU's memory-backend-file"));
	return {};
}

} // namespace

std::expected<SharedFile, std::string> SharedFile::map(const std::string &path, uint64_t offset,
						       uint64_t bytes,
						       std::chrono::seconds patience,
						       bool (*stop)() noexcept)
{
	if (bytes > std::numeric_limits<std::size_t>::max() ||
	    offset > uint64_t{std::numeric_limits<int64_t>::max()} - bytes)
		return std::unexpected(reason(path, "offset and size are too large"));

	const auto deadline = steady_clock::now() + patience;
	struct stat status;

	for (;;) {
		const auto found = ready(path, offset + bytes, status);

		if (found)
			break;
		if (stop())
			return std::unexpected(reason(path, "interrupted while waiting for it"));
		if (steady_clock::now() >= deadline)
			return std::unexpected(found.error());
		std::this_thread::sleep_for(kRetry);
	}

	const Descriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC));

	if (file.get() < 0)
		return std::unexpected(errno_reason(path, "cannot be opened for writing"));
	if (fstat(file.get(), &status) != 0)
		return std::unexpected(errno_reason(path, "cannot be examined"));

	void *address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(),
			     static_cast<off_t>(offset));

	if (address == MAP_FAILED)
		return std::unexpected(errno_reason(path, "cannot be mapped"));
	return SharedFile({static_cast<std::byte *>(address), static_cast<std::size_t>(bytes)},
			  status.st_dev, status.st_ino, offset);
}

SharedFile::SharedFile(SharedFile &&other) noexcept
	: bytes_(std::exchange(other.bytes_, {})), device_(other.device_), inode_(other.inode_),
	  offset_(other.offset_)
{
}

SharedFile::~SharedFile()
{
	if (!bytes_.empty())
		munmap(bytes_.data(), bytes_.size());
}

bool SharedFile::overlaps(const SharedFile &other) const noexcept
{
	return device_ == other.device_ && inode_ == other.inode_ &&
	       offset_ < other.offset_ + other.bytes_.size() &&
	       other.offset_ < offset_ + bytes_.size();
}

} // namespace chip_model
