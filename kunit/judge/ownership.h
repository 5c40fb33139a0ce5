/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <cstdint>

#include "kunit/judge/event.h"
#include "kunit/judge/rule.h"

namespace dmamap::judge {

/// The life of a frame, as docs/judge.md draws it.
enum class Phase : std::uint8_t {
	cached,       ///< ordinary memory, its owner uses it
	taken,        ///< the layer has it; not coherent yet
	idle,         ///< coherent, kept for the next who asks
	coherent,     ///< published: CPU and device use it
	withdrawn,    ///< was coherent; on its way back
	quarantined,
};

/// To whom one frame belongs, and who knows of it.
struct Owner {
	Phase phase = Phase::cached;
	bool claimed = false;
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

/// Follows a mark; a mark that is out of turn breaks Rule::reused.
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
		/* A device that was not stopped goes on. */
		owner = {.phase = op == Op::give ? Phase::cached : Phase::quarantined,
			 .running = owner.running};
		break;
	default:
		break;
	}
}

} // namespace dmamap::judge
