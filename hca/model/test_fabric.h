// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_fabric.h"
#include "test_board.h"
#include "wire.h"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace chip_model {

/// Wires of some nodes, made of queues. Each frame can be looked at, changed and kept back.
class TestFabric {
public:
	using Bytes = std::vector<std::byte>;

	class End final : public Wire {
	public:
		End(TestFabric &fabric, uint32_t node) : fabric_(fabric), node_(node) {}

		bool up() const noexcept override { return plugged; }

		void send(uint32_t node, std::span<const std::byte> frame) noexcept override
		{
			fabric_.carry(node, Bytes(frame.begin(), frame.end()));
		}

		std::optional<std::size_t> receive(std::span<std::byte> room) noexcept override
		{
			auto &queue = fabric_.queues_[node_];

			if (queue.empty())
				return std::nullopt;

			const Bytes frame = std::move(queue.front());

			queue.pop_front();
			std::ranges::copy(std::span(frame).first(std::min(frame.size(), room.size())),
					  room.begin());
			return std::min(frame.size(), room.size());
		}

		bool plugged = true;

	private:
		TestFabric &fabric_;
		uint32_t node_;
	};

	/// Called with each frame but hellos, and may change it; returns how often it arrives.
	std::function<int(Bytes &)> weather = [](Bytes &) { return 1; };

	void carry(uint32_t node, Bytes frame)
	{
		if (node >= HCA_NODES)
			return;

		const int times = is_hello(frame) ? 1 : weather(frame);

		for (int i = 0; i < times; ++i)
			queues_[node].push_back(frame);
	}

	static bool is_hello(const Bytes &frame)
	{
		return frame.size() > HCA_FRAME_TYPE &&
		       frame[HCA_FRAME_TYPE] == std::byte{HCA_FRAME_HELLO};
	}

private:
	std::array<std::deque<Bytes>, HCA_NODES> queues_;
};

/// Boards 1, 2, ... on one fabric; time passes only in beat().
class TestBoards {
public:
	explicit TestBoards(uint32_t count)
	{
		for (uint32_t node = 1; node <= count; ++node) {
			ends_.push_back(std::make_unique<TestFabric::End>(fabric, node));
			boards_.push_back(std::make_unique<TestBoard>(Chip::Setup{
				.wire = ends_.back().get(), .node = node, .epoch = node << 16}));
		}
		beat(1);
	}

	TestBoard &operator[](uint32_t node) { return *boards_[node - 1]; }
	TestFabric::End &end(uint32_t node) { return *ends_[node - 1]; }

	/// Steps all chips until none has anything to do.
	void settle()
	{
		for (bool busy = true; busy;) {
			busy = false;
			for (auto &board : boards_)
				busy |= board->chip().step();
		}
	}

	void beat(uint32_t times)
	{
		for (uint32_t i = 0; i < times; ++i) {
			settle();
			for (auto &board : boards_)
				board->chip().beat();
		}
		settle();
	}

	TestFabric fabric;

private:
	std::vector<std::unique_ptr<TestFabric::End>> ends_;
	std::vector<std::unique_ptr<TestBoard>> boards_;
};

} // namespace chip_model
