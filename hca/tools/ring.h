// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca.hpp"
#include "message_ways.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace ways {

/// Contexts of one process, each of which sends to the next.
class Ring {
public:
	static Made<Ring> make(std::size_t count);

	/// One visit to each: it sends at most as many as it has PIO buffers, and receives what it
	/// has got; false when nothing could be done. Each sends `each` messages in all.
	bool turn(uint32_t each) noexcept
	{
		bool busy = false;

		for (Member &member : members_) {
			busy |= send_up_to(member, std::min(each, member.sent + HCA_PIO_BUFFERS));
			busy |= receive_all(member);
		}
		return busy;
	}

	/// Fills the PIO buffers of each, which must be empty.
	void send() noexcept
	{
		for (Member &member : members_)
			send_up_to(member, member.sent + HCA_PIO_BUFFERS);
	}

	/// Messages that all contexts have received.
	void receive() noexcept
	{
		for (Member &member : members_)
			receive_all(member);
	}

	/// Waits until all that was sent is there.
	void settle() const noexcept;

	/// Messages received by all together; each was right, if right() says so.
	uint64_t received() const noexcept;
	bool right() const noexcept { return right_; }
	std::size_t size() const noexcept { return members_.size(); }

private:
	struct Member {
		libhca::Context context;
		uint32_t dest = 0;
		uint32_t sent = 0;
		uint32_t received = 0;
	};

	bool send_up_to(Member &member, uint32_t most) noexcept
	{
		const uint32_t before = member.sent;

		while (member.sent != most) {
			const Payload payload = {member.sent, ~member.sent};

			if (hca_send(member.context.get(), member.dest, payload.tag, &payload, kBytes))
				break;
			++member.sent;
		}
		return member.sent != before;
	}

	bool receive_all(Member &member) noexcept
	{
		const uint32_t before = member.received;
		hca_message message;
		Payload payload;

		while (hca_receive(member.context.get(), &message) == 0) {
			std::memcpy(&payload, std::assume_aligned<32>(message.payload), kBytes);
			right_ &= message.tag == member.received && payload.tag == member.received &&
				  payload.inverse == ~member.received;
			hca_release(member.context.get());
			++member.received;
		}
		return member.received != before;
	}

	std::vector<Member> members_;
	bool right_ = true;
};

} // namespace ways
