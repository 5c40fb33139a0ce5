// SPDX-License-Identifier: GPL-2.0
/* Sample driver in C++: a ring of descriptors that a process may map. */
#include "sample_ring.h"

#include <dmamap/coherent.h>

#include <cstdint>
#include <new>
#include <utility>

using dmamap::Coherent;
using dmamap::Le;
using dmamap::UserAccess;

namespace {

constexpr std::size_t kEntries = 256;
constexpr Le<std::uint32_t> kReady{1};

/// A descriptor, laid out as in the device's manual.
struct Entry {
	Le<std::uint64_t> next;   ///< bus address of the next entry
	Le<std::uint32_t> number;
	Le<std::uint32_t> flags;  ///< kReady: the device may look
};

void fill(const Coherent<Entry> &ring)
{
	for (std::uint32_t i = 0; i < ring.size(); i++) {
		const std::uint64_t next = ring.bus((i + 1) % ring.size());

		ring[i].write_split(&Entry::next, Le<std::uint64_t>(next));
		ring[i].write(&Entry::number, Le<std::uint32_t>(i));
		ring[i].publish(&Entry::flags, kReady);
	}
}

} // namespace

struct sample_ring {
	Coherent<Entry> entries;
};

const unsigned int sample_ring_bytes = sizeof(sample_ring);

int sample_ring_start(sample_ring *ring, device *dev)
{
	auto entries = Coherent<Entry>::alloc(dev, kEntries, {.name = "ring", .no_snoop = true});

	if (!entries)
		return entries.error().to_errno();
	fill(*entries);
	new (ring) sample_ring{std::move(*entries)};
	return 0;
}

void sample_ring_stop(sample_ring *ring)
{
	ring->~sample_ring();
}

int sample_ring_behind(const sample_ring *ring, unsigned long long *pfn)
{
	const auto frame = ring->entries.frame();

	if (!frame)
		return frame.error().to_errno();
	*pfn = frame->pfn;
	return static_cast<int>(frame->behind);
}

int sample_ring_mmap(const sample_ring *ring, vm_area_struct *vma)
{
	const auto mapped = ring->entries.mmap(vma, UserAccess::read);

	return mapped ? 0 : mapped.error().to_errno();
}
