// SPDX-License-Identifier: GPL-2.0
// What the parts of mapping_test share: a mapper's file, its mappings, and cases that
// run in a process of their own. The numbers of cases are those of docs/mapping.md.
#pragma once

#include "kunit/mapper/mapper_abi.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

namespace mapping {

/// The device under test; and is it the one to compare with?
extern const char *node;
extern bool stock;
/// What the device said of itself.
extern mapper_info info;

inline bool has(unsigned int feature) { return (info.has & feature) != 0; }
/// 0, or a negative errno value, of a call that says -1.
int result(long value);
std::size_t page_bytes();

/// What a case expects; anything else is kept, with a sentence, for the parent.
class Check {
public:
	__attribute__((format(printf, 3, 4)))
	bool ok(bool good, const char *format, ...);
	/// A call must give exactly this: 0 or more, or a negative errno value.
	__attribute__((format(printf, 4, 5)))
	bool gives(long expected, long got, const char *format, ...);
	/// Not 0, whatever the errno: where the kernel and drivers may refuse first.
	__attribute__((format(printf, 3, 4)))
	bool refused(long got, const char *format, ...);
	/// Nothing of the rest makes sense.
	[[noreturn]] void stop();
};

struct Case {
	const char *name;	///< begins with its number
	void (*run)(Check &check);
	unsigned int needs = 0;	///< MAPPER_HAS_..., or these:
	unsigned int seconds = 60;	///< without a check: only against hanging
};

/// Not on all boards: RAM that can be adopted, a CPU that can go offline, a block device.
inline constexpr unsigned int kAdoptable = 1u << 30;
inline constexpr unsigned int kHotplug = 1u << 29;
inline constexpr unsigned int kDisk = 1u << 28;
/// The stock driver would stop the kernel, or has nothing like it.
inline constexpr unsigned int kLayer = 1u << 31;

std::span<const Case> argument_cases();
std::span<const Case> view_cases();
std::span<const Case> content_cases();
std::span<const Case> revoke_cases();
std::span<const Case> lifetime_cases();
std::span<const Case> pin_cases();
std::span<const Case> race_cases();
std::span<const Case> promised_cases();
std::span<const Case> socket_cases();

/// Memory of a process that is unmapped in the end.
class Map {
public:
	Map() = default;
	Map(int fd, std::uint64_t page, std::size_t bytes, int protection = PROT_READ | PROT_WRITE,
	    int flags = MAP_SHARED);
	Map(Map &&other) noexcept
		: data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_),
		  error_(other.error_) {}
	Map &operator=(Map &&other) noexcept
	{
		std::swap(data_, other.data_);
		std::swap(bytes_, other.bytes_);
		std::swap(error_, other.error_);
		return *this;
	}
	~Map() { unmap(); }

	void unmap();
	/// Somebody else unmaps it, or has.
	void forget() { data_ = nullptr; }
	/// It lies elsewhere now.
	void moved(void *to) { data_ = static_cast<std::byte *>(to); }

	[[nodiscard]] int error() const { return error_; }
	[[nodiscard]] std::byte *data() const { return data_; }
	[[nodiscard]] std::byte *page(std::size_t n) const { return data_ + n * page_bytes(); }
	[[nodiscard]] std::size_t size() const { return bytes_; }
	[[nodiscard]] volatile std::uint32_t &word(std::size_t index) const
	{
		return reinterpret_cast<volatile std::uint32_t *>(data_)[index];
	}
	/// Words that are not what MAPPER_IOC_FILL wrote there; @first is that of the first word.
	[[nodiscard]] std::size_t wrong(std::uint32_t seed, std::size_t first = 0) const;
	[[nodiscard]] std::size_t not_zero() const;
	void fill(std::uint32_t value) const;

private:
	std::byte *data_ = nullptr;
	std::size_t bytes_ = 0;
	int error_ = 0;
};

/// Steps that a process or a thread has made, as others see them: a test that needs it to have run
/// waits for them, not for a while.
class Steps {
public:
	Steps();

