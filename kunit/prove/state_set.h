/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "kunit/judge/hardware.h"

namespace dmamap::prove {

/// The states that were seen, in the order in which they were seen. That is the
/// queue of a breadth-first search, and with the parents the way back. The set is
/// exact: no hash stands for a state.
class StateSet {
public:
	/// The most memory for a state, right after the table of slots has grown.
	static constexpr std::size_t kBytesEach = sizeof(judge::State) + sizeof(std::uint32_t) +
						  22;

	explicit StateSet(std::size_t limit) : limit_(limit), slots_(1 << 12) {}

	/// Prefetches the slot for a state with that hash, for which add() is called
	/// soon. A cache miss there is most of the cost of add().
	void expect(std::uint64_t hash) const
	{
		__builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
	}

	/// Adds a state that came out of state number @parent. False if the state had
	/// been seen, or there is no room.
	bool add(const judge::State &state, std::uint32_t parent)
	{
		return add(state, parent, hash_of(state));
	}
	bool add(const judge::State &state, std::uint32_t parent, std::uint64_t hash)
	{
		std::size_t at = hash & (slots_.size() - 1);

		for (; slots_[at]; at = (at + 1) & (slots_.size() - 1))
			if (slots_[at] >> 32 == hash >> 32 &&
			    (*this)[std::uint32_t(slots_[at]) - 1] == state)
				return false;
		if (size_ >= limit_) {
			full_ = true;
			return false;
		}
		if (size_ % kChunk == 0)
			chunks_.push_back(std::make_unique_for_overwrite<Chunk>());
		chunks_.back()->states[size_ % kChunk] = state;
		chunks_.back()->parents[size_ % kChunk] = parent;
		slots_[at] = (hash >> 32 << 32) | ++size_;
		if (size_ * 4 > slots_.size() * 3)
			grow();
		return true;
	}

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

	[[nodiscard]] std::size_t size() const noexcept { return size_; }
	[[nodiscard]] bool full() const noexcept { return full_; }
	[[nodiscard]] const judge::State &operator[](std::uint32_t i) const
	{
		return chunks_[i / kChunk]->states[i % kChunk];
	}
	[[nodiscard]] std::uint32_t parent(std::uint32_t i) const
	{
		return chunks_[i / kChunk]->parents[i % kChunk];
	}

private:
	static constexpr std::size_t kChunk = 1 << 12;

	/* States are kept in chunks: a vector needs three times the room while it grows. */
	struct Chunk {
		std::array<judge::State, kChunk> states;
		std::array<std::uint32_t, kChunk> parents;
	};

	/* Frees the old table first, and makes the new one from the states. */
	void grow()
	{
		const std::size_t slots = slots_.size() * 2;

		slots_ = {};
		slots_.resize(slots);
		for (std::uint32_t i = 0; i < size_; ++i) {
			const std::uint64_t hash = hash_of((*this)[i]);
			std::size_t at = hash & (slots - 1);

			while (slots_[at])
				at = (at + 1) & (slots - 1);
			slots_[at] = (hash >> 32 << 32) | (i + 1);
		}
	}

	std::size_t limit_;
	std::size_t size_ = 0;
	bool full_ = false;
	std::vector<std::unique_ptr<Chunk>> chunks_;
	std::vector<std::uint64_t> slots_;   ///< upper half of the hash, number + 1
};

} // namespace dmamap::prove
