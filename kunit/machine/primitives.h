/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <functional>
#include <span>

#include "dma/core/machine.h"
#include "kunit/judge/event.h"
#include "kunit/judge/profile.h"

namespace dmamap::sim {

/// A page of virtual addresses, by number, and the frame that it is for.
struct Page {
	std::uint64_t va;
	std::uint64_t pfn;
};

/// What a PTE of the linear map says in that state.
[[nodiscard]] judge::Attr to_attr(Linear linear) noexcept;

/// What the machine.c of an architecture and the glue do for each primitive of
/// dma/core/machine.h, as events. How, the profile says.
class Primitives {
public:
	using Sink = std::function<void(const judge::Event &)>;

	/// For orders that are wrong on purpose.
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

	/// @region is where the frames are mapped, @home where their owner had them.
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
