// SPDX-License-Identifier: GPL-2.0
// The C interface of the library: translates calls to Device and DataPath, and nothing else.
#include "hca.h"

#include "data_path.h"
#include "device.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <new>
#include <utility>

struct hca {
	explicit hca(libhca::Device opened) noexcept
		: device(std::move(opened)), path(device.mappings(), device.geometry()) {}

	libhca::Device device;
	libhca::DataPath path;
};

namespace {

using Clock = std::chrono::steady_clock;

// Sleeps until the driver reports an event, or time is up; negative is for ever.
int sleep_for(const hca &hca, int milliseconds)
{
	pollfd file = {.fd = hca.device.fd(), .events = POLLIN, .revents = 0};

	if (poll(&file, 1, milliseconds) < 0)
		return -errno;
	if (const int error = hca.path.status_error())
		return error;
	return file.revents & (POLLERR | POLLHUP | POLLNVAL) ? -EIO : 0;
}

int milliseconds_until(Clock::time_point when)
{
	const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now());

	return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

} // namespace

int hca_open(const char *node, struct hca **out)
{
	const hca_options any{};

	return hca_open_with(node, &any, out);
}

int hca_open_with(const char *node, const struct hca_options *options, struct hca **out)
{
	if (!out)
		return -EINVAL;
	*out = nullptr;
	if (!options)
		return -EINVAL;

	auto device = libhca::Device::open(node ? node : HCA_DEVICE_NODE, *options);

	if (!device)
		return device.error();

	*out = new (std::nothrow) hca(std::move(*device));
	return *out ? 0 : -ENOMEM;
}

void hca_close(struct hca *hca)
{
	delete hca;
}

uint32_t hca_context(const struct hca *hca)
{
	return hca->device.info().context;
}

uint32_t hca_address(const struct hca *hca)
{
	return HCA_ADDRESS(hca->device.info().node, hca->device.info().context);
}

enum hca_link hca_link(const struct hca *hca)
{
	return hca->path.link();
}

uint32_t hca_peers(const struct hca *hca)
{
	return hca->path.peers();
}

int hca_fd(const struct hca *hca)
{
	return hca->device.fd();
}

void hca_get_stats(const struct hca *hca, struct hca_stats *stats)
{
	*stats = hca->path.stats();
}

const char *hca_error_name(uint32_t error)
{
	static constexpr const char *names[] = {
		"none", "bad length", "bad destination", "bad address", "bad setup",
		"bad partition", "link down", "timeout", "crc", "sequence", "bad frame",
	};

	static_assert(std::size(names) == HCA_ERRORS_END);
	return error < std::size(names) ? names[error] : "unknown";
}

const struct hca_context_info *hca_info(const struct hca *hca)
{
	return &hca->device.info();
}

// A message costs some 200 instructions, of which a call that only makes another call would be 9
// on PA-RISC: these three functions inline their callees.
[[gnu::flatten]]
int hca_send(struct hca *hca, uint32_t dest, uint32_t tag, const void *payload, size_t length)
{
	return hca->path.send(dest, tag, payload, length);
}

[[gnu::flatten]]
int hca_receive(struct hca *hca, struct hca_message *message)
{
	return hca->path.receive(*message);
}

[[gnu::flatten]]
int hca_release(struct hca *hca)
{
	return hca->path.release();
}

enum hca_status hca_status(const struct hca *hca)
{
	return hca->path.status();
}

uint32_t hca_errors(const struct hca *hca, uint32_t *last)
{
	if (last)
		*last = hca->path.last_error();
	return hca->path.errors();
}

int hca_drained(const struct hca *hca)
{
	return hca->path.drained();
}

int hca_wait(struct hca *hca, int timeout_ms)
{
	const auto deadline = Clock::now() + std::chrono::milliseconds(std::max(timeout_ms, 0));

	while (!hca->path.has_message()) {
		const int left = timeout_ms < 0 ? -1 : milliseconds_until(deadline);

		if (left == 0)
			return -ETIMEDOUT;
		if (const int error = sleep_for(*hca, left))
			return error;
	}
	return 0;
}
