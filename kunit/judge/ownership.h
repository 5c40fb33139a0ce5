/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <cstdint>

#include "kunit/judge/event.h"
#include "kunit/judge/rule.h"

namespace dmamap::judge {

/// The life of a frame, as docs/judge.md draws it.
enum class Phase : std::uint8_t {
	cached,       ///< ordinary memory in use by its owner
	taken,        ///< held by the layer, not coherent yet
	idle,         ///< coherent, held by the layer until it is lent
	coherent,     ///< published: CPU and device use it
	withdrawn,    ///< no longer coherent, on its way back to an allocator
	quarantined,  ///< kept for ever
};

/// Where one frame stands in its life, and what else holds on to it.
struct Owner {
	Phase phase = Phase::cached;
	bool claimed = false;    ///< other code that maps it knows its attribute
	bool running = false;    ///< the device may use it

	bool operator==(const Owner &) const noexcept = default;
	[[nodiscard]] bool flipped() const noexcept
	{
		return phase == Phase::idle || phase == Phase::coherent;
	}
	[[nodiscard]] bool in_layer() const noexcept
	{
		return phase != Phase::cached && phase != Phase::quarantined;
	}
};

/// Applies a mark to @owner. A mark that is out of turn breaks Rule::reused.
constexpr void follow(Owner &owner, Op op, Rules &broken) noexcept
{
	const auto expect = [&](bool right) {
		if (!right)
			broken |= Rule::reused;
	};

	switch (op) {
	case Op::take:
		expect(owner.phase == Phase::cached);
		owner = {.phase = Phase::taken};
		break;
	case Op::claim:
		expect(owner.in_layer() && !owner.claimed);
		owner.claimed = true;
		break;
	case Op::idle:
		expect((owner.phase == Phase::taken || owner.phase == Phase::coherent) &&
		       !owner.running);
		owner.phase = Phase::idle;
		break;
	case Op::publish:
		expect(owner.phase == Phase::taken || owner.phase == Phase::idle);
		owner.phase = Phase::coherent;
		break;
	case Op::start:
		expect(owner.phase == Phase::coherent);
		owner.running = true;
		break;
	case Op::quiet:
		owner.running = false;
		break;
	case Op::withdraw:
		expect(owner.flipped() && !owner.running);
		owner.phase = Phase::withdrawn;
		break;
	case Op::release:
		expect(owner.claimed);
		owner.claimed = false;
		break;
	case Op::give:
	case Op::quarantine:
		expect((owner.phase == Phase::taken || owner.phase == Phase::withdrawn) &&
		       !owner.claimed && !owner.running);
		/* The device keeps running if it was not stopped. */
		owner = {.phase = op == Op::give ? Phase::cached : Phase::quarantined,
			 .running = owner.running};
		break;
	default:
		break;
	}
}

} // namespace dmamap::judge
