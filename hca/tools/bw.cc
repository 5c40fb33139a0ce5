// SPDX-License-Identifier: GPL-2.0
// Messages in one direction, as many as go through.
#include "bench.h"

#include <endian.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr char kProgram[] = "hca-bw";
constexpr char kDoc[] =
	"Sends messages to another context as fast as it takes them, and asks it how many came.";
constexpr uint64_t kSecond = 1000000;

int fail(int error, uint32_t done)
{
	std::fprintf(stderr, "%s: after %u messages: %s\n", kProgram, done, std::strerror(-error));
	return EXIT_FAILURE;
}

void report(uint64_t took_us, const bench::Options &options)
{
	const double seconds = static_cast<double>(took_us) / kSecond;
	const double rate = options.messages / seconds;
	const double mib = rate * options.size / (1 << 20);

	if (options.json)
		std::printf("{\"messages\": %u, \"size\": %u, \"seconds\": %.6f, "
			    "\"messages_per_second\": %.0f, \"mib_per_second\": %.3f}\n",
			    options.messages, options.size, seconds, rate, mib);
	else
		std::printf("%u messages of %u bytes in %.3f s: %.0f a second, %.2f MiB a second\n",
			    options.messages, options.size, seconds, rate, mib);
}

// Messages that the server has counted, or a negative errno value.
int64_t total(hca *handle, uint32_t peer, uint64_t deadline)
{
	uint32_t count;
	hca_message message;
	int error = bench::send(handle, peer, bench::kTotal, nullptr, 0);

	if (!error)
		error = bench::receive(handle, message, deadline);
	if (error)
		return error;
	if (message.length != sizeof(count))
		return -EBADMSG;
	std::memcpy(&count, message.payload, sizeof(count));
	hca_release(handle);
	return le32toh(count);
}

int measure(hca *handle, uint32_t peer, const bench::Options &options)
{
	const uint64_t deadline = bench::now_us() + options.timeout_seconds * kSecond;

	// Another client may have left a count: read it, which clears it.
	if (const int64_t before = total(handle, peer, deadline); before < 0)
		return fail(static_cast<int>(before), 0);

	const uint64_t start = bench::now_us();
	std::array<unsigned char, HCA_PAYLOAD_MAX> payload{};
	uint64_t next_sign = start + kSecond;

	for (uint32_t i = 0; i < options.messages; ++i) {
		const int error = bench::send(handle, peer, bench::kCount, payload.data(), options.size);

		if (error)
			return fail(error, i);
		if (i % 256 == 0 && bench::now_us() >= next_sign) {
			if (bench::now_us() >= deadline)
				return fail(-ETIMEDOUT, i);
			std::fprintf(stderr, "%u of %u\n", i, options.messages);
			next_sign += kSecond;
		}
	}

	const int64_t arrived = total(handle, peer, deadline);

	if (arrived < 0)
		return fail(static_cast<int>(arrived), options.messages);
	report(bench::now_us() - start, options);
	if (arrived == options.messages)
		return EXIT_SUCCESS;
	std::fprintf(stderr, "%s: %lld arrived of %u\n", kProgram, static_cast<long long>(arrived),
		     options.messages);
	return EXIT_FAILURE;
}

} // namespace

int main(int argc, char **argv)
{
	const auto options = bench::Options::parse(argc, argv, kDoc);

	return bench::run(kProgram, options, [&](hca *handle, uint32_t peer) {
		return measure(handle, peer, options);
	});
}
