// SPDX-License-Identifier: GPL-2.0
/* The only source here that sees the layer: mutants replace what it includes. */
#include "kunit/prove/programs.h"

#include <algorithm>
#include <ranges>

#include "dma/core/resting_layer.h"
#include "dma/strategy/highmem.h"
#include "dma/strategy/purge.h"
#include "dma/strategy/unmap.h"
#include "kunit/prove/search_machine.h"

namespace dmamap::prove {
namespace {

static_assert(RestingMachine<SearchMachine>);

constexpr StrategyInfo kStrategies[] = {
	{"highmem", true, false, false},
	{"unmap", false, false, false},
	{"purge", false, false, false},
	{"purge-trap", false, false, false},
	{"snooped", false, true, false},
	{"highmem-pool", true, false, true},
	{"unmap-pool", false, false, true},
	{"purge-pool", false, false, true},
};

/* Calls @fn with the strategy's type. For a snooped region any type will do: the
   layer does not use the strategy of the machine. */
template <class Fn>
auto with_strategy(const StrategyInfo &strategy, Fn fn)
{
	if (strategy.name.starts_with("highmem"))
		return fn.template operator()<Highmem>();
	if (strategy.name == "purge-trap")
		return fn.template operator()<Purge<true>>();
	if (strategy.name.starts_with("purge"))
		return fn.template operator()<Purge<>>();
	return fn.template operator()<Unmap>();
}

template <class S>
void life_of_region(SearchMachine &machine, unsigned pages, bool snooped)
{
	Layer<SearchMachine, S> layer(machine);
	auto region = layer.alloc({.bytes = pages * kPageBytes, .snooping = snooped}, &layer);

	if (!region)
		return;
	machine.use(region->run, region->cpu);
	machine.quiet(region->run, region->cpu);
	layer.release(*region);
}

/// How the page of a freed region of the pool becomes zero, and gets its next owner.
enum class Reuse : std::uint8_t { by_allocation, by_worker, at_rest };

/*
 * Two regions of one chunk. One of them is released and allocated again, its page
 * zeroed by the worker or by the allocation; or it rests, is zeroed by the worker, and
 * wakes, so that its frames never leave the directory. In the end the chunk is given
 * back, dirty as it is.
 */
template <class S>
void lives_in_pool(SearchMachine &machine, Reuse reuse)
{
	using Layer = RestingLayer<SearchMachine, S, 1>;
	const Pages all(machine.bounds().frames);
	Pool<1> pool;
	Resting resting;
	Layer layer(machine, pool, resting, {{Pages(), all}, reuse == Reuse::at_rest ? all : Pages()});
	const Request request{.bytes = kPageBytes};
	const auto release = [&](Region *region) {
		machine.quiet(region->run, region->cpu);
		if (!layer.rest(*region, region))
			layer.release(*region);
	};
	const auto alloc = [&](Region &own) -> Region * {
		if (void *woken = layer.wake(Pages(1), nullptr))
			return static_cast<Region *>(woken);
		const auto region = layer.alloc(request, &own);

		if (!region)
			return nullptr;
		own = *region;
		return &own;
	};
	Region owners[3];

	if (Region *first = alloc(owners[0])) {
		machine.use(first->run, first->cpu);
		Region *second = alloc(owners[1]);

		if (second)
			machine.use(second->run, second->cpu);
		release(first);
		if (reuse != Reuse::by_allocation)
			layer.tend();
		if (Region *again = alloc(owners[2])) {
			machine.use(again->run, again->cpu);
			release(again);
		}
		if (second)
			release(second);
	}
	layer.empty();
	while (layer.shrink(Pages()))
		;
}

/* The next combination to try: the last primitive that succeeded fails now. */
bool advance(Failures &failures)
{
	while (!failures.empty() && failures.back())
		failures.pop_back();
	if (failures.empty())
		return false;
	failures.back() = true;
	return true;
}

/// Executes the words of an order. Errors of primitives are ignored: it is for the
/// judge to see that an order is wrong.
template <class S>
class Player {
public:
	Player(SearchMachine &machine, FrameRun run, bool snooped)
		: machine_(machine), run_(run), snooped_(snooped),
		  mapping_(SearchMachine::address_of(run.first, mapped())) {}

	[[nodiscard]] bool play(std::string_view word)
	{
		return right(word) || wrong(word);
	}

private:
	bool right(std::string_view word)
	{
		if (word == "take")
			machine_.mark(Op::take, run_);
		else if (word == "claim")
			machine_.mark(Op::claim, run_);
		else if (word == "lazy")
			machine_.drop_lazy_aliases(run_);
		else if (word == "close")
			(void)S::close(machine_, run_);
		else if (word == "purge")
			machine_.purge_linear(run_);
		else if (word == "map")
			(void)machine_.map(run_, S::kAttribute);
		else if (word == "flush")
			machine_.flush(run_, mapping_);
		else if (word == "barrier")
			machine_.barrier();
		else if (word == "zero")
			machine_.zero(mapping_, run_.pages);
		else if (word == "idle")
			machine_.mark(Op::idle, run_);
		else if (word == "publish")
			machine_.mark(Op::publish, run_);
		else if (word == "use")
			machine_.use(run_, mapping_);
		else if (word == "quiet")
			machine_.quiet(run_, mapping_);
		else if (word == "withdraw")
			machine_.mark(Op::withdraw, run_);
		else if (word == "unmap")
			machine_.unmap(mapping_, run_);
		else if (word == "reopen")
			(void)S::reopen(machine_, run_);
		else if (word == "release")
			machine_.mark(Op::release, run_);
		else if (word == "give")
			machine_.mark(Op::give, run_);
		else
			return false;
		return true;
	}

