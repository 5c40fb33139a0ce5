// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "patience.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tap {

/// Test results as TAP 14 on stdout, one line each, at once: a board that dies has said all.
class Report {
public:
	Report() { line("TAP version 14"); }

	/// One result. Returns `good`, so that a test can stop where going on makes no sense.
	__attribute__((format(printf, 3, 4)))
	bool ok(bool good, const char *format, ...)
	{
		std::va_list args;

		va_start(args, format);
		result(good, format, args);
		va_end(args);
		std::fputc('\n', stdout);
		std::fflush(stdout);
		return good;
	}

	/// A call that must give `expected`: 0, or a negative errno value.
	__attribute__((format(printf, 4, 5)))
	bool gives(int expected, int got, const char *format, ...)
	{
		std::va_list args;

		va_start(args, format);
		result(got == expected, format, args);
		va_end(args);
		std::fputc('\n', stdout);
		if (got != expected)
			std::printf("# expected %s, got %s\n", name(expected), name(got));
		std::fflush(stdout);
		return got == expected;
	}

	__attribute__((format(printf, 3, 4)))
	void skip(const char *why, const char *format, ...)
	{
		std::va_list args;

		va_start(args, format);
		result(true, format, args);
		va_end(args);
		std::printf(" # SKIP %s\n", why);
		std::fflush(stdout);
	}

	/// Nothing of the rest makes sense.
	[[noreturn]] __attribute__((format(printf, 2, 3)))
	void bail_out(const char *format, ...)
	{
		std::va_list args;

		std::fputs("Bail out! ", stdout);
		va_start(args, format);
		std::vprintf(format, args);
		va_end(args);
		std::fputc('\n', stdout);
		std::fflush(stdout);
		std::exit(EXIT_FAILURE);
	}

	/// The plan, and the exit code of the program.
	int finish()
	{
		std::printf("1..%u\n", count_);
		std::fflush(stdout);
		return failed_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}

private:
	static void line(const char *text)
	{
		std::puts(text);
		std::fflush(stdout);
	}

	static const char *name(int result)
	{
		if (result == 0)
			return "success";

		const char *text = strerrorname_np(-result);

		return text ? text : "a number that is no errno";
	}

	void result(bool good, const char *format, std::va_list args)
	{
		alive();
		failed_ += !good;
		std::printf("%s %u - ", good ? "ok" : "not ok", ++count_);
		std::vprintf(format, args);
	}

	unsigned int count_ = 0;
	unsigned int failed_ = 0;
};

} // namespace tap
