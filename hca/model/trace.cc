// SPDX-License-Identifier: GPL-2.0
#include "trace.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>

namespace chip_model {
namespace {

const char *name(hca_chip_error error) noexcept
{
	switch (error) {
	case HCA_ERR_NONE:
		return "none";
	case HCA_ERR_BAD_LENGTH:
		return "bad length";
	case HCA_ERR_BAD_DEST:
		return "bad destination";
	case HCA_ERR_BAD_ADDRESS:
		return "bad address";
	case HCA_ERR_BAD_SETUP:
		return "bad setup";
	}
	return "unknown";
}

void print(std::FILE *file, const Event &event) noexcept
{
	using Kind = Event::Kind;

	switch (event.kind) {
	case Kind::start:
		std::fprintf(file, "start\n");
		break;
	case Kind::stop:
		std::fprintf(file, "stop\n");
		break;
	case Kind::reset:
		std::fprintf(file, "reset\n");
		break;
	case Kind::enable:
		std::fprintf(file, "enable context=%" PRIu32 "\n", event.context);
		break;
	case Kind::disable:
		std::fprintf(file, "disable context=%" PRIu32 "\n", event.context);
		break;
	case Kind::refuse_setup:
		std::fprintf(file, "refuse setup context=%" PRIu32 " address=0x%" PRIx64 ": %s\n",
			     event.context, event.address, name(event.error));
		break;
	case Kind::deliver:
		std::fprintf(file, "deliver from=%" PRIu32 " to=%" PRIu32 " entry=%" PRIu32
			     " length=%" PRIu32 " tag=%" PRIu32 "\n",
			     event.context, event.dest, event.entry, event.length, event.tag);
		break;
	case Kind::refuse_packet:
		std::fprintf(file, "refuse packet from=%" PRIu32 " to=%" PRIu32 " length=%" PRIu32
			     " tag=%" PRIu32 ": %s\n",
			     event.context, event.dest, event.length, event.tag, name(event.error));
		break;
	case Kind::wait:
		std::fprintf(file, "wait from=%" PRIu32 " to=%" PRIu32 " tag=%" PRIu32
			     ": receiver is full\n", event.context, event.dest, event.tag);
		break;
	}
}

} // namespace

std::expected<std::unique_ptr<Trace>, std::string> Trace::open(const std::string &path)
{
	std::FILE *file = path == "-" ? stderr : std::fopen(path.c_str(), "we");

	if (!file)
		return std::unexpected(path + ": cannot write the trace: " + std::strerror(errno));

	// So that the last thing before a crash of the board is in the file.
	std::setvbuf(file, nullptr, _IOLBF, 0);
	return std::unique_ptr<Trace>(new Trace(file));
}

Trace::~Trace()
{
	if (file_ != stderr)
		std::fclose(file_);
}

void Trace::event(const Event &event) noexcept
{
	const std::chrono::duration<double> age = std::chrono::steady_clock::now() - opened_;

	std::fprintf(file_, "%12.6f ", age.count());
	print(file_, event);
}

void print_stats(std::FILE *file, const Stats &stats) noexcept
{
	std::fprintf(file,
		     "{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64
		     ", \"back_pressure\": %" PRIu64 ", \"refused_length\": %" PRIu64
		     ", \"refused_dest\": %" PRIu64 ", \"refused_address\": %" PRIu64
		     ", \"refused_setup\": %" PRIu64 ", \"enables\": %" PRIu64
		     ", \"disables\": %" PRIu64 ", \"resets\": %" PRIu64 "}\n",
		     stats.packets, stats.bytes, stats.back_pressure, stats.refused_length,
		     stats.refused_dest, stats.refused_address, stats.refused_setup, stats.enables,
		     stats.disables, stats.resets);
}

} // namespace chip_model
