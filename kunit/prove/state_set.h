/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstring>
#include <vector>

#include "kunit/judge/hardware.h"

namespace dmamap::prove {

/// The states that were seen, in the order in which they were: the queue of a
/// breadth-first search, and the way back. Exact, no hash stands for a state.
class StateSet {
public:
	static constexpr std::size_t kBytesEach = sizeof(judge::State) + sizeof(std::uint32_t) +
						  2 * sizeof(std::uint64_t);

	explicit StateSet(std::size_t limit) : limit_(limit), slots_(1 << 12)
	{
		states_.reserve(std::min(limit, std::size_t{1} << 16));
	}

	/// Adds a state that came out of state number @parent; false if it had been
	/// seen, or there is no room.
	bool add(const judge::State &state, std::uint32_t parent)
	{
		const std::uint64_t hash = hash_of(state);
		std::size_t at = hash & (slots_.size() - 1);

		for (; slots_[at]; at = (at + 1) & (slots_.size() - 1))
			if (slots_[at] >> 32 == hash >> 32 &&
			    states_[std::uint32_t(slots_[at]) - 1] == state)
				return false;
		if (states_.size() >= limit_) {
			full_ = true;
			return false;
		}
		states_.push_back(state);
		parents_.push_back(parent);
		slots_[at] = (hash >> 32 << 32) | states_.size();
		if (states_.size() * 2 > slots_.size())
			grow();
		return true;
	}

	[[nodiscard]] std::size_t size() const noexcept { return states_.size(); }
	[[nodiscard]] bool full() const noexcept { return full_; }
	[[nodiscard]] const judge::State &operator[](std::uint32_t i) const { return states_[i]; }
	[[nodiscard]] std::uint32_t parent(std::uint32_t i) const { return parents_[i]; }

private:
	/* Multiplication and folding, four words of eight bytes. */
	[[nodiscard]] static std::uint64_t hash_of(const judge::State &state) noexcept
	{
		std::uint64_t words[sizeof(state) / 8];
		std::uint64_t hash = 0x9e37'79b9'7f4a'7c15;

		std::memcpy(words, &state, sizeof(state));
		for (std::uint64_t word : words) {
			const auto product = static_cast<unsigned __int128>(hash ^ word) *
					     0xd6e8'feb8'6659'fd93;

			hash = std::uint64_t(product) ^ std::uint64_t(product >> 64) ^ word << 7;
		}
		return hash ^ hash >> 29;
	}

	void grow()
	{
		slots_.assign(slots_.size() * 2, 0);
		for (std::size_t i = 0; i < states_.size(); ++i) {
			const std::uint64_t hash = hash_of(states_[i]);
			std::size_t at = hash & (slots_.size() - 1);

			while (slots_[at])
				at = (at + 1) & (slots_.size() - 1);
			slots_[at] = (hash >> 32 << 32) | (i + 1);
		}
	}

	std::size_t limit_;
	bool full_ = false;
	std::vector<judge::State> states_;
	std::vector<std::uint32_t> parents_;
	std::vector<std::uint64_t> slots_;   ///< upper half of the hash, number + 1
};

} // namespace dmamap::prove
