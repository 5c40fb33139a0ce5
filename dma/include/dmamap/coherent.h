/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coherent memory for drivers in C++: the one header to include. The C side of
 * a driver includes dmamap.h; docs/drivers.md shows both side by side.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <type_traits>
#include <utility>

#include "boundary.h"
#include "endian.h"
#include "error.h"
#include "slot.h"

namespace dmamap {

/// The owner of a buffer that is handed over as a whole.
struct Cpu;
struct Device;

/// Whether the caller of alloc() may sleep.
enum class Gfp : unsigned int { kernel = 0, atomic = DMAMAP_CXX_ATOMIC };

/// The most that a process may ever do with a mapping.
enum class UserAccess : unsigned int {
	read = DMAMAP_CXX_READ,
	write = DMAMAP_CXX_WRITE,
	read_write = DMAMAP_CXX_READ | DMAMAP_CXX_WRITE,
};

/// How to allocate; name only members that differ: {.name = "rx_ring"}.
struct AllocOptions {
	const char *name = nullptr;  ///< for dmamap_set_name(), or none
	Gfp gfp = Gfp::kernel;
	bool no_snoop = false;       ///< DMAMAP_NO_SNOOP
};

/// The frame behind an element: struct dmamap_pfn.
struct Frame {
	enum class Behind : unsigned int {
		page = DMAMAP_CXX_PAGE,
		reserved = DMAMAP_CXX_RESERVED,
		device = DMAMAP_CXX_DEVICE,
	};

	std::uint64_t pfn;
	Behind behind;
};

/// Orders earlier writes to memory before later ones: the kernel's dma_wmb().
/// Context: any.
inline void dma_wmb() noexcept { dmamap_cxx_wmb(); }

/// Orders earlier reads of memory before later ones: the kernel's dma_rmb().
/// Context: any.
inline void dma_rmb() noexcept { dmamap_cxx_rmb(); }

/// An array of T in coherent memory; the destructor gives the memory back.
///
/// `Coherent<T>` may be touched by the CPU; the device may have it at the same
/// time, entry by entry, as a ring (see Slot::publish()). A buffer that is
/// handed over as a whole becomes a `Coherent<T, Device>`, which has no
/// elements until the device is done:
///
///	auto given = std::move(command).to_device();
///	hw_ring_doorbell();
///	hw_wait();
///	auto answer = std::move(given).to_cpu();
///
/// Invariants: exactly one object has the region, so objects can't be copied; one
/// that was moved from has no region and no elements, and only its destructor may
/// run. The caller stops the device before the object ends: the end gives the
/// frames back, as soon as no process maps them.
template <class T, class Owner = Cpu>
class [[nodiscard]] Coherent {
	static_assert(std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>,
		      "what a device sees is bytes: T must be trivially copyable, of standard layout");
	static_assert(!std::is_pointer_v<T>, "a device can't follow a pointer of the CPU: use bus()");
	static_assert(!std::is_const_v<T> && !std::is_volatile_v<T>,
		      "elements are always accessed as volatile, and written by either side");
	static_assert(std::is_same_v<Owner, Cpu> || std::is_same_v<Owner, Device>,
		      "memory belongs to the Cpu or to the Device");

public:
	/// Allocates @count elements, all bytes zero, contiguous on the bus.
	///
	/// Errors: those of dmamap_alloc(); -EOVERFLOW if @count elements have
	/// more bytes than there can be.
	/// Context: process, may sleep; any with Gfp::atomic.
	[[nodiscard]] static std::expected<Coherent, Error>
	alloc(device *dev, std::size_t count, const AllocOptions &how = {}) noexcept
		requires std::is_same_v<Owner, Cpu>
	{
		// libc++ before 18 keeps the flag of std::expected in the tail padding
		// of the value, where constructing the value overwrites it
		// (https://github.com/llvm/llvm-project/issues/70494).
		static_assert(sizeof(std::expected<Coherent, Error>) > sizeof(Coherent));

		const unsigned int bits = static_cast<unsigned int>(how.gfp) |
					  (how.no_snoop ? DMAMAP_CXX_NO_SNOOP : 0);
		dmamap_region *region = nullptr;

		if (const int err = dmamap_cxx_alloc(dev, count, sizeof(T), bits, how.name, &region))
			return std::unexpected(Error(err));
		return Coherent(region, static_cast<T *>(dmamap_cpu_addr(region)), count);
	}

