// SPDX-License-Identifier: GPL-2.0
// Requests to a mapper, its mappings, and what the layer says of itself.
#include "kernel_files.h"
#include "mapping.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#ifndef MAPPING_NODE
#define MAPPING_NODE MAPPER_LAYER_NODE
#endif

namespace mapping {

const char *node = MAPPING_NODE;
bool stock;
mapper_info info;

int result(long value)
{
	return value < 0 ? -errno : 0;
}

std::size_t page_bytes()
{
	static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

	return bytes;
}

Map::Map(int fd, std::uint64_t page, std::size_t bytes, int protection, int flags) : bytes_(bytes)
{
	void *address = mmap64(nullptr, bytes, protection, flags, fd,
			       static_cast<off64_t>(page * page_bytes()));

	if (address == MAP_FAILED)
		error_ = -errno;
	else
		data_ = static_cast<std::byte *>(address);
}

void Map::unmap()
{
	if (data_)
		munmap(std::exchange(data_, nullptr), bytes_);
}

std::size_t Map::wrong(std::uint32_t seed, std::size_t first) const
{
	std::size_t count = 0;

	for (std::size_t i = 0; i < bytes_ / sizeof(std::uint32_t); ++i)
		count += word(i) != mapper_word(seed, static_cast<std::uint32_t>(first + i));
	return count;
}

std::size_t Map::not_zero() const
{
	std::size_t count = 0;

	for (std::size_t i = 0; i < bytes_ / sizeof(std::uint32_t); ++i)
		count += word(i) != 0;
	return count;
}

void Map::fill(std::uint32_t value) const
{
	for (std::size_t i = 0; i < bytes_ / sizeof(std::uint32_t); ++i)
		word(i) = value;
}

Steps::Steps()
	: memory_(-1, 0, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS),
	  count_(reinterpret_cast<std::atomic<unsigned int> *>(memory_.data())) {}

void Steps::await(unsigned int more) const
{
	for (const unsigned int before = *count_; *count_ - before < more;)
		std::this_thread::yield();
}

File::File(int flags) : fd_(open(node, flags | O_CLOEXEC)) {}

void File::shut()
{
	if (fd_ >= 0)
		close(std::exchange(fd_, -1));
}

int File::request(unsigned long number, void *argument) const
{
	return result(ioctl(fd_, number, argument));
}

long File::alloc(std::uint64_t bytes, unsigned int device, unsigned int flags) const
{
	mapper_alloc request = {};

	request.bytes = bytes;
	request.device = device;
	request.flags = flags;

	const int error = this->request(MAPPER_IOC_ALLOC, &request);

	return error ? error : static_cast<long>(request.id);
}

long File::view(std::initializer_list<Segment> segments, unsigned int access) const
{
	return view(std::span<const Segment>(segments.begin(), segments.size()), access);
}

long File::view(std::span<const Segment> segments, unsigned int access) const
{
	std::vector<mapper_segment> table;
	mapper_view request = {};

	for (const Segment &segment : segments)
		table.push_back({segment.id, 0, segment.offset, segment.bytes});
	request.segments = reinterpret_cast<std::uintptr_t>(table.data());
	request.count = static_cast<std::uint32_t>(table.size());
	request.access = access;

	const int error = this->request(MAPPER_IOC_VIEW, &request);

	return error ? error : static_cast<long>(request.id);
}

int File::free(long id) const
{
	mapper_object object = {static_cast<std::uint32_t>(id), 0};

	return request(MAPPER_IOC_FREE, &object);
}

int File::select(long id) const
{
	mapper_object object = {static_cast<std::uint32_t>(id), 0};

	return request(MAPPER_IOC_SELECT, &object);
}

int File::fill(long id, std::uint32_t seed) const
{
	mapper_pattern pattern = {static_cast<std::uint32_t>(id), seed, 0};

	return request(MAPPER_IOC_FILL, &pattern);
}

long File::check(long id, std::uint32_t seed) const
{
	mapper_pattern pattern = {static_cast<std::uint32_t>(id), seed, 0};
	const int error = request(MAPPER_IOC_CHECK, &pattern);

	return error ? error : static_cast<long>(pattern.wrong);
}

int File::resolve(long id, std::uint64_t offset, mapper_resolve *answer) const
{
	*answer = {};
	answer->id = static_cast<std::uint32_t>(id);
	answer->offset = offset;
	return request(MAPPER_IOC_RESOLVE, answer);
}

int File::revoke(long id, unsigned int after) const
{
	mapper_revoke revoke = {static_cast<std::uint32_t>(id), after, {}};

	return request(MAPPER_IOC_REVOKE, &revoke);
}

int File::reattach(long from, long to) const
{
	mapper_reattach argument = {static_cast<std::uint32_t>(from),
				    static_cast<std::uint32_t>(to), {}};

	return request(MAPPER_IOC_REATTACH, &argument);
}

int File::detach(long id) const
{
	mapper_object argument = {static_cast<std::uint32_t>(id), 0};

	return request(MAPPER_IOC_DETACH, &argument);
}

int File::unbind(unsigned int device) const
{
	mapper_device_id which = {device, 0};

	return request(MAPPER_IOC_UNBIND, &which);
}

int File::rebind(unsigned int device) const
{
	mapper_device_id which = {device, 0};

	return request(MAPPER_IOC_REBIND, &which);
}

long File::pin(const void *address, unsigned int pages, unsigned int flags) const
{
	mapper_pin pin = {};

	pin.address = reinterpret_cast<std::uintptr_t>(address);
	pin.pages = pages;
	pin.flags = flags;

	const int error = request(MAPPER_IOC_PIN, &pin);

	return error ? error : static_cast<long>(pin.pinned);
}

int File::unpin() const
{
	return request(MAPPER_IOC_UNPIN, nullptr);
}

void catch_faults(void (*handler)(int))
{
	struct sigaction action = {};

	action.sa_handler = handler;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGSEGV, &action, nullptr);
	sigaction(SIGBUS, &action, nullptr);
}

