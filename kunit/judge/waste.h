/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <compare>
#include <cstdint>
#include <map>

#include "kunit/judge/event.h"
#include "kunit/judge/rule.h"

namespace dmamap::judge {

/// Rule::wasteful (I10), a property of a path and not of a state: in one
/// direction of a flip, each line is flushed once and each translation is
/// purged once on each CPU. Each primitive that has failed allows once more,
/// for the undo.
///
/// A direction begins with Op::take or Op::withdraw of the frame: the work that
/// was counted for the frame is forgotten then.
class Waste {
public:
	void follow(const Event &e, Rules &broken)
	{
		switch (e.op) {
		case Op::take:
		case Op::withdraw:
			std::erase_if(done_, [&](auto &entry) { return entry.first.pfn == e.pfn; });
			fails_ = 0;
			break;
		case Op::fails:
			++fails_;
			break;
		case Op::purge:
		case Op::flush:
		case Op::flush_alias:
		case Op::flush_outer:
			if (++done_[{e.op, e.cpu, e.line, e.va, e.pfn}] > 1 + fails_)
				broken |= Rule::wasteful;
			break;
		default:
			break;
		}
	}

private:
	struct Work {
		Op op;
		std::uint8_t cpu;
		std::uint32_t line;
		std::uint64_t va;
		std::uint64_t pfn;

		auto operator<=>(const Work &) const noexcept = default;
	};

	std::map<Work, unsigned> done_;
	unsigned fails_ = 0;
};

} // namespace dmamap::judge
