// SPDX-License-Identifier: GPL-2.0
// Measures the cost of a message of 8 bytes in instructions: through the HCA, UDP and Unix sockets.
#include "arguments.h"
#include "hca.h"
#include "message_ways.h"
#include "ring.h"
#include "stopwatch.h"
#include "syscalls.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace {

constexpr char kProgram[] = "hca-figures";
constexpr char kDoc[] =
	"Counts the instructions of a message of 8 bytes, sender and receiver, through the HCA, through "
	"UDP on loopback and through a Unix socket; and what it asks of the kernel. The clock of the "
	"board must count instructions: \"make figures\" boots such a one."
	"\vExit status 0 says that all was measured, 2 that the clock doesn't count instructions.";

constexpr uint32_t kWarmUp = 100;
constexpr uint32_t kBatch = HCA_PIO_BUFFERS;	// messages that can be sent without waiting
constexpr uint32_t kTalk = 1000;		// messages whose system calls and faults are counted
constexpr int kNoClock = 2;

struct Options {
	uint32_t batches = 400;
	bool report = false;
};

constexpr arguments::Option<Options> kOptions[] = {
	{"batches", 'b', "N", "How often 8 messages are measured; the least counts (default 400)",
	 &Options::batches, 1, 1000000},
	{"report", 'r', nullptr, "Print lines '@dmamap figures.KEY VALUE'", &Options::report},
};

/// Nanoseconds of `kBatch` messages.
struct Cost {
	stopwatch::LeastTime send, receive;
	bool right = true;	///< each message came, and as it was sent
};

template <typename Way>
void run_batch(Way &way, Cost &cost)
{
	std::array<ways::Payload, kBatch> out, in{};
	uint32_t sent = 0, received = 0;

	for (uint32_t i = 0; i < kBatch; ++i)
		out[i] = {i, ~i};
	cost.send.take([&] {
		for (const ways::Payload &payload : out)
			sent += way.send(payload);
	});
	way.settle();
	cost.receive.take([&] {
		for (ways::Payload &payload : in)
			received += way.receive(payload);
	});
	cost.right &= sent == kBatch && received == kBatch;
	for (uint32_t i = 0; i < kBatch; ++i)
		cost.right &= in[i].tag == out[i].tag && in[i].inverse == out[i].inverse;
}

template <typename Way>
Cost measure(Way &way, uint32_t batches)
{
	Cost warm_up, cost;

	for (uint32_t i = 0; i < kWarmUp; ++i)
		run_batch(way, warm_up);
	for (uint32_t i = 0; i < batches; ++i)
		run_batch(way, cost);
	cost.right &= warm_up.right;
	return cost;
}

/// Prints the figures.
class Printer {
public:
	Printer(const Options &options, double per_ns)
		: options_(options), per_ns_(per_ns)
	{
		ways::Nothing nothing;

		nothing_ = measure(nothing, options.batches);
	}

	bool print(const char *name, const char *title, const Cost &cost) const
	{
		if (!cost.right) {
			std::fprintf(stderr, "%s: %s: messages got lost or changed\n", kProgram, title);
			return false;
		}

		const long send = each(cost.send, nothing_.send);
		const long receive = each(cost.receive, nothing_.receive);

		if (options_.report)
			std::printf("@dmamap figures.message.%s.send %ld\n"
				    "@dmamap figures.message.%s.receive %ld\n", name, send, name, receive);
		else
			std::printf("%-15s send %6ld, receive %6ld\n", title, send, receive);
		return true;
	}

private:
	long each(const stopwatch::LeastTime &cost, const stopwatch::LeastTime &nothing) const
	{
		const double ns = static_cast<double>(cost.ns()) - static_cast<double>(nothing.ns());

		return std::lround(ns * per_ns_ / kBatch);
	}

	const Options &options_;
	double per_ns_;
	Cost nothing_{};
};

template <typename Way>
bool measure_way(const Printer &printer, const Options &options, const char *name,
		 const char *title, ways::Made<Way> (*make)())
{
	auto way = make();

	if (!way) {
		std::fprintf(stderr, "%s: %s\n", kProgram, way.error().c_str());
		return false;
	}
	return printer.print(name, title, measure(*way, options.batches));
}

// Cost at sender and receiver when the process has this many contexts and uses them in turn.
bool measure_contexts(const Options &options, double per_ns, std::size_t count)
{
	auto ring = ways::Ring::make(count);
	Cost cost;

	if (!ring) {
		std::fprintf(stderr, "%s: %s\n", kProgram, ring.error().c_str());
		return false;
	}
	for (uint32_t i = 0; i < kWarmUp + options.batches / 4; ++i) {
		cost.send.take([&] { ring->send(); });
		ring->settle();
		cost.receive.take([&] { ring->receive(); });
	}

	const uint64_t messages = count * kBatch;
	const double ns = static_cast<double>(cost.send.ns() + cost.receive.ns());
	const long each = std::lround(ns * per_ns / static_cast<double>(messages));

	if (!ring->right() || ring->received() != messages * (kWarmUp + options.batches / 4)) {
		std::fprintf(stderr, "%s: messages of %zu contexts got lost or changed\n", kProgram,
			     count);
		return false;
	}
	if (options.report)
		std::printf("@dmamap figures.message.contexts.%zu %ld\n", count, each);
	else
		std::printf("%2zu contexts: send and receive %ld\n", count, each);
	return true;
}

bool print_count(const Options &options, const char *name, const char *title,
		 std::expected<long, int> count)
{
	if (!count) {
		std::fprintf(stderr, "%s: %s: %s\n", kProgram, title, std::strerror(-count.error()));
		return false;
	}
	if (options.report)
		std::printf("@dmamap figures.%s %ld\n", name, *count);
	else
		std::printf("%s: %ld\n", title, *count);
	return true;
}

bool count_calls(const Options &options)
{
	std::optional<ways::Hca> way;
	hca *handle = nullptr;
	const auto warm_up = [&] { return ways::Hca::make_and_talk(way, kTalk); };
	const auto talk = [&] { return way->talk(kTalk); };

	if (!print_count(options, "open.calls", "system calls to open and map a context",
			 syscalls::count([] { return 0; }, [&] { return hca_open(nullptr, &handle); })) ||
	    !print_count(options, "message.hca.calls", "system calls of 1000 messages",
			 syscalls::count(warm_up, talk)))
		return false;
	if (const int error = warm_up())
		return print_count(options, "", "warming up", std::unexpected(error));
	return print_count(options, "message.hca.faults", "faults of 1000 messages",
			   syscalls::page_faults(talk));
}

} // namespace

int main(int argc, char **argv)
{
	const Options options =
		arguments::parse<Options>({.options = kOptions, .doc = kDoc}, argc, argv);

	const double per_ns = stopwatch::instructions_per_ns();

	if (options.report)
		std::printf("@dmamap figures.clock.exact %d\n", per_ns != 0);
	if (per_ns == 0) {
		std::fprintf(stderr, "%s: the clock of this board does not count instructions\n",
			     kProgram);
		return kNoClock;
	}

	const Printer printer(options, per_ns);
	const bool good =
		measure_way(printer, options, "hca", "HCA", ways::Hca::make) &&
		measure_way(printer, options, "udp", "UDP, loopback", ways::Sockets::udp) &&
		measure_way(printer, options, "unix", "Unix datagram", ways::Sockets::unix_domain) &&
		measure_contexts(options, per_ns, 1) &&
		measure_contexts(options, per_ns, HCA_CONTEXTS) &&
		count_calls(options);

	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