std::byte *fixed_place(const File &file, unsigned int number)
{
	constexpr std::uintptr_t kFirst = 0x60000000, kApart = 4 << 20;
	const long id = file.alloc(page_bytes());
	const Map probe = file.map(id, page_bytes());
	const std::uintptr_t colour = reinterpret_cast<std::uintptr_t>(probe.data()) % kApart;

	file.free(id);
	return reinterpret_cast<std::byte *>(kFirst + number * kApart + colour);
}

int map_at(std::byte *place, const File &file, long id, std::size_t first, std::size_t pages,
	   int protection)
{
	void *at = mmap64(place + first * page_bytes(), pages * page_bytes(), protection,
			  MAP_SHARED | MAP_FIXED, file.fd(),
			  static_cast<off64_t>(MAPPER_PAGE(id, first) * page_bytes()));

	return at == MAP_FAILED ? -errno : 0;
}

Counts Counts::now()
{
	const File file;
	mapper_info latest = {};

	latest.abi = MAPPER_ABI_VERSION;
	file.request(MAPPER_IOC_INFO, &latest);
	/* A worker that moves pages has some that are counted nowhere. */
	settle_layer();

	auto stats = values_of("/sys/kernel/debug/dmamap/stats");

	return {stats["regions"], stats["frames_coherent"], stats["frames_in_pool"],
		stats["quarantined"], latest.buffers};
}

long conflicts(std::uint64_t pfn)
{
	const int fd = open("/sys/kernel/debug/dmamap/frame", O_RDWR | O_CLOEXEC);
	char text[8192];
	long count = 0;

	if (fd < 0)
		return -errno;

	const int length = std::snprintf(text, sizeof(text), "%#llx\n",
					 static_cast<unsigned long long>(pfn));
	const ssize_t written = write(fd, text, static_cast<std::size_t>(length));
	const int error = written < 0 ? -errno : 0;
	const ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (error || got < 0)
		return error ? error : -EIO;
	text[got] = '\0';
	for (const char *at = text; (at = std::strstr(at, "CONFLICT")); ++at)
		++count;
	return count;
}

} // namespace mapping