	bool wrong(std::string_view word)
	{
		const unsigned lines = machine_.bounds().lines;

		if (word == "purge-local")
			machine_.purge_on_this_cpu(Slot::linear, run_);
		else if (word == "purge-first")
			machine_.purge_linear(first());
		else if (word == "purge-unordered")
			machine_.purge(Slot::linear, run_, SearchMachine::Around::no_barrier_before);
		else if (word == "purge-unfinished")
			machine_.purge(Slot::linear, run_, SearchMachine::Around::no_barrier_behind);
		else if (word == "lazy-local")
			machine_.drop_lazy_on_this_cpu(run_);
		else if (word == "close-uncached")
			(void)set_linear_run(machine_, run_, Linear::uncached, Linear::cached);
		else if (word == "flush-first")
			machine_.flush(first(), mapping_);
		else if (word == "flush-linear")
			machine_.flush_by(Op::flush, Slot::linear, run_, lines);
		else if (word == "flush-region")
			machine_.flush_by(Op::flush, Slot::region, run_, lines);
		else if (word == "flush-clean")
			machine_.flush_by(Op::clean, mapped(), run_, lines);
		else if (word == "flush-invalidate")
			machine_.flush_by(Op::invalidate, mapped(), run_, lines);
		else if (word == "flush-inner")
			inner_only(lines);
		else if (word == "flush-here")
			machine_.note({.op = Op::flush_all});
		else if (word == "flush-icache")
			machine_.flush_by(Op::flush_icache, mapped(), run_, lines);
		else if (word == "flush-skip-last")
			machine_.flush_by(Op::flush, mapped(), run_, lines - 1);
		else if (word == "zero-linear")
			machine_.zero(machine_.linear_address(run_.first), run_.pages);
		else if (word == "zero-skip-last")
			machine_.zero_lines(mapped(), run_, lines - 1);
		else if (word == "unmap-lazy")
			machine_.unmap_lazily(run_);
		else if (word == "at-linear")
			mapping_ = machine_.linear_address(run_.first);
		else if (word == "irq-off")
			machine_.note({.op = Op::irq_off});
		else if (word == "irq-on")
			machine_.note({.op = Op::irq_on});
		else
			return false;
		return true;
	}

	/* A flush that forgets the outer cache, on a machine that has one. */
	void inner_only(unsigned lines)
	{
		for (std::uint64_t f = 0; f < run_.pages.count(); ++f)
			for (unsigned line = 0; line < lines; ++line)
				machine_.note({.op = Op::flush, .line = line,
					       .va = judge::va_of(unsigned(f), mapped()), .pfn = f});
	}

	[[nodiscard]] FrameRun first() const { return {run_.first, Pages(1)}; }
	[[nodiscard]] Slot mapped() const
	{
		return snooped_ ? Slot::linear : Slot::region;
	}

	SearchMachine &machine_;
	FrameRun run_;
	bool snooped_;
	CpuAddr mapping_;
};

} // namespace

std::span<const StrategyInfo> strategies()
{
	return kStrategies;
}

const StrategyInfo *find_strategy(std::string_view name)
{
	const auto *found = std::ranges::find(kStrategies, name, &StrategyInfo::name);

	return found == std::end(kStrategies) ? nullptr : found;
}

Program program_of_layer(const StrategyInfo &strategy, const judge::Profile &profile,
			 judge::Bounds bounds, unsigned pages)
{
	Program program;

	for (const Reuse reuse : {Reuse::by_allocation, Reuse::by_worker, Reuse::at_rest}) {
		Failures failures;

		if (reuse != Reuse::by_allocation && !strategy.pooled)
			break;
		do {
			SearchMachine machine(profile, bounds, failures);

			with_strategy(strategy, [&]<class S>() {
				if (strategy.pooled)
					lives_in_pool<S>(machine, reuse);
				else
					life_of_region<S>(machine, pages, strategy.snooped);
			});
			if (!machine.as_before())
				program.breaks(judge::Rule::not_undone);
			program.add(machine.events(), machine.as_before() && !machine.quarantined());
			failures = machine.failures();
			failures.resize(std::min(machine.choices(), failures.size()));
		} while (advance(failures));
	}
	program.join();
	return program;
}

std::expected<Program, std::string>
program_of_order(const StrategyInfo &strategy, const judge::Profile &profile,
		 judge::Bounds bounds, unsigned pages, std::string_view words)
{
	SearchMachine machine(profile, bounds);
	std::string unknown;
	Program program;

	with_strategy(strategy, [&]<class S>() {
		Player<S> player(machine, {Pfn(0), Pages(pages)}, strategy.snooped);

		for (auto part : words | std::views::split(' ')) {
			const std::string_view word(part.begin(), part.end());

			if (!word.empty() && unknown.empty() && !player.play(word))
				unknown = word;
		}
	});
	if (!unknown.empty())
		return std::unexpected(unknown);
	std::vector<Event> events = machine.events();

	/* No primitive fails here, so marks of success tell nothing. */
	std::erase_if(events, [](const Event &e) { return e.op == Op::succeeds; });
	program.add(events, true);
	program.join();
	return program;
}

} // namespace dmamap::prove
