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
	case HCA_ERR_BAD_PARTITION:
		return "bad partition";
	case HCA_ERR_LINK_DOWN:
		return "link down";
	case HCA_ERR_TIMEOUT:
		return "timeout";
	case HCA_ERR_CRC:
		return "crc";
	case HCA_ERR_SEQUENCE:
		return "sequence";
	case HCA_ERR_FRAME:
		return "bad frame";
	case HCA_ERRORS_END:
		break;
	}
	return "unknown";
}

// An address for people: the context, with the node before it unless that is 0.
std::string where(uint32_t address)
{
	const std::string context = std::to_string(HCA_ADDRESS_CONTEXT(address));

	if (HCA_ADDRESS_NODE(address) == 0)
		return context;
	return std::to_string(HCA_ADDRESS_NODE(address)) + "." + context;
}

void print_packet(std::FILE *file, const Event &event)
{
	using Kind = Event::Kind;

	const std::string from = where(event.context);
	const std::string to = where(event.dest);

	switch (event.kind) {
	case Kind::deliver:
		std::fprintf(file, "deliver from=%s to=%s entry=%" PRIu32 " length=%" PRIu32
			     " tag=%" PRIu32 "\n", from.c_str(), to.c_str(), event.entry,
			     event.length, event.tag);
		break;
	case Kind::send:
		std::fprintf(file, "send from=%s to=%s length=%" PRIu32 " tag=%" PRIu32 "\n",
			     from.c_str(), to.c_str(), event.length, event.tag);
		break;
	case Kind::refuse_packet:
		std::fprintf(file, "refuse packet from=%s to=%s length=%" PRIu32 " tag=%" PRIu32
			     ": %s\n", from.c_str(), to.c_str(), event.length, event.tag,
			     name(event.error));
		break;
	case Kind::wait:
		std::fprintf(file, "wait from=%s to=%s tag=%" PRIu32 ": receiver is full\n",
			     from.c_str(), to.c_str(), event.tag);
		break;
	default:
		break;
	}
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
	case Kind::drop_frame:
		std::fprintf(file, "drop frame: %s\n", name(event.error));
		break;
	case Kind::interrupt:
		std::fprintf(file, "interrupt causes=0x%" PRIx32 "\n", event.causes);
		break;
	case Kind::link_up:
		std::fprintf(file, "link up\n");
		break;
	case Kind::link_down:
		std::fprintf(file, "link down\n");
		break;
	default:
		print_packet(file, event);
	}
}

} // namespace

std::expected<std::unique_ptr<Trace>, std::string> Trace::open(const std::string &path)
{
	std::FILE *file = path == "-" ? stderr : std::fopen(path.c_str(), "we");

	if (!file)
		return std::unexpected(path + ": cannot write the trace: " + std::strerror(errno));

	// By lines, so that the file has the last event before a crash of the board.
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
		     "{\"packets\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"received\": %" PRIu64
		     ", \"back_pressure\": %" PRIu64 ", \"dropped\": %" PRIu64,
		     stats.packets, stats.bytes, stats.received, stats.back_pressure, stats.dropped);
	for (uint32_t error = HCA_ERR_BAD_LENGTH; error <= HCA_ERR_TIMEOUT; ++error)
		std::fprintf(file, ", \"refused %s\": %" PRIu64,
			     name(static_cast<hca_chip_error>(error)), stats.refused[error]);
	std::fprintf(file, ", \"enables\": %" PRIu64 ", \"disables\": %" PRIu64
		     ", \"resets\": %" PRIu64 ", \"interrupts\": %" PRIu64 "}\n", stats.enables,
		     stats.disables, stats.resets, stats.interrupts);
}

} // namespace chip_model