	Coherent(Coherent &&other) noexcept
		: region_(std::exchange(other.region_, nullptr)),
		  first_(std::exchange(other.first_, nullptr)),
		  count_(std::exchange(other.count_, 0)) {}

	Coherent &operator=(Coherent &&other) noexcept
	{
		Coherent old(std::move(other));

		std::swap(region_, old.region_);
		std::swap(first_, old.first_);
		std::swap(count_, old.count_);
		return *this;
	}

	/// Context: as dmamap_put().
	~Coherent()
	{
		// Tested here, so that an object that was moved from costs no call.
		if (region_)
			dmamap_put(region_);
	}

	/// Element @n; @n is checked only with CONFIG_DMAMAP_DEBUG_BOUNDS.
	/// Context: any.
	[[nodiscard]] Slot<T> operator[](std::size_t n) const noexcept
		requires std::is_same_v<Owner, Cpu>
	{
		check(n);
		return Slot<T>(first_ + n, region_);
	}

	/// Hands all elements to the device. All earlier writes are in memory when
	/// this returns, so the doorbell may ring. Ring it with writel(): the
	/// barrier orders writes to memory only, and writel() orders the register
	/// behind them. The barrier does not wait for reads: use read values first.
	///
	/// Context: any.
	[[nodiscard]] Coherent<T, Device> to_device() && noexcept
		requires std::is_same_v<Owner, Cpu>
	{
		dma_wmb();	// elements before the doorbell, or another signal to the device
		return pass_on<Device>();
	}

	/// Takes all elements back, when the device has said that it is done:
	/// later reads of elements are not older than the device's word.
	///
	/// Context: any.
	[[nodiscard]] Coherent<T, Cpu> to_cpu() && noexcept
		requires std::is_same_v<Owner, Device>
	{
		dma_rmb();	// the device's word before the elements
		return pass_on<Cpu>();
	}

	/// Number of elements. Context: any.
	[[nodiscard]] std::size_t size() const noexcept { return count_; }

	/// Bytes of the region: whole pages, as mmap() shows them. Context: any.
	[[nodiscard]] std::size_t bytes() const noexcept { return dmamap_size(region_); }

	/// Bus address of element @n, to tell the device. Context: any.
	[[nodiscard]] std::uint64_t bus(std::size_t n = 0) const noexcept
	{
		check(n);
		return dmamap_cxx_bus(region_) + n * sizeof(T);
	}

	/// Page frame behind element @n, tagged: dma_map_to_pfn().
	/// Errors: those of dma_map_to_pfn(). Context: any.
	[[nodiscard]] std::expected<Frame, Error> frame(std::size_t n = 0) const noexcept
	{
		dmamap_cxx_pfn answer = {};

		check(n);
		if (const int err = dmamap_cxx_resolve(region_, n * sizeof(T), &answer))
			return std::unexpected(Error(err));
		return Frame{answer.pfn, static_cast<Frame::Behind>(answer.behind)};
	}

	/// Maps the region into a process: dmamap_mmap() of one segment.
	///
	/// Errors: those of dmamap_mmap().
	/// Context: process, from the driver's mmap().
	[[nodiscard]] std::expected<void, Error> mmap(vm_area_struct *vma,
						      UserAccess access) const noexcept
	{
		if (const int err = dmamap_cxx_mmap(vma, region_, static_cast<unsigned int>(access)))
			return std::unexpected(Error(err));
		return {};
	}

	/// Names the region for debugfs and traces: dmamap_set_name(). Context: any.
	void set_name(const char *name) noexcept { dmamap_set_name(region_, name); }

	/// The region, for functions in C (dmamap_mmap() of several segments,
	/// dmamap_revoke()). The object keeps its reference. Context: any.
	[[nodiscard]] dmamap_region *region() const noexcept { return region_; }

private:
	template <class, class>
	friend class Coherent;

	Coherent(dmamap_region *region, T *first, std::size_t count) noexcept
		: region_(region), first_(first), count_(count) {}

	template <class Next>
	Coherent<T, Next> pass_on() noexcept
	{
		return Coherent<T, Next>(std::exchange(region_, nullptr),
					 std::exchange(first_, nullptr), std::exchange(count_, 0));
	}

	void check(std::size_t n) const noexcept { detail::check_bound(region_, n, count_); }

	dmamap_region *region_;  // counted
	T *first_;               // inside of the region; only Slot accesses it
	std::size_t count_;
};

} // namespace dmamap
