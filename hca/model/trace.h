// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "event.h"

#include <chrono>
#include <cstdio>
#include <expected>
#include <memory>
#include <string>

namespace chip_model {

/// Writes one line of text for each event, with seconds since the trace was opened.
class Trace final : public Observer {
public:
	/// `path` "-" is stderr. Errors: a sentence.
	static std::expected<std::unique_ptr<Trace>, std::string> open(const std::string &path);

	~Trace();
	Trace(const Trace &) = delete;
	Trace &operator=(const Trace &) = delete;

	void event(const Event &event) noexcept override;

private:
	explicit Trace(std::FILE *file) noexcept : file_(file) {}

	std::FILE *file_;
	std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
};

/// Prints the counters as one line of JSON.
void print_stats(std::FILE *file, const Stats &stats) noexcept;

} // namespace chip_model
