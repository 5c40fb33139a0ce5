// SPDX-License-Identifier: GPL-2.0
// Round trips of one message between two contexts.
#include "bench.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr char kProgram[] = "hca-pingpong";
constexpr char kDoc[] =
	"Sends a message to another context, which sends it back, again and again: how long does a "
	"round trip take?";
constexpr uint32_t kWarmUp = 100;

int fail(int error, uint32_t done)
{
	std::fprintf(stderr, "%s: after %u round trips: %s\n", kProgram, done, std::strerror(-error));
	return EXIT_FAILURE;
}

void report(std::vector<uint64_t> &times, const bench::Options &options)
{
	std::ranges::sort(times);

	const auto at = [&](std::size_t percent) {
		return static_cast<unsigned long long>(times[(times.size() - 1) * percent / 100]);
	};

	if (options.json)
		std::printf("{\"messages\": %zu, \"size\": %u, \"min_us\": %llu, \"median_us\": %llu, "
			    "\"p99_us\": %llu, \"max_us\": %llu}\n", times.size(), options.size, at(0),
			    at(50), at(99), at(100));
	else
		std::printf("%zu round trips of %u bytes: %llu us at best, half within %llu us, 99 of "
			    "100 within %llu us, all within %llu us\n", times.size(), options.size,
			    at(0), at(50), at(99), at(100));
}

int measure(hca *handle, uint32_t peer, const bench::Options &options)
{
	const uint64_t deadline = bench::now_us() + uint64_t{options.timeout_seconds} * 1000000;
	std::array<unsigned char, HCA_PAYLOAD_MAX> payload{};
	std::vector<uint64_t> times;

	times.reserve(options.messages);
	for (uint32_t i = 0; i < options.messages + kWarmUp; ++i) {
		const uint64_t start = bench::now_us();
		hca_message message;
		int error = bench::send(handle, peer, bench::kEcho, payload.data(), options.size);

		if (!error)
			error = bench::receive(handle, message, deadline);
		if (error)
			return fail(error, i);

		const uint64_t end = bench::now_us();

		if (message.length != options.size || message.source != peer)
			return fail(-EBADMSG, i);
		hca_release(handle);
		if (i >= kWarmUp)
			times.push_back(end - start);
	}
	report(times, options);
	return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char **argv)
{
	const auto options = bench::Options::parse(argc, argv, kDoc);

	return bench::run(kProgram, options, [&](hca *handle, uint32_t peer) {
		return measure(handle, peer, options);
	});
}
