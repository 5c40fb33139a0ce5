// SPDX-License-Identifier: GPL-2.0
// Tracepoints: what a context costs the layer, event by event and in order.
#include "raw_context.h"
#include "tap.h"
#include "trace_log.h"

#include "hca_chip.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace {

using Events = std::vector<TraceEvent>;

constexpr std::array kCoherentKinds = {HCA_KIND_EAGER, HCA_KIND_HEADERS, HCA_KIND_PIO_AVAIL};

// A frame becomes coherent, and ordinary again: dma/core/flip.h. Where the strategy closes
// the linear map, set_linear stands before each purge, once a page.
const std::vector<std::string> kToCoherent = {
	"take", "claim", "drop_lazy", "dmamap_purge", "map", "dmamap_flush", "barrier", "zero",
	"barrier", "hold", "dmamap_flip",
};
const std::vector<std::string> kToCached = {
	"withdraw", "barrier", "unmap", "dmamap_purge", "release", "give", "dmamap_flip",
};

// In between, a region comes out of the pool.
const std::vector<std::string> kFromPool = {"lend", "dmamap_alloc"};

Events named(const Events &all, const std::string &name)
{
	Events found;

	std::ranges::copy_if(all, std::back_inserter(found),
			     [&](const TraceEvent &event) { return event.name == name; });
	return found;
}

std::string joined(const std::vector<std::string> &words)
{
	std::string all;

	for (const std::string &word : words)
		all += (all.empty() ? "" : " ") + word;
	return all;
}

// The events of one flip, from @first to the one named @last, without set_linear.
std::vector<std::string> steps(Events::const_iterator first, Events::const_iterator end,
			       const std::string &last)
{
	std::vector<std::string> found;

	for (; first != end; ++first) {
		if (first->step() != "set_linear")
			found.push_back(first->step());
		if (first->step() == last)
			break;
	}
	return found;
}

bool all_orders_are(const Events &all, const std::string &first, const std::string &last,
		    const std::vector<std::string> &wanted)
{
	bool good = true, any = false;

	for (auto at = all.begin(); at != all.end(); ++at) {
		if (at->step() != first)
			continue;
		const auto found = steps(at, all.end(), last);

		if (found != wanted)
			std::printf("# wanted %s\n# found  %s\n", joined(wanted).c_str(),
				    joined(found).c_str());
		good &= found == wanted;
		any = true;
	}
	return any && good;
}

// Each flip goes there, and was measured.
bool all_flips_go(const Events &flips, const std::string &direction)
{
	return !flips.empty() && std::ranges::all_of(flips, [&](const TraceEvent &flip) {
		return flip.text("direction") == direction && flip.number("ns") != 0 &&
		       flip.number("pages") != 0;
	});
}

bool inside(const TraceEvent &region, unsigned long long pfn)
{
	return pfn >= region.number("pfn") && pfn - region.number("pfn") < region.number("pages");
}

bool inside_any(const Events &regions, unsigned long long pfn)
{
	return std::ranges::any_of(regions, [=](const TraceEvent &region) {
		return inside(region, pfn);
	});
}

unsigned int segments_of(const RawContext &context)
{
	unsigned int count = 0;

	for (const hca_kind kind : kCoherentKinds)
		count += context.info().kind[kind].segments;
	return count;
}

void test_fields(tap::Report &tap, const TraceLog &log, const Events &all)
{
	bool good = true;

	for (const TraceEvent &event : all)
		for (const auto &[field, value] : event.fields)
			if (!log.has_field(event.name, field)) {
				std::printf("# %s has no field %s\n", event.name.c_str(), field.c_str());
				good = false;
			}
	tap.ok(!all.empty() && good, "each word that is printed can be filtered by");
}

