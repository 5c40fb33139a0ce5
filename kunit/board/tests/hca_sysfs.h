// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "kernel_files.h"

#include <cstdlib>
#include <string>
#include <string_view>

/// The device of /dev/hca0 as sysfs shows it.
namespace hca_sysfs {

inline const std::string kFolder = "/sys/class/misc/hca0/";

/// One value of the device; empty when there is no such file.
inline std::string value(const std::string &name)
{
	const std::string text = read_file(kFolder + name);

	return text.substr(0, text.find('\n'));
}

inline std::string real_path(const std::string &path)
{
	char *found = realpath(path.c_str(), nullptr);
	const std::string name = found ? found : "";

	std::free(found);
	return name;
}

/// Unbinds the device and binds it again, by the names that it had when the object was made.
class Binding {
public:
	Binding()
		: device_(real_path(kFolder + "device")), driver_(real_path(kFolder + "device/driver")),
		  name_(device_.substr(device_.rfind('/') + 1)) {}

	int unbind() const { return write_file(driver_ + "/unbind", name_); }
	int bind() const { return write_file(driver_ + "/bind", name_); }
	bool found() const { return !device_.empty() && !driver_.empty(); }

private:
	std::string device_, driver_, name_;
};

/// How many regions the layer has.
inline long regions()
{
	constexpr std::string_view kKey = "regions ";

	for (const std::string &line : lines_of(read_file("/sys/kernel/debug/dmamap/stats"))) {
		if (line.starts_with(kKey))
			return std::strtol(line.c_str() + kKey.size(), nullptr, 10);
	}
	return -1;
}

} // namespace hca_sysfs
