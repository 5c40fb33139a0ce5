// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "patience.h"

#include <fcntl.h>
#include <sys/klog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// All of a file of proc, sysfs, debugfs or tracefs; empty if it can't be read.
inline std::string read_file(const std::string &path)
{
	const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
	std::string all;
	char part[4096];
	ssize_t got;

	if (fd < 0)
		return all;
	while ((got = read(fd, part, sizeof(part))) > 0)
		all.append(part, static_cast<std::size_t>(got));
	close(fd);
	return all;
}

/// One write(), as a shell's echo does it; 0 or a negative errno value.
inline int write_file(const std::string &path, std::string_view text)
{
	const int fd = open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text.data(), text.size()) < 0)
		error = -errno;
	close(fd);
	return error;
}

/// All of the layer's memory that nobody uses becomes ordinary; 0 or a negative errno value.
inline int drain_pool()
{
	return write_file("/sys/kernel/debug/dmamap/pool", "drain\n");
}

/// Waits until the layer's workers have nothing to do: what the layer counts stands still then, as
/// long as nothing is allocated or freed. 0 or a negative errno value.
inline int settle_layer()
{
	return write_file("/sys/kernel/debug/dmamap/pool", "settle\n");
}

inline std::vector<std::string> lines_of(const std::string &text)
{
	std::vector<std::string> lines;

	for (std::size_t at = 0; at < text.size();) {
		const std::size_t end = std::min(text.find('\n', at), text.size());

		lines.push_back(text.substr(at, end - at));
		at = end + 1;
	}
	return lines;
}

using Values = std::map<std::string, long long>;

/// Lines "KEY VALUE" or "KEY: VALUE kB".
inline Values values_of(const char *path)
{
	Values values;

	for (const std::string &line : lines_of(read_file(path))) {
		char name[64];
		long long value;

		if (std::sscanf(line.c_str(), "%63[^: ]%*[: ]%lld", name, &value) == 2)
			values[name] = value;
	}
	return values;
}

inline long long value_of(const Values &values, const char *name)
{
	const auto found = values.find(name);

	return found == values.end() ? 0 : found->second;
}

/// Bytes of vmalloc space that the layer has. Not VmallocUsed of meminfo, which counts the stacks of
/// the kernel's workers as well: they come and go with time, and mappings of frames are not in it.
inline long long layer_vmalloc()
{
	long long bytes = 0;

	for (const std::string &line : lines_of(read_file("/proc/vmallocinfo"))) {
		const std::size_t at = line.find(' ');

		if (line.find(" dmamap_") != std::string::npos && at != std::string::npos)
			bytes += std::strtoll(line.c_str() + at, nullptr, 10);
	}
	return bytes;
}

/// What the kernel has said since it started, as far as it still knows.
inline std::string kernel_log()
{
	constexpr int kReadAll = 3, kSize = 10;
	std::string log(static_cast<std::size_t>(klogctl(kSize, nullptr, 0)), '\0');
	const int got = klogctl(kReadAll, log.data(), static_cast<int>(log.size()));

	log.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
	return log;
}