void test_alloc(tap::Report &tap, const Events &all, const RawContext &context)
{
	const Events allocs = named(all, "dmamap_alloc"), flips = named(all, "dmamap_flip");
	unsigned long long bytes = 0, wanted = 0;

	for (const hca_kind kind : kCoherentKinds)
		wanted += context.bytes(kind);
	for (const TraceEvent &event : allocs)
		bytes += event.number("pages") * HCA_PAGE_BYTES;
	tap.ok(allocs.size() == segments_of(context) && bytes == wanted,
	       "each region is one alloc (%zu, %llu bytes)", allocs.size(), bytes);
	tap.ok(std::ranges::all_of(allocs, [](const TraceEvent &event) {
		return event.number("pfn") != 0 && event.number("bus") != 0 &&
		       event.text("device") != "-" && event.text("behind") == "reserved";
	}), "alloc: device, frame, bus address and what is behind it");
	tap.ok(all_flips_go(flips, "to_coherent") && flips.size() < allocs.size() &&
	       std::ranges::all_of(allocs, [&](const TraceEvent &alloc) {
		       return inside_any(flips, alloc.number("pfn")) &&
			      inside_any(flips, alloc.number("pfn") + alloc.number("pages") - 1);
	       }), "flip: %zu for all regions, of their frames, in a measured time", flips.size());
	tap.ok(all_orders_are(all, "take", "dmamap_flip", kToCoherent),
	       "the steps to coherent stand in the one order");
	tap.ok(all_orders_are(all, "lend", "dmamap_alloc", kFromPool),
	       "a region of coherent frames costs one step");
	tap.ok(named(all, "dmamap_purge").size() == flips.size() &&
	       named(all, "dmamap_flush").size() == flips.size(),
	       "purge and flush are one event a flip");
}

void test_resolve(tap::Report &tap, const Events &all)
{
	const Events answers = named(all, "dmamap_resolve"), allocs = named(all, "dmamap_alloc");

	tap.ok(!answers.empty() && std::ranges::all_of(answers, [](const TraceEvent &event) {
		return event.text("err") == "0" && event.number("pfn") != 0 &&
		       (event.text("behind") == "reserved" || event.text("behind") == "device");
	}), "resolve: each of %zu answers is tagged", answers.size());
	tap.ok(!allocs.empty() && std::ranges::all_of(allocs, [&](const TraceEvent &region) {
		return std::ranges::any_of(answers, [&](const TraceEvent &event) {
			return inside(region, event.number("pfn")) && event.text("behind") == "reserved";
		});
	}), "resolve: each region was asked for, and is reserved");
}

void test_map(tap::Report &tap, const Events &all, const RawContext &context,
	      const Mapping &mapping, const Events &allocs)
{
	const Events maps = named(all, "dmamap_map"), faults = named(all, "dmamap_fault");
	const auto address = reinterpret_cast<unsigned long>(mapping.data());

	tap.ok(maps.size() == 1 && maps[0].number("address") == address &&
	       maps[0].number("bytes") == mapping.size() &&
	       maps[0].number("segments") == context.info().kind[HCA_KIND_EAGER].segments &&
	       maps[0].text("access") == "read" && inside_any(allocs, maps[0].number("pfn")),
	       "map: address, length, segments and access");
	tap.ok(faults.size() == 1 && faults[0].number("address") == address &&
	       faults[0].number("pfn") == maps[0].number("pfn") &&
	       faults[0].text("result") == "NOPAGE",
	       "fault: the frame that the touched page shows");
}

void test_free(tap::Report &tap, const Events &all, const Events &allocs)
{
	const Events frees = named(all, "dmamap_free");

	tap.ok(!frees.empty() && frees.size() == allocs.size() &&
	       std::ranges::all_of(allocs, [&](const TraceEvent &event) {
		       return inside_any(frees, event.number("pfn"));
	       }), "free: each region that was allocated, once");
	tap.ok(std::ranges::all_of(frees, [](const TraceEvent &event) {
		return event.text("name").find('.') != std::string::npos;
	}), "free: under the name that the driver gave it");
	tap.ok(std::ranges::none_of(all, [](const TraceEvent &event) {
		return event.step() == "dmamap_flip" || event.step() == "withdraw";
	}), "their frames stay coherent, in the pool");
}

