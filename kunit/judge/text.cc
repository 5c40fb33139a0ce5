// SPDX-License-Identifier: GPL-2.0
/* The words for events and rules. */
#include "kunit/judge/event.h"
#include "kunit/judge/rule.h"

#include <iterator>

namespace dmamap::judge {
namespace {

constexpr const char *kOps[] = {
	"set_pte",  "purge",	    "flush",	 "clean",	 "invalidate",
	"flush_icache", "flush_alias", "flush_all", "flush_outer", "barrier",
	"store",    "load",	    "irq_off",	 "irq_on",	 "take",
	"claim",    "idle",	    "publish",	 "start",	 "quiet",
	"withdraw", "release",	    "give",	 "quarantine",	 "succeeds",
	"fails",
};
constexpr const char *kAttrs[] = {"none", "cached", "uncached"};
constexpr const char *kValues[] = {"", "old", "zero", "fresh"};

static_assert(std::size(kOps) == std::size_t(Op::fails) + 1);

struct Sentence {
	const char *name;
	const char *says;
};

constexpr Sentence kRuleTexts[] = {
	{"I1", "a cacheable translation of a frame lives while it is coherent, or beside "
	       "a non-cacheable one"},
	{"I2", "a line of a coherent frame is in a cache"},
	{"I3", "bytes of the last user are visible to the device or through the region"},
	{"I4", "a write of a CPU or of the device was lost"},
	{"I5", "after the frame was given back, a CPU would not read its last value, or a "
	       "write is still on its way"},
	{"I6", "a flush has no translation, or one that does not reach the lines"},
	{"I7", "a frame is reused while it is mapped, in a TLB, claimed, published, or the "
	       "device runs; or by somebody who does not have it"},
	{"I8", "a failure left neither the old state nor quarantine"},
	{"I9", "memory or a translation outside of the region was touched, or somebody "
	       "outside reached the region"},
	{"I10", "a line was flushed twice in one flip, or a translation purged twice"},
	{"I11", "a transition does not end, or waits for other CPUs with interrupts off"},
};

static_assert(std::size(kRuleTexts) == kRules);

} // namespace

std::string name_of(Rule rule)
{
	return kRuleTexts[unsigned(rule) - 1].name;
}

std::string names_of(Rules rules)
{
	std::string names;

	rules.each([&](Rule rule) {
		if (!names.empty())
			names += " ";
		names += name_of(rule);
	});
	return names.empty() ? "none" : names;
}

const char *describe(Rule rule)
{
	return kRuleTexts[unsigned(rule) - 1].says;
}

std::string to_string(const Event &e)
{
	std::string text = kOps[std::size_t(e.op)];
	const auto at = [&] { text += " va " + std::to_string(e.va); };
	const auto line = [&] { text += " line " + std::to_string(e.line); };
	const auto frame = [&] { text += " frame " + std::to_string(e.pfn); };

	switch (e.op) {
	case Op::set_pte:
		at();
		frame();
		text += std::string(" ") + kAttrs[std::size_t(e.attr)];
		break;
	case Op::purge:
		at();
		break;
	case Op::flush:
	case Op::clean:
	case Op::invalidate:
	case Op::flush_icache:
	case Op::load:
		at();
		line();
		break;
	case Op::store:
		at();
		line();
		text += std::string(" ") + kValues[std::size_t(e.value)];
		break;
	case Op::flush_alias:
	case Op::flush_outer:
		frame();
		line();
		break;
	case Op::flush_all:
	case Op::barrier:
	case Op::irq_off:
	case Op::irq_on:
	case Op::succeeds:
	case Op::fails:
		break;
	default:
		frame();
	}
	if (e.cpu == kAllCpus)
		text += " on all CPUs";
	else if (e.cpu != kSelf)
		text += " on CPU " + std::to_string(e.cpu);
	return text;
}

} // namespace dmamap::judge
