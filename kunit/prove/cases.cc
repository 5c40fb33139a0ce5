// SPDX-License-Identifier: GPL-2.0
#include "kunit/prove/cases.h"

#include <gtest/gtest.h>

#include "kunit/prove/programs.h"
#include "kunit/prove/verdict.h"

namespace dmamap::prove {
namespace {

using enum judge::Rule;

constexpr Case kCases[] = {
	/* Stock Linux 6.12 */
	{"arm CMA: zero and flush, then remap in place, then purge", "purge", "arm",
	 /* arch/arm/mm/dma-mapping.c, __alloc_from_contiguous(): __dma_clear_buffer(),
	    __dma_remap(); back: __free_from_contiguous() */
	 "take claim zero-linear flush-linear barrier close-uncached purge at-linear "
	 "publish use quiet withdraw barrier reopen purge release give",
	 alias | line | stale_read, line},
	{"the same without lazy aliases: the line that came in between", "purge", "arm",
	 "take claim lazy zero-linear flush-linear barrier close-uncached purge at-linear "
	 "publish use quiet withdraw barrier reopen purge release give",
	 line | stale_read, line},
	{"arm without CMA: the linear alias stays", "unmap", "arm",
	 /* arch/arm/mm/dma-mapping.c, __alloc_remap_buffer() */
	 "take claim lazy zero-linear flush-linear barrier map publish use quiet withdraw "
	 "barrier unmap release give",
	 alias | line | stale_read, alias},
	{"parisc: the linear alias stays", "purge", "parisc",
	 /* arch/parisc/kernel/pci-dma.c, arch_dma_alloc() */
	 "take claim lazy zero-linear flush-linear barrier map publish use quiet withdraw "
	 "barrier unmap release give",
	 alias | line | stale_read, alias},
	{"lazy vunmap: the TLB keeps the region's mapping", "unmap", "x86",
	 /* mm/vmalloc.c, lazy_max_pages(); kernel/dma/remap.c, dma_common_free_remap() */
	 DMAMAP_MADE DMAMAP_USED "barrier unmap-lazy reopen purge release give",
	 alias | reused, reused},
	{"x86 change of page attributes", "purge", "x86",
	 /* arch/x86/mm/pat/set_memory.c: change_page_attr_set_clr(), cpa_flush() */
	 "take claim lazy close-uncached purge flush-linear barrier at-linear zero barrier "
	 "publish use quiet withdraw barrier reopen purge release give",
	 {}, {}},

	/* Published flaws */
	{"CVE-2023-4272: zeroes that stay in the cache", "unmap", "arm",
	 "take claim lazy zero-linear close purge map barrier " DMAMAP_BACK,
	 line | secret | lost_write | stale_read, secret},
	{"CVE-2023-46837: a length that wraps cleans too little", "unmap", "arm",
	 "take claim lazy close purge map flush-skip-last barrier zero barrier " DMAMAP_BACK,
	 line | secret | lost_write | stale_read, line},
	{"parisc cacheflush(): fic where fdc is meant", "purge", "parisc",
	 "take claim lazy close purge map flush-icache barrier zero barrier " DMAMAP_BACK,
	 line | stale_read, line},

	/* The right orders */
	{"highmem", "highmem", "arm", kRight, {}, {}},
	{"unmap on x86", "unmap", "x86", kRight, {}, {}},
	{"unmap on arm", "unmap", "arm", kRight, {}, {}},
	{"purge", "purge", "parisc", kRight, {}, {}},
	{"purge with traps", "purge-trap", "parisc", kRight, {}, {}},
	{"unmap on the worst", "unmap", "worst", kRight, {}, {}},
	{"snooped", "snooped", "x86-snooped", kRightSnooped, {}, {}},

	/* Steps forgotten, or at the wrong place */
	{"no claim", "unmap", "x86", "take lazy close purge map flush barrier zero barrier "
	 DMAMAP_USED "barrier unmap reopen purge give", alias, alias},
	{"lazy aliases stay", "unmap", "x86", "take claim close purge map flush barrier zero "
	 "barrier " DMAMAP_BACK, alias | line | stale_read, alias},
	{"no purge", "unmap", "x86", "take claim lazy close map flush barrier zero barrier "
	 DMAMAP_BACK, alias | line | stale_read, alias},
	{"purge on this CPU only", "unmap", "x86", "take claim lazy close purge-local map flush "
	 "barrier zero barrier " DMAMAP_BACK, alias | line | stale_read, alias},
	{"lazy aliases purged on this CPU only, as kunmap_local() does", "highmem", "arm",
	 /* arch/arm/include/asm/highmem.h, arch_kmap_local_post_unmap() */
	 "take claim lazy-local close purge map flush barrier zero barrier " DMAMAP_BACK,
	 alias | line | stale_read, alias},
	{"purge before close", "unmap", "x86", "take claim lazy purge close map flush barrier "
	 "zero barrier " DMAMAP_BACK, alias | line | stale_read, alias},
	{"purge before close, where nobody walks", "purge", "parisc", "take claim lazy purge "
	 "close map flush barrier zero barrier " DMAMAP_BACK, {}, {}},
	{"purge before walkers see the PTE", "unmap", "arm", "take claim lazy close "
	 "purge-unordered map flush barrier zero barrier " DMAMAP_BACK,
	 alias | line | stale_read, alias},
	{"purge that nobody waits for", "purge", "arm", DMAMAP_MADE DMAMAP_USED
	 "barrier unmap reopen purge-unfinished release give", reused, reused},
	{"flush before close", "unmap", "x86", "take claim lazy flush-linear barrier close purge "
	 "map zero barrier " DMAMAP_BACK, line | stale_read, line},
	{"no flush", "unmap", "x86", "take claim lazy close purge map zero barrier " DMAMAP_BACK,
	 line | secret | lost_write | stale_read, secret},
	{"clean, not invalidate", "unmap", "x86", "take claim lazy close purge map flush-clean "
	 "barrier zero barrier " DMAMAP_BACK, line | stale_read, line},
	{"no barrier after flush", "unmap", "x86", "take claim lazy close purge map flush zero "
	 "barrier " DMAMAP_BACK, secret | stale_read, secret},
	{"the outer cache forgotten", "unmap", "arm", "take claim lazy close purge map "
	 "flush-inner barrier zero barrier " DMAMAP_BACK,
	 line | secret | lost_write | stale_read, line},
	{"flush on this CPU only, caches that do not know of each other", "unmap", "worst",
	 "take claim lazy close purge map flush-here barrier zero barrier " DMAMAP_BACK,
	 line | secret | lost_write | stale_read, line},
	{"all of the cache instead, where there is one", "purge", "parisc",
	 "take claim lazy close purge map flush-here barrier zero barrier " DMAMAP_BACK, {}, {}},
	{"all of the cache, but before purge", "purge", "parisc",
	 "take claim lazy close flush-here purge map barrier zero barrier " DMAMAP_BACK,
	 line | stale_read, line},
	{"flush through an alias that is not congruent", "purge", "parisc", "take claim lazy "
	 "close purge map flush-region barrier zero barrier " DMAMAP_BACK,
	 line | stale_read | bad_flush, bad_flush},
	{"flush without a translation", "purge-trap", "parisc", "take claim lazy close purge "
	 "flush-linear map barrier zero barrier " DMAMAP_BACK,
	 line | stale_read | bad_flush, bad_flush},
	{"no zero", "unmap", "x86", "take claim lazy close purge map flush barrier " DMAMAP_BACK,
	 secret | stale_read, secret},
	{"zero all but the last line", "unmap", "x86", "take claim lazy close purge map flush "
	 "barrier zero-skip-last barrier " DMAMAP_BACK, secret | stale_read, secret},
	{"zero before flush", "unmap", "x86", "take claim lazy close purge map zero barrier flush "
	 "barrier " DMAMAP_BACK, secret | stale_read, secret},
	{"no barrier after zero", "unmap", "x86", "take claim lazy close purge map flush barrier "
	 "zero " DMAMAP_BACK, secret | lost_write | stale_read, lost_write},
	{"no barrier before unmap", "unmap", "x86", DMAMAP_MADE DMAMAP_USED
	 "unmap reopen purge release give", stale_read | neighbour, stale_read},
	{"barrier only behind reopen", "unmap", "x86", DMAMAP_MADE DMAMAP_USED
	 "unmap reopen barrier purge release give", stale_read, stale_read},
	{"reopen before unmap", "unmap", "x86", DMAMAP_MADE DMAMAP_USED
	 "barrier reopen unmap purge release give", alias, alias},
	{"no reopen", "unmap", "x86", DMAMAP_MADE DMAMAP_USED
	 "barrier unmap release give", not_undone, not_undone},
	{"no purge on the way back", "purge", "x86", DMAMAP_MADE DMAMAP_USED
	 "barrier unmap reopen release give", reused, reused},
	{"no purge on the way back, where nobody walks", "purge", "parisc", DMAMAP_MADE
	 DMAMAP_USED "barrier unmap reopen release give", {}, {}},
	{"still claimed", "unmap", "x86", DMAMAP_MADE DMAMAP_USED
	 "barrier unmap reopen purge give", reused, reused},
	{"given while the device runs", "unmap", "x86", DMAMAP_MADE "publish use withdraw "
	 "barrier unmap reopen purge release give", stale_read | reused, reused},
	{"given twice", "unmap", "x86", DMAMAP_MADE DMAMAP_USED
	 "barrier unmap reopen purge release give give", reused, reused},
	{"written after it was given", "unmap", "x86", DMAMAP_MADE DMAMAP_BACK " zero-linear",
	 neighbour, neighbour},
	{"everything twice", "unmap", "x86", "take claim lazy close purge purge map flush flush "
	 "barrier zero barrier " DMAMAP_BACK, wasteful, wasteful},
	{"other CPUs interrupted with interrupts off", "unmap", "x86", "take claim lazy close "
	 "irq-off purge irq-on map flush barrier zero barrier " DMAMAP_BACK, stuck, stuck},
	{"snooped without zero", "snooped", "x86-snooped", "take publish use quiet withdraw give",
	 secret | stale_read, secret},
	{"snooped, but the device does not", "snooped", "x86", kRightSnooped,
	 alias | line | secret | lost_write | stale_read, alias},

	/* Lent by a pool, twice */
	{"pool in highmem", "highmem", "arm", kRightPooled, {}, {}},
	{"pool on x86", "unmap", "x86", kRightPooled, {}, {}},
	{"pool on parisc", "purge", "parisc", kRightPooled, {}, {}},
	{"pool on the worst", "purge", "worst", kRightPooled, {}, {}},
	{"pool that drops what is dirty", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "idle " DMAMAP_DROPPED, {}, {}},
	{"the same on the worst", "purge", "worst", DMAMAP_HELD DMAMAP_LENT
	 "idle " DMAMAP_DROPPED, {}, {}},
	{"pool without zero", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT "idle " DMAMAP_LENT_AGAIN,
	 secret, secret},
	{"pool that zeroes all but the last line", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "idle zero-skip-last barrier " DMAMAP_LENT_AGAIN, secret, secret},
	{"pool that zeroes when it has lent", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "idle publish zero barrier use quiet idle zero barrier " DMAMAP_DROPPED, secret, secret},
	{"pool without a barrier after zero", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "idle zero " DMAMAP_LENT_AGAIN, secret | lost_write, lost_write},
	{"pool that zeroes what is still lent", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "zero barrier idle " DMAMAP_LENT_AGAIN, lost_write, lost_write},
	{"recalled while the device runs", "unmap", "x86", DMAMAP_HELD
	 "publish use idle zero barrier " DMAMAP_LENT_AGAIN, secret | reused, reused},
	{"the device stops only behind zero", "unmap", "x86", DMAMAP_HELD
	 "publish use idle zero barrier quiet " DMAMAP_LENT_AGAIN, secret | reused, reused},
	{"the driver writes behind zero", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "idle zero barrier quiet " DMAMAP_LENT_AGAIN, secret, secret},
	{"lent twice", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT DMAMAP_LENT_AGAIN, reused, reused},
	{"dropped while it is lent", "unmap", "x86", DMAMAP_HELD "publish use " DMAMAP_DROPPED,
	 stale_read | reused, reused},
	{"dropped, but not withdrawn", "unmap", "x86", DMAMAP_HELD
	 "barrier unmap reopen purge release give", alias | line | reused | wasteful, alias},
	{"reopened before it is withdrawn", "unmap", "x86", DMAMAP_HELD DMAMAP_LENT
	 "idle zero barrier reopen withdraw barrier unmap purge release give",
	 alias | line, alias},
	{"held before it is closed", "unmap", "x86", "take claim lazy idle close purge map flush "
	 "barrier zero barrier " DMAMAP_LENT_AGAIN, alias | line, alias},
	{"held before it is flushed", "unmap", "x86", "take claim lazy close purge map idle flush "
	 "barrier zero barrier " DMAMAP_LENT_AGAIN, line, line},
};

struct Made {
	judge::Bounds bounds;
	Program program;
};

Made make(const Case &c, const judge::Profile &profile, judge::Bounds bounds)
{
	const StrategyInfo &strategy = *find_strategy(c.strategy);

	bounds.highmem = strategy.highmem;
	auto program = program_of_order(strategy, profile, bounds, bounds.frames, c.order);

	if (!program)
		ADD_FAILURE() << "no such step: " << program.error();
	return {bounds, program ? std::move(*program) : Program()};
}

} // namespace

std::span<const Case> cases()
{
	return kCases;
}

judge::Rules searched(const Case &c, const judge::Profile &profile, judge::Bounds bounds)
{
	const Made made = make(c, profile, bounds);
	const auto broken = searched(made.program, profile, made.bounds,
				     {.states = 10'000'000, .stop_at_first = false});

	EXPECT_TRUE(broken) << "no room for all states";
	return broken.value_or(Rules());
}

judge::Rules by_oracle(const Case &c, const judge::Profile &profile)
{
	const Made made = make(c, profile, {.frames = 1});

	return by_oracle(made.program, profile, made.bounds);
}

} // namespace dmamap::prove
