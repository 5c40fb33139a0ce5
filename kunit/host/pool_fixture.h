/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include "dma/core/pooled_layer.h"
#include "kunit/host/fixture.h"

namespace dmamap::test {

/// A machine, a device on it, and the layer with a pool above it.
template <class S, std::size_t kChunks = 2, class M = sim::SimulatedMachine>
struct PoolFixture {
	explicit PoolFixture(const sim::Profile &profile, PoolLimits limits = {Pages(), Pages(64)})
		: machine(profile), layer(machine, pool, limits) {}

	Result<Region> alloc(std::uint64_t pages = 1) { return alloc_for(device, pages); }
	Result<Region> alloc_for(sim::Device &dev, std::uint64_t pages = 1)
	{
		return layer.alloc({.bytes = pages << kPageShift,
				    .reach = {dev.mask - dev.offset},
				    .device = &dev,
				    .snooping = dev.snooping,
				    .write_combine = write_combine},
				   &owner);
	}
	/// As an interrupt handler does.
	Result<Region> alloc_at_once(std::uint64_t pages = 1)
	{
		machine.in_interrupt(true);
		auto region = layer.alloc({.bytes = pages << kPageShift,
					   .reach = {.may_sleep = false},
					   .device = &device,
					   .write_combine = write_combine},
					  &owner);

		machine.in_interrupt(false);
		return region;
	}
	/// As a driver does that I/O waits for.
	Result<Region> alloc_without_io(std::uint64_t pages = 1)
	{
		return layer.alloc({.bytes = pages << kPageShift,
				    .reach = {.may_move = false},
				    .device = &device,
				    .write_combine = write_combine},
				   &owner);
	}
	void release(const Region &region) { layer.release(region); }

	[[nodiscard]] std::uint64_t free() { return layer.free_pages().count(); }
	/// The steps since the last call.
	[[nodiscard]] std::string said()
	{
		const std::string said = words(machine.steps());

		machine.forget_steps();
		return said;
	}
	/// Gives back all chunks that are not in use.
	void empty()
	{
		while (layer.shrink(Pages()))
			;
	}

	M machine;
	Pool<kChunks> pool;
	PooledLayer<M, S, kChunks> layer;
	sim::Device device;
	bool write_combine = false;   ///< asked for
	int owner = 0;
};

} // namespace dmamap::test