	void step() const { ++*count_; }
	/// Returns when so many steps more were made, counted from the call.
	void await(unsigned int more) const;

private:
	Map memory_;
	std::atomic<unsigned int> *const count_;
};

struct Segment {
	std::uint32_t id;
	std::uint64_t offset;
	std::uint64_t bytes;
};

inline constexpr unsigned int kReadWrite = MAPPER_READ | MAPPER_WRITE;

/// An open file of the mapper. What gives an id gives a negative errno value instead.
class File {
public:
	explicit File(int flags = O_RDWR);
	/// A file that came from elsewhere.
	static File given(int fd) { return File(Given{fd}); }
	File(File &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
	~File() { shut(); }

	void shut();
	[[nodiscard]] int fd() const { return fd_; }

	/// -ENOTTY and so on, or 0.
	int request(unsigned long number, void *argument) const;
	long alloc(std::uint64_t bytes, unsigned int device = MAPPER_NO_SNOOP,
		   unsigned int flags = 0) const;
	long view(std::initializer_list<Segment> segments, unsigned int access = kReadWrite) const;
	long view(std::span<const Segment> segments, unsigned int access = kReadWrite) const;
	int free(long id) const;
	int select(long id) const;
	int fill(long id, std::uint32_t seed) const;
	/// How many words differ, or a negative errno value.
	long check(long id, std::uint32_t seed) const;
	int resolve(long id, std::uint64_t offset, mapper_resolve *answer) const;
	int revoke(long id, unsigned int after = MAPPER_AFTER_SIGBUS) const;
	int reattach(long from, long to) const;
	int detach(long id) const;
	int unbind(unsigned int device = MAPPER_NO_SNOOP) const;
	int rebind(unsigned int device = MAPPER_NO_SNOOP) const;
	/// How many pages were pinned, or a negative errno value.
	long pin(const void *address, unsigned int pages, unsigned int flags = 0) const;
	int unpin() const;

	[[nodiscard]] Map map(long id, std::size_t bytes, int protection = PROT_READ | PROT_WRITE,
			      int flags = MAP_SHARED) const
	{
		return Map(fd_, MAPPER_PAGE(id, 0), bytes, protection, flags);
	}

private:
	struct Given {
		int fd;
	};

	explicit File(Given given) : fd_(given.fd) {}

	int fd_;
};

/// Fixed addresses for the first page of objects, one after the other, with room for 256 pages
/// and more. Nothing else is ever there. PA-RISC takes only some, 4 MiB apart: what it gives to
/// @file says which.
std::byte *fixed_place(const File &file, unsigned int number);
/// mmap() there, from page @first of an object, in place of what is there; 0 or an error.
int map_at(std::byte *place, const File &file, long id, std::size_t first, std::size_t pages,
	   int protection = PROT_READ | PROT_WRITE);

/// The signal that an access gets, or 0. Any thread.
int signal_of(const std::function<void()> &access);
int read_signal(const void *address);
int write_signal(void *address);
/// From now on this takes SIGSEGV and SIGBUS, those of a handler, too.
void catch_faults(void (*handler)(int));
/// What happens to a process that does this: the signal that ends it, or 0.
int child_signal(const std::function<void()> &work);

/// Buffer 1 of @file, filled with 1, can be mapped, and the mapping outlives the buffer.
void expect_usable(Check &check, const File &file);

/// What must be as before when a case is over.
struct Counts {
	long long regions, coherent, in_pool, quarantined, buffers;

	/// Once what still has to end has ended.
	static Counts now();
	/// Of memory in use: what the pool keeps is nobody's.
	[[nodiscard]] long long used() const { return coherent - in_pool; }
};

void expect_same(Check &check, const Counts &before);
/// Waits for it: the last reference of a file is dropped late.
void expect_soon(Check &check, const Counts &before);
/// Translations of a frame that conflict, as the X-ray sees them; negative: errno.
long conflicts(std::uint64_t pfn);

} // namespace mapping
