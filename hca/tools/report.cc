// SPDX-License-Identifier: GPL-2.0
#include "report.h"

#include <cinttypes>
#include <cstdio>

namespace hello {
namespace {

constexpr const char *kKinds[HCA_KINDS] = {
	"registers", "pio", "eager", "headers", "pio_avail",
};

const char *name(uint32_t behind)
{
	switch (behind) {
	case HCA_BEHIND_PAGE:
		return "page";
	case HCA_BEHIND_RESERVED:
		return "reserved";
	case HCA_BEHIND_DEVICE:
		return "device";
	default:
		return "unknown";
	}
}

} // namespace

void Report::value(const char *key, uint64_t value) const
{
	if (machine_)
		std::printf("@dmamap %s %" PRIu64 "\n", key, value);
}

void Report::kinds(const hca_context_info &info) const
{
	std::printf("%-10s %-9s %10s %9s\n", "kind", "behind", "bytes", "segments");
	for (uint32_t kind = 0; kind < HCA_KINDS; ++kind) {
		const hca_kind_info &what = info.kind[kind];

		std::printf("%-10s %-9s %10llu %9" PRIu32 "\n", kKinds[kind], name(what.behind),
			    static_cast<unsigned long long>(what.bytes), what.segments);
		if (machine_)
			std::printf("@dmamap hca.kind.%s %s\n", kKinds[kind], name(what.behind));
	}
	std::fflush(stdout);
}

void Report::result(const Result &result) const
{
	const bool strict = result.sender.strict && result.receiver.strict;

	std::printf("%" PRIu32 " messages sent, %" PRIu32 " received, %" PRIu32
		    " corrupt, %" PRIu64 " us\n",
		    result.sender.messages, result.receiver.messages, result.receiver.corrupt,
		    result.time_us);
	std::printf("system calls on the data path: %s\n",
		    strict ? "none, the kernel would have killed the processes (seccomp strict)"
			   : "unknown, this kernel has no seccomp");

	value("hca.messages.sent", result.sender.messages);
	value("hca.messages.received", result.receiver.messages);
	value("hca.messages.corrupt", result.receiver.corrupt);
	value("hca.time_us", result.time_us);
	if (machine_)
		std::printf("@dmamap hca.data_path.syscalls %s\n", strict ? "0" : "unknown");
	std::fflush(stdout);
}

} // namespace hello