void test_drain(tap::Report &tap, const Events &all, const Events &to_coherent)
{
	const Events flips = named(all, "dmamap_flip");

	tap.ok(all_flips_go(flips, "to_cached") &&
	       std::ranges::all_of(to_coherent, [&](const TraceEvent &flip) {
		       return std::ranges::any_of(flips, [&](const TraceEvent &back) {
			       return back.number("pfn") == flip.number("pfn") &&
				      back.number("pages") == flip.number("pages");
		       });
	       }), "flip: what became coherent becomes cached");
	tap.ok(all_orders_are(all, "withdraw", "dmamap_flip", kToCached),
	       "the steps to cached stand in the one order");
}

// What comes out of the pool flips nothing, not even at first. The memory of two: some of
// it may have to stay in reserve.
void test_again(tap::Report &tap, const TraceLog &log)
{
	RawContext first, beside, second;

	drain_pool();
	first.open_context();
	beside.open_context();
	first.shut();
	beside.shut();
	settle_layer();		// pages that its worker zeroes are missing meanwhile
	log.start();
	tap.gives(0, second.open_context(), "a context opens after others");

	const Events opened = log.stop();

	tap.ok(named(opened, "dmamap_alloc").size() == segments_of(second) &&
	       named(opened, "dmamap_flip").empty() && named(opened, "dmamap_purge").empty(),
	       "with the same memory: no flip");
}

void test_context(tap::Report &tap, const TraceLog &log)
{
	RawContext context;

	tap.gives(0, drain_pool(), "the pool can be drained");
	tap.gives(0, log.start(), "events/dmamap can be enabled");
	tap.gives(0, context.open_context(), "a context opens");

	const Events opened = log.stop(), allocs = named(opened, "dmamap_alloc");

	test_alloc(tap, opened, context);
	test_resolve(tap, opened);

	log.start();
	{
		const Mapping mapping = context.map(HCA_KIND_EAGER, PROT_READ);

		if (!tap.ok(mapping.error() == 0, "the eager buffers can be mapped"))
			return;
		mapping.read();

		const Events mapped = log.stop();

		test_map(tap, mapped, context, mapping, allocs);
		test_fields(tap, log, mapped);
	}

	log.start();
	context.shut();

	const Events shut = log.stop();

	test_free(tap, shut, allocs);
	test_fields(tap, log, shut);

	settle_layer();		// what a worker flips back is not in this process's log
	log.start();
	drain_pool();
	test_drain(tap, log.stop(), named(opened, "dmamap_flip"));
}

// As in docs/observability.md.
void test_filter(tap::Report &tap, const TraceLog &log)
{
	const char *const slow = "direction == \"to_cached\" && ns > 1";
	RawContext context;

	context.open_context();
	log.start();
	tap.gives(0, log.filter("dmamap_flip", slow), "flips can be filtered by direction and time");
	context.shut();
	drain_pool();
	tap.ok(!named(log.stop(), "dmamap_flip").empty(), "and are seen then");

	RawContext next;

	log.start();
	log.filter("dmamap_flip", slow);
	next.open_context();
	tap.ok(named(log.stop(), "dmamap_flip").empty(), "while others are not");
}

void test_off(tap::Report &tap, const TraceLog &log)
{
	log.start();
	log.stop();

	RawContext context;

	drain_pool();
	tap.ok(context.open_context() == 0 && log.events().empty(), "disabled, nothing is traced");
}

} // namespace

int main()
{
	const TraceLog log;
	tap::Report tap;

	if (const int error = log.mount_it(); error == -ENODEV) {
		tap.skip("this kernel has no tracing", "tracepoints");
		return tap.finish();
	} else if (error != 0) {
		tap.bail_out("can't mount tracefs: %s", strerror(-error));
	}
	for (const char *name : {"alloc", "adopt", "free", "revoke", "refuse", "flip", "purge",
				 "flush", "step", "resolve", "map", "map_refuse", "fault"})
		tap.ok(log.has_event(std::string("dmamap_") + name), "dmamap_%s is an event", name);
	test_context(tap, log);
	test_again(tap, log);
	test_filter(tap, log);
	test_off(tap, log);
	return tap.finish();
}
