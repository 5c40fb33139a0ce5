// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "kernel_files.h"

#include <sys/mount.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

/// One line of the trace: "task-pid [cpu] flags time: event: key=value ...".
struct TraceEvent {
	std::string name;
	std::map<std::string, std::string> fields;

	const std::string &text(const std::string &key) const
	{
		static const std::string missing = "(no such field)";
		const auto found = fields.find(key);

		return found == fields.end() ? missing : found->second;
	}
	unsigned long long number(const std::string &key) const
	{
		return std::strtoull(text(key).c_str(), nullptr, 0);
	}
	/// A primitive of the machine by its name, anything else as it is called.
	const std::string &step() const { return name == "dmamap_step" ? text("step") : name; }
};

/// The events of the layer that this process causes, from start() to stop().
class TraceLog {
public:
	/// 0, or a negative errno value: -ENODEV for a kernel without tracing.
	int mount_it() const
	{
		return mount("tracefs", kRoot, "tracefs", 0, nullptr) != 0 && errno != EBUSY ?
			-errno : 0;
	}

	bool has_event(const std::string &name) const
	{
		return access((kEvents + "/" + name + "/format").c_str(), R_OK) == 0;
	}

	/// Can a filter use the word? Then it is a field.
	bool has_field(const std::string &event, const std::string &field) const
	{
		const std::string format = read_file(kEvents + "/" + event + "/format");

		return format.find(" " + field + ";") != std::string::npos ||
		       format.find(" " + field + "[") != std::string::npos;
	}

	/// Not by set_event_pid: it is read with get_user(ch, ubuf++), and PA-RISC's get_user()
	/// of 6.12.117 evaluates its pointer twice (arch/parisc/include/asm/uaccess.h).
	int start() const
	{
		int error = write_file(kEvents + "/filter",
				       "common_pid == " + std::to_string(getpid()));

		if (error == 0)
			error = write_file(kRoot + std::string("/trace"), "");
		return error != 0 ? error : write_file(kEvents + "/enable", "1");
	}

	int filter(const std::string &event, const std::string &expression) const
	{
		return write_file(kEvents + "/" + event + "/filter", expression);
	}

	std::vector<TraceEvent> stop() const
	{
		write_file(kEvents + "/enable", "0");
		return events();
	}

	std::vector<TraceEvent> events() const
	{
		std::vector<TraceEvent> found;

		for (const std::string &line : lines_of(read_file(kRoot + std::string("/trace")))) {
			const std::size_t at = line.find(": dmamap_");

			if (!line.starts_with('#') && at != std::string::npos)
				found.push_back(parse(line.substr(at + 2)));
		}
		return found;
	}

private:
	static TraceEvent parse(const std::string &text)
	{
		const std::size_t colon = text.find(": ");
		TraceEvent event{text.substr(0, colon), {}};

		for (std::size_t at = colon + 2; colon != std::string::npos && at < text.size();) {
			const std::size_t end = std::min(text.find(' ', at), text.size());
			const std::string word = text.substr(at, end - at);
			const std::size_t equals = word.find('=');

			if (equals != std::string::npos)
				event.fields[word.substr(0, equals)] = word.substr(equals + 1);
			at = end + 1;
		}
		return event;
	}

	static constexpr const char *kRoot = "/sys/kernel/tracing";
	const std::string kEvents = std::string(kRoot) + "/events/dmamap";
};
