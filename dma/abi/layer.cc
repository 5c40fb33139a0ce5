// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of layer.h: core and strategies over the kernel machine, with the
 * strategy that this board's backend.h names.
 */
#include "dma/abi/layer.h"

#include "backend.h"
#include "dma/abi/kernel_machine.h"
#include "dma/core/resting_layer.h"
#include "dma/core/user_map.h"
#include "dma/strategy/highmem.h"
#include "dma/strategy/purge.h"
#include "dma/strategy/unmap.h"

namespace dmamap {
namespace {

constexpr std::size_t kChunks = 64;

using BoardLayer = RestingLayer<KernelMachine, BoardStrategy, kChunks>;

constinit KernelMachine machine;
constinit Pool<kChunks> pool;
constinit Resting resting;

constexpr std::uint64_t kPageOfKib = kPageBytes / 1024;

constexpr RestingLimits kLimits = {
	.pool = {
		.floor = Pages(CONFIG_DMAMAP_POOL_ATOMIC_KIB / kPageOfKib),
		.bound = Pages(CONFIG_DMAMAP_POOL_KIB / kPageOfKib),
		.dirty = Pages(32),   // the smallest chunk has 64
	},
	.rest = least(Pages(CONFIG_DMAMAP_POOL_KIB / kPageOfKib / 4), Pages(Resting::kMost)),
	.dirty = Pages(32),
};

constinit BoardLayer layer(machine, pool, resting, kLimits);

u32 store_or_status(const Result<Region> &region, dmamap_core_region *out) noexcept
{
	if (region)
		store(*region, *out);
	return to_c(region);
}

BoardFacts facts_of(u32 cma_placement, u32 cpu_fit) noexcept
{
	return {.cma = static_cast<CmaPlacement>(cma_placement),
		.cpu = static_cast<CpuFit>(cpu_fit)};
}

u32 store(const Verdict &from, dmamap_core_verdict &to) noexcept
{
	to.why = from.why.data();
	to.why_bytes = static_cast<u32>(from.why.size());
	to.kept = from.kept;
	return from.kept ? DMAMAP_OK : DMAMAP_NODEV;
}

Verdict probe(StrategyId strategy, BoardFacts facts) noexcept
{
	switch (strategy) {
	case StrategyId::highmem:
		return Highmem::probe(facts);
	case StrategyId::unmap:
		return Unmap::probe(facts);
	case StrategyId::purge:
		return Purge<>::probe(facts);
	default:
		return {false, "that is no strategy of a board"};
	}
}

std::span<const UserSegment> segments_of(const dmamap_core_segment *segments, u32 count) noexcept
{
	// SAFETY: same layout, asserted in check_cxx.cc; plain integers on both sides.
	return {reinterpret_cast<const UserSegment *>(segments), count};
}

} // namespace
} // namespace dmamap

using namespace dmamap;

extern "C" {

u32 dmamap_core_board_strategy(void)
{
	return static_cast<u32>(BoardStrategy::kId);
}

u32 dmamap_core_probe(u32 strategy, u32 cma_placement, u32 cpu_fit, dmamap_core_verdict *verdict)
{
	return store(probe(static_cast<StrategyId>(strategy), facts_of(cma_placement, cpu_fit)),
		     *verdict);
}

u32 dmamap_core_board_probe(u32 cma_placement, u32 cpu_fit, dmamap_core_verdict *verdict)
{
	return store(BoardStrategy::probe(facts_of(cma_placement, cpu_fit)), *verdict);
}

u32 dmamap_core_alloc(const dmamap_core_request *request, void *owner, dmamap_core_region *region)
{
	return store_or_status(layer.alloc({.bytes = request->bytes,
					      .reach = {request->last_byte,
							static_cast<int>(request->node),
							request->may_sleep != 0,
							request->may_move != 0,
							request->area},
					      .device = request->device,
					      .snooping = request->snooping != 0,
					      .write_combine = request->write_combine != 0},
					     owner),
			       region);
}

u32 dmamap_core_adopt(u64 phys, u64 bytes, u32 behind, u32 attribute, void *owner,
		      dmamap_core_region *region)
{
	Layer<KernelMachine, BoardStrategy> unpooled(machine);

	return store_or_status(unpooled.adopt(PhysAddr(phys), bytes, static_cast<Behind>(behind),
					     static_cast<Attribute>(attribute), owner),
			       region);
}

void dmamap_core_release(const dmamap_core_region *region)
{
	layer.release(load(*region));
}

u32 dmamap_core_rest(const dmamap_core_region *region, void *owner)
{
	return layer.rest(load(*region), owner);
}

void *dmamap_core_wake(u64 pages, void *device)
{
	return layer.wake(Pages(pages), device);
}

void dmamap_core_pool_limits(dmamap_core_limits *limits)
{
	limits->floor = kLimits.pool.floor.count();
	limits->bound = kLimits.pool.bound.count();
}

void dmamap_core_empty(void)
{
	layer.empty();
}

u64 dmamap_core_resting(void)
{
	return layer.resting_pages().count();
}

void dmamap_core_pool_tend(void)
{
	layer.tend();
}

u32 dmamap_core_pool_shrink(u64 keep)
{
	return layer.shrink(Pages(keep));
}

u64 dmamap_core_pool_free(void)
{
	return layer.free_pages().count();
}

const char *dmamap_core_strategy_name(u32 strategy)
{
	static constexpr const char *names[] = {"highmem", "unmap", "purge", "snooped", "adopted"};

	static_assert(std::size(names) == DMAMAP_STRATEGIES);
	return strategy < std::size(names) ? names[strategy] : "unknown";
}

u32 dmamap_core_resolve(const dmamap_core_region *region, u64 cpu, u64 bus,
			dmamap_core_resolution *resolution)
{
	const auto found = resolve(load(*region), CpuAddr(cpu), BusAddr(bus));

	if (found) {
		resolution->pfn = found->pfn.raw();
		resolution->behind = static_cast<u32>(found->behind);
		resolution->attribute = static_cast<u32>(found->attribute);
	}
	return to_c(found);
}

u32 dmamap_core_user_check(const dmamap_core_segment *segments, u32 count)
{
	return to_c(total_bytes(segments_of(segments, count)));
}

u32 dmamap_core_user_admit(const dmamap_core_user_request *request,
			   const dmamap_core_segment *segments, u32 count)
{
	return to_c(admit({.shared = request->shared != 0,
			   .read = request->read != 0,
			   .write = request->write != 0,
			   .execute = request->execute != 0,
			   .bytes = request->bytes},
			  {.read = request->may_read != 0, .write = request->may_write != 0},
			  segments_of(segments, count)));
}

void dmamap_core_user_lay_out(dmamap_core_segment *segments, u32 count)
{
	// SAFETY: as segments_of().
	lay_out({reinterpret_cast<UserSegment *>(segments), count});
}

u32 dmamap_core_user_locate(const dmamap_core_segment *segments, u32 count, u64 page,
			    u32 *segment, u64 *region_page)
{
	const auto found = locate(segments_of(segments, count), page);

	if (!found)
		return DMAMAP_INVAL;
	*segment = static_cast<u32>(found->segment);
	*region_page = found->region_page;
	return DMAMAP_OK;
}

} // extern "C"
