// SPDX-License-Identifier: GPL-2.0
#include "coherent_steps.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "dma/include/dmamap/coherent.h"

using namespace dmamap;

namespace {

struct Entry {
	Le<std::uint64_t> buffer;
	Be<std::uint32_t> length;
	Le<std::uint16_t> tags[2];
	std::uint32_t count;
	Le<std::uint32_t> flags;
};

static_assert(sizeof(Entry) == 24);

} // namespace

struct coherent_steps {
	Coherent<Entry> entries;
};

const unsigned int coherent_steps_bytes = sizeof(coherent_steps);

int coherent_steps_alloc(coherent_steps *steps, device *dev, std::size_t count, int atomic,
			 const char *name)
{
	auto entries = Coherent<Entry>::alloc(dev, count,
					      {.name = name,
					       .gfp = atomic ? Gfp::atomic : Gfp::kernel,
					       .no_snoop = true});

	if (!entries)
		return entries.error().to_errno();
	new (steps) coherent_steps{std::move(*entries)};
	return 0;
}

void coherent_steps_end(coherent_steps *steps)
{
	steps->~coherent_steps();
}

dmamap_region *coherent_steps_region(const coherent_steps *steps)
{
	return steps->entries.region();
}

unsigned long long coherent_steps_bus(const coherent_steps *steps, std::size_t n)
{
	return steps->entries.bus(n);
}

int coherent_steps_frame(const coherent_steps *steps, std::size_t n, unsigned long long *pfn,
			 unsigned int *behind)
{
	const auto frame = steps->entries.frame(n);

	if (!frame)
		return frame.error().to_errno();
	*pfn = frame->pfn;
	*behind = static_cast<unsigned int>(frame->behind);
	return 0;
}

void coherent_steps_write(const coherent_steps *steps, std::size_t n, unsigned long long buffer,
			  unsigned int length, unsigned short tag, unsigned int count,
			  unsigned int flags)
{
	const Coherent<Entry> &entries = steps->entries;

	entries[n].write_split(&Entry::buffer, Le<std::uint64_t>(buffer));
	entries[n].write(&Entry::length, Be<std::uint32_t>(length));
	entries[n].at(&Entry::tags, 1).write(Le<std::uint16_t>(tag));
	entries[n].write(&Entry::count, count);
	entries[n].publish(&Entry::flags, Le<std::uint32_t>(flags));
}

int coherent_steps_reads(const coherent_steps *steps, std::size_t n, unsigned long long buffer,
			 unsigned int length, unsigned short tag, unsigned int count,
			 unsigned int flags)
{
	const Coherent<Entry> &entries = steps->entries;

	return entries[n].observe(&Entry::flags) == Le<std::uint32_t>(flags) &&
	       entries[n].read_split(&Entry::buffer).native() == buffer &&
	       entries[n].read(&Entry::length).native() == length &&
	       entries[n].at(&Entry::tags, 1).read().native() == tag &&
	       entries[n].read(&Entry::count) == count;
}

unsigned long long coherent_steps_hand_over(coherent_steps *steps, std::size_t n)
{
	auto given = std::move(steps->entries).to_device();
	const std::uint64_t bus = given.bus(n);

	steps->entries = std::move(given).to_cpu();
	return bus;
}
