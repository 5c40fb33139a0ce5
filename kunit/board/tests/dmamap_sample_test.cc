// SPDX-License-Identifier: GPL-2.0
// The sample drivers, in C and in C++: the ring that each of them fills, as a process maps it.
#include "kernel_files.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <regex>
#include <string>

namespace {

constexpr const char *kRegions = "/sys/kernel/debug/dmamap/regions";
constexpr unsigned int kEntries = 256;
constexpr unsigned int kEntryBytes = 16;
constexpr std::size_t kBytes = kEntries * kEntryBytes;
constexpr std::uint32_t kReady = 1;

/// An open sample with its ring mapped; the ring lies there as bytes.
class Ring {
public:
	Ring(const std::string &name, int flags) : fd_(open(("/dev/" + name).c_str(), flags))
	{
		if (fd_ < 0)
			return;

		void *at = map(PROT_READ, MAP_SHARED);

		data_ = at == MAP_FAILED ? nullptr : static_cast<const volatile unsigned char *>(at);
	}
	Ring(const Ring &) = delete;
	~Ring()
	{
		if (data_)
			munmap(const_cast<unsigned char *>(data_), kBytes);
		close(fd_);
	}

	bool mapped() const { return data_ != nullptr; }
	void *map(int protection, int flags) const
	{
		return mmap(nullptr, kBytes, protection, flags, fd_, 0);
	}
	int refusal(int protection, int flags) const
	{
		return map(protection, flags) == MAP_FAILED ? -errno : 0;
	}
	void drop_file()
	{
		close(fd_);
		fd_ = -1;
	}

	/// A little-endian number of an entry.
	std::uint64_t number(unsigned int entry, unsigned int from, unsigned int bytes) const
	{
		std::uint64_t value = 0;

		for (unsigned int i = bytes; i-- > 0;)
			value = value << 8 | data_[entry * kEntryBytes + from + i];
		return value;
	}

	std::string answer() const
	{
		char line[64] = {};

		return std::string(line, static_cast<std::size_t>(
						 std::max<ssize_t>(0, read(fd_, line, sizeof(line)))));
	}

private:
	int fd_;
	const volatile unsigned char *data_ = nullptr;
};

void test_entries(tap::Report &tap, const char *name, const Ring &ring)
{
	const std::uint64_t first = ring.number(kEntries - 1, 0, 8);
	unsigned int links = 0, numbers = 0, flags = 0;

	for (unsigned int i = 0; i < kEntries; i++) {
		links += ring.number(i, 0, 8) == first + (i + 1) % kEntries * kEntryBytes;
		numbers += ring.number(i, 8, 4) == i;
		flags += ring.number(i, 12, 4) == kReady;
	}
	tap.ok(first != 0 && first % 4096 == 0, "%s: the last entry names the first", name);
	tap.ok(links == kEntries, "%s: %u of %u entries name the next one", name, links, kEntries);
	tap.ok(numbers == kEntries, "%s: %u of %u numbers are right", name, numbers, kEntries);
	tap.ok(flags == kEntries, "%s: %u of %u flags are right", name, flags, kEntries);
}

/// The frame that the driver names is the one that the page table has.
void test_frame(tap::Report &tap, const char *name, const Ring &ring)
{
	static const std::regex form("reserved pfn 0x([0-9a-f]+)\n");
	const std::string answer = ring.answer();
	std::smatch part;

	tap.ok(std::regex_match(answer, part, form), "%s: says what is behind it", name);
	if (part.empty())
		return;

	// No board has an IOMMU or an offset: the bus has the addresses of the CPU.
	tap.ok(std::stoull(part[1], nullptr, 16) == ring.number(kEntries - 1, 0, 8) / 4096,
	       "%s: the page frame is where the bus address is", name);
}

void test_refusals(tap::Report &tap, const char *name, const Ring &ring)
{
	tap.gives(-EINVAL, ring.refusal(PROT_READ, MAP_PRIVATE), "%s: refuses MAP_PRIVATE", name);
	tap.gives(-EACCES, ring.refusal(PROT_READ | PROT_WRITE, MAP_SHARED), "%s: refuses to be written",
		  name);
}

unsigned int rings()
{
	unsigned int count = 0;

	for (const std::string &line : lines_of(read_file(kRegions)))
		count += line.starts_with("dmamap-sample-");
	return count;
}

void test_sample(tap::Report &tap, const char *name)
{
	const std::regex line(std::string(name) + " ring: .*");
	bool listed = false;
	{
		Ring ring(name, O_RDWR | O_CLOEXEC);

		if (!tap.ok(ring.mapped(), "%s: opens and maps", name))
			return;
		test_entries(tap, name, ring);
		test_frame(tap, name, ring);
		test_refusals(tap, name, ring);
		for (const std::string &region : lines_of(read_file(kRegions)))
			listed |= std::regex_match(region, line);
		tap.ok(listed, "%s: its region is listed by name", name);

		Ring other(name, O_RDWR | O_CLOEXEC);

		tap.ok(other.mapped() && other.number(0, 0, 8) != ring.number(0, 0, 8),
		       "%s: who opens it again gets a ring of his own", name);
		ring.drop_file();
		test_entries(tap, name, ring);
	}
	tap.ok(rings() == 0, "%s: the last mapping takes the ring along", name);
}

} // namespace

int main()
{
	tap::Report tap;

	for (const char *name : {"dmamap-sample-c", "dmamap-sample-cxx"})
		test_sample(tap, name);
	return tap.finish();
}
