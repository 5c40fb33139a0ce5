/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <functional>
#include <span>

#include "dma/core/machine.h"
#include "kunit/judge/event.h"
#include "kunit/judge/profile.h"

namespace dmamap::sim {

/// A page of virtual addresses, by its number, and the frame that it maps.
struct Page {
	std::uint64_t va;
	std::uint64_t pfn;
};

/// The attribute of a PTE of the linear map in that state.
[[nodiscard]] judge::Attr to_attr(Linear linear) noexcept;

/// The events that the machine.c of an architecture and the glue cause for each
/// primitive of dma/core/machine.h, in the way that the profile names.
class Primitives {
public:
	using Sink = std::function<void(const judge::Event &)>;

	/// The barriers of a purge; two of these are for orders that are wrong on
	/// purpose.
	enum class Around : std::uint8_t { barriers, no_barrier_before, no_barrier_behind };

	struct Size {
		unsigned cpus = 2;
		unsigned lines = 2;   ///< of a page
	};

	Primitives(const judge::Profile &profile, Size size, Sink sink)
		: profile_(profile), size_(size), note_(std::move(sink)) {}

	void edit(Page page, judge::Attr attr) const;
	void purge(std::span<const Page> pages, Around around = Around::barriers) const;
	void drop_lazy(std::span<const Page> pages) const;
	void map(std::span<const Page> pages, judge::Attr attr) const;
	void unmap(std::span<const Page> pages) const;

	/// @region: the pages of the region's mapping. @home: the pages at which the
	/// owner of cached memory had the frames.
	void flush(std::span<const Page> region, std::span<const Page> home) const;
	void flush_by(judge::Op op, std::span<const Page> pages, unsigned lines) const;
	void store(std::span<const Page> pages, judge::Value value, unsigned lines) const;
	void load(std::span<const Page> pages) const;
	void barrier() const;

private:
	void each_line(std::span<const Page> pages, unsigned lines, judge::Event event) const;

	const judge::Profile &profile_;
	Size size_;
	Sink note_;
};

} // namespace dmamap::sim
