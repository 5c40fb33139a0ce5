// SPDX-License-Identifier: GPL-2.0
#include "interrupts.h"

#include <atomic>
#include <utility>

namespace chip_model {
namespace {

std::size_t arm(uint32_t context) noexcept
{
	return HCA_CONTROL_PAGE(context) + HCA_CTL_ARM;
}

} // namespace

void Interrupts::reset() noexcept
{
	pending_ = 0;
	window_.write(HCA_FEATURES, doorbell_ ? HCA_FEATURE_INTERRUPT : 0);
	window_.write(HCA_INT_ENABLE, 0);
	window_.write(HCA_INT_CAUSE, 0);

	// The last interrupt counts as taken: a driver that ended before it could acknowledge must
	// not silence the chip.
	serial_ = window_.read(HCA_INT_ACK);
	window_.write(HCA_INT_SERIAL, serial_);
}

void Interrupts::restart(uint32_t context) noexcept
{
	pending_ &= ~HCA_CAUSE_PACKET(context);
	served_[context] = window_.read(arm(context));
}

void Interrupts::delivered(uint32_t context) noexcept
{
	// The write of SEQUENCE before this look at ARM. The driver writes ARM before its look at
	// SEQUENCE. So at least one side sees the word that the other side wrote.
	std::atomic_thread_fence(std::memory_order_seq_cst);

	if (const uint32_t wanted = window_.read(arm(context)); wanted != served_[context]) {
		served_[context] = wanted;
		pending_ |= HCA_CAUSE_PACKET(context);
	}
}

std::optional<uint32_t> Interrupts::poll() noexcept
{
	if (!doorbell_ || pending_ == 0 || window_.read(HCA_INT_ENABLE) == 0 ||
	    window_.read(HCA_INT_ACK) != serial_)
		return std::nullopt;

	const uint32_t causes = std::exchange(pending_, 0);

	window_.write(HCA_INT_CAUSE, causes);
	window_.write(HCA_INT_SERIAL, ++serial_);
	doorbell_->ring();
	return causes;
}

} // namespace chip_model
