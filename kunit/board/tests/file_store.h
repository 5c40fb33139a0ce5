// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

/// Files of a tmpfs of its own, each with contents that only it has at that place.
/// Without swap the kernel can't throw such pages away: it can only move them.
class FileStore {
public:
	/// 0, or a negative errno value.
	int mount(const std::string &where)
	{
		where_ = where;
		mkdir(where.c_str(), 0700);
		/* Not the default, half of the memory: that is what we want to exceed. */
		if (::mount("tmpfs", where.c_str(), "tmpfs", 0, "size=95%,nr_inodes=0") != 0)
			return -errno;
		mounted_ = true;
		return 0;
	}

	/// All files at once.
	void unmount()
	{
		if (mounted_)
			umount2(where_.c_str(), 0);
		mounted_ = false;
		files_.clear();
		bytes_ = 0;
	}

	~FileStore() { unmount(); }

	[[nodiscard]] std::uint64_t bytes() const { return bytes_; }
	[[nodiscard]] std::size_t count() const { return files_.size(); }

	/// One file more, of 16 to 64 KiB; false if it could not be written.
	bool add()
	{
		files_.push_back({});
		return write(files_.size() - 1);
	}

	/// Every second file goes: what is free is in small pieces then.
	void thin_out()
	{
		for (std::size_t i = 0; i < files_.size(); i += 2)
			remove(i);
	}

	/// Compares a file and writes another in its place. False if it was not intact.
	bool replace(std::size_t index)
	{
		const bool intact = is_intact(index);

		remove(index);
		return write(index) && intact;
	}

	[[nodiscard]] std::size_t any() { return random_() % files_.size(); }

	/// How many files are not what was written.
	[[nodiscard]] std::size_t damaged()
	{
		std::size_t count = 0;

		for (std::size_t i = 0; i < files_.size(); ++i)
			count += !is_intact(i);
		return count;
	}

private:
	struct File {
		std::uint32_t seed = 0;
		std::size_t words = 0;  ///< 0 if there is none
	};

	static constexpr std::size_t kPageWords = 1024;
	static constexpr std::size_t kMostPages = 16;

	[[nodiscard]] std::string path(std::size_t index) const
	{
		return where_ + "/" + std::to_string(index);
	}

	static std::uint32_t word(std::uint32_t seed, std::size_t at)
	{
		return seed ^ (static_cast<std::uint32_t>(at) * 2654435769u);
	}

	bool write(std::size_t index)
	{
		File &file = files_[index];
		const int fd = open(path(index).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);

		if (fd < 0)
			return false;
		file.seed = ++serial_ * 2246822519u;
		file.words = (4 + random_() % (kMostPages - 3)) * kPageWords;
		for (std::size_t i = 0; i < file.words; ++i)
			buffer_[i] = word(file.seed, i);

		const std::size_t wanted = file.words * sizeof(std::uint32_t);
		const bool good = ::write(fd, buffer_.data(), wanted) ==
				  static_cast<ssize_t>(wanted);

		close(fd);
		bytes_ += wanted;
		return good;
	}

	void remove(std::size_t index)
	{
		File &file = files_[index];

		unlink(path(index).c_str());
		bytes_ -= file.words * sizeof(std::uint32_t);
		file.words = 0;
	}

	bool is_intact(std::size_t index)
	{
		const File &file = files_[index];

		if (file.words == 0)
			return true;

		const int fd = open(path(index).c_str(), O_RDONLY);
		/* One more than there should be: a longer file is not intact. */
		const ssize_t got = fd < 0 ? -1 : read(fd, buffer_.data(), sizeof(buffer_));

		if (fd >= 0)
			close(fd);
		if (got != static_cast<ssize_t>(file.words * sizeof(std::uint32_t)))
			return false;
		for (std::size_t i = 0; i < file.words; ++i)
			if (buffer_[i] != word(file.seed, i))
				return false;
		return true;
	}

	std::string where_;
	bool mounted_ = false;
	std::vector<File> files_;
	std::uint64_t bytes_ = 0;
	std::uint32_t serial_ = 0;
	std::minstd_rand random_{1};
	std::array<std::uint32_t, kMostPages * kPageWords + 1> buffer_{};
};
