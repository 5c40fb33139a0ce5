// SPDX-License-Identifier: GPL-2.0
#include "backoff.h"
#include "chip.h"
#include "eventfd_doorbell.h"
#include "faulty_wire.h"
#include "options.h"
#include "shared_file.h"
#include "trace.h"
#include "unix_wire.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <expected>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace {

using namespace chip_model;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBeat{20};	// the specification asks for 100 ms

volatile std::sig_atomic_t stop_asked;
volatile std::sig_atomic_t unplugged;

bool stopping() noexcept
{
	return stop_asked != 0;
}

void catch_signals() noexcept
{
	struct sigaction action = {};

	action.sa_handler = [](int) { stop_asked = 1; };
	sigaction(SIGTERM, &action, nullptr);
	sigaction(SIGINT, &action, nullptr);
	action.sa_handler = [](int number) { unplugged = number == SIGUSR1; };
	sigaction(SIGUSR1, &action, nullptr);
	sigaction(SIGUSR2, &action, nullptr);
}

// The parent may have died before prctl() took effect; then no signal comes.
void die_with(pid_t parent) noexcept
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		stop_asked = 1;
}

// A signal to stop, while the model still waits for the files, is no failure.
int fail(const std::string &why)
{
	if (stopping())
		return EXIT_SUCCESS;
	std::fprintf(stderr, "hca-model: %s\n", why.c_str());
	return EXIT_FAILURE;
}

void run(Chip &chip)
{
	auto next_beat = steady_clock::now();
	Backoff backoff;

	while (!stopping()) {
		if (chip.step())
			backoff.busy();
		else
			backoff.idle();

		if (const auto now = steady_clock::now(); now >= next_beat) {
			chip.beat();
			next_beat = now + kBeat;
		}
	}
}

// Returns a null pointer, which is no error, if no trace was asked for.
std::expected<std::unique_ptr<Trace>, std::string> open_trace(const Options &options)
{
	if (options.trace.empty())
		return nullptr;
	return Trace::open(options.trace);
}

std::expected<std::optional<EventfdDoorbell>, std::string> adopt_doorbell(const Options &options)
{
	if (!options.interrupt_fd)
		return std::nullopt;
	return EventfdDoorbell::adopt(static_cast<int>(*options.interrupt_fd));
}

int serve(const Options &options)
{
	const std::chrono::seconds patience{options.wait_seconds};
	const auto trace = open_trace(options);

	if (!trace)
		return fail(trace.error());

	const auto ram = SharedFile::map(options.ram, options.ram_offset, options.ram_bytes,
					 patience, stopping);

	if (!ram)
		return fail(ram.error());

	const auto window = SharedFile::map(options.window, options.window_offset,
					    HCA_WINDOW_BYTES, patience, stopping);

	if (!window)
		return fail(window.error());
	if (ram->overlaps(*window))
		return fail("the window lies inside the RAM that the chip may write; make "
			    "--ram-size smaller, as the board's mem= says");

	std::optional<UnixWire> wire;
	std::optional<FaultyWire> faulty;

	if (!options.fabric.empty()) {
		auto opened = UnixWire::open(options.fabric, options.node);

		if (!opened)
			return fail(opened.error());
		wire.emplace(std::move(*opened));
		faulty.emplace(*wire, options.faults, unplugged);
	}

	auto doorbell = adopt_doorbell(options);

	if (!doorbell)
		return fail(doorbell.error());

	Chip chip(Words(window->bytes()),
		  Memory(ram->bytes(), BusAddr{options.ram_base},
			 {.first = options.hole_first, .bytes = options.hole_bytes}),
		  {.observer = trace->get(), .wire = faulty ? &*faulty : nullptr,
		   .doorbell = *doorbell ? &**doorbell : nullptr,
		   .node = options.node, .epoch = std::random_device{}()});

	chip.start();
	run(chip);
	chip.stop();

	if (options.stats)
		print_stats(stdout, chip.stats());
	return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char **argv)
{
	const pid_t parent = getppid();
	const Options options = Options::parse(argc, argv);

	catch_signals();
	if (options.die_with_parent)
		die_with(parent);

	// The default slack of 50 us would stretch short sleeps.
	prctl(PR_SET_TIMERSLACK, 1000UL);
	return serve(options);
}
