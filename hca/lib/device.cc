// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

namespace libhca {
namespace {

struct KindAccess {
	hca_kind kind;
	int protection;
};

constexpr KindAccess kAccess[] = {
	{HCA_KIND_REGISTERS, PROT_READ | PROT_WRITE},
	{HCA_KIND_PIO, PROT_WRITE},
	{HCA_KIND_EAGER, PROT_READ},
	{HCA_KIND_HEADERS, PROT_READ | PROT_WRITE},
	{HCA_KIND_PIO_AVAIL, PROT_READ},
};

} // namespace

bool makes_sense(const hca_context_info &info) noexcept
{
	if (info.pio_buffers == 0 || info.pio_buffers > HCA_PIO_BUFFERS)
		return false;
	if (info.eager_buffers == 0 || !std::has_single_bit(info.header_entries))
		return false;

	const uint64_t needed[HCA_KINDS] = {
		HCA_PAGE_BYTES,
		uint64_t{info.pio_buffers} * HCA_PIO_BYTES,
		uint64_t{info.eager_buffers} * HCA_EAGER_BYTES,
		uint64_t{info.header_entries} * HCA_HDR_BYTES,
		HCA_PAGE_BYTES,
	};

	for (const auto &[kind, protection] : kAccess) {
		const uint64_t bytes = info.kind[kind].bytes;

		if (bytes < needed[kind] || bytes > std::numeric_limits<std::size_t>::max())
			return false;
	}
	return true;
}

std::expected<Device, int> Device::open(const char *node, const hca_options &options) noexcept
{
	Device device(::open(node, O_RDWR | O_CLOEXEC));

	if (device.fd_ < 0)
		return std::unexpected(-errno);
	if (const int error = device.open_context(options))
		return std::unexpected(error);
	for (const auto &[kind, protection] : kAccess) {
		if (const int error = device.map(kind, protection))
			return std::unexpected(error);
	}
	return device;
}

int Device::open_context(const hca_options &options) noexcept
{
	const bool clear = std::ranges::all_of(options.reserved,
					       [](uint32_t word) { return word == 0; });

	if (!clear)
		return -EINVAL;
	info_.abi = HCA_ABI_VERSION;
	info_.flags = options.flags;
	info_.context = options.context;
	info_.partition = options.partition;
	if (ioctl(fd_, HCA_IOC_OPEN_CONTEXT, &info_) != 0)
		return -errno;
	return makes_sense(info_) ? 0 : -EPROTO;
}

int Device::map(hca_kind kind, int protection) noexcept
{
	const auto bytes = static_cast<std::size_t>(info_.kind[kind].bytes);
	void *address = mmap(nullptr, bytes, protection, MAP_SHARED, fd_,
			     static_cast<off_t>(info_.kind[kind].offset));

	if (address == MAP_FAILED)
		return -errno;
	maps_[kind] = {static_cast<std::byte *>(address), bytes};
	return 0;
}

Device::Device(Device &&other) noexcept
	: fd_(std::exchange(other.fd_, -1)), info_(other.info_),
	  maps_(std::exchange(other.maps_, {}))
{
}

Device::~Device()
{
	for (const auto map : maps_) {
		if (!map.empty())
			munmap(map.data(), map.size());
	}
	if (fd_ >= 0)
		close(fd_);
}

Mappings Device::mappings() const noexcept
{
	return {
		.registers = maps_[HCA_KIND_REGISTERS],
		.pio = maps_[HCA_KIND_PIO],
		.eager = maps_[HCA_KIND_EAGER],
		.headers = maps_[HCA_KIND_HEADERS],
		.pio_avail = maps_[HCA_KIND_PIO_AVAIL],
	};
}

Geometry Device::geometry() const noexcept
{
	return {
		.pio_buffers = info_.pio_buffers,
		.eager_buffers = info_.eager_buffers,
		.header_entries = info_.header_entries,
	};
}

} // namespace libhca
