// SPDX-License-Identifier: GPL-2.0
/* The two engines, and the two ways of searching, agree on orders that are not in
   cases.cc: known ones, spoiled at random. */
#include <algorithm>
#include <random>
#include <ranges>

#include <gtest/gtest.h>

#include "arch/machines.h"
#include "kunit/prove/cases.h"

namespace dmamap::prove {
namespace {

struct Board {
	std::string_view strategy;
	std::string_view profile;

	bool operator==(const Board &) const = default;
};

/* Each machine with what its boards are built with, and two pairs that no kernel has. */
std::vector<Board> boards()
{
	const auto walks = [](const arch::Facts &machine) { return machine.cpu.walker; };
	std::vector<Board> all;

	for (const arch::Facts &machine : arch::kMachines)
		for (const arch::Board &board : machine.boards)
			if (const Board one{name_of(board.strategy), machine.cpu.name};
			    std::ranges::find(all, one) == all.end())
				all.push_back(one);
	all.push_back({"unmap", "worst"});
	all.push_back({"purge", std::ranges::find_if(arch::kMachines, walks)->cpu.name});
	return all;
}

std::vector<std::string> split(std::string_view words)
{
	std::vector<std::string> all;

	for (auto word : words | std::views::split(' '))
		all.emplace_back(word.begin(), word.end());
	return all;
}

/* A right order, with a step or two lost, doubled, moved or done wrongly. */
std::string spoiled(std::string_view right, std::mt19937 &random)
{
	static constexpr std::string_view others[] = {
		"purge-local", "flush-clean", "flush-skip-last", "zero-skip-last", "unmap-lazy",
		"purge-unordered", "flush-inner", "flush-here", "barrier", "lazy", "lazy-local",
	};
	auto words = split(right);
	const auto draw = [&](std::size_t below) { return random() % below; };

	for (unsigned edits = 1 + draw(2); edits > 0; --edits) {
		const std::size_t at = 1 + draw(words.size() - 1);

		switch (draw(4)) {
		case 0:
			words.erase(words.begin() + std::ptrdiff_t(at));
			break;
		case 1:
			words[at] = others[draw(std::size(others))];
			break;
		case 2:
			std::swap(words[at], words[1 + draw(words.size() - 1)]);
			break;
		default:
			words.insert(words.begin() + std::ptrdiff_t(at), words[at]);
		}
	}
	std::string order;

	for (const std::string &word : words)
		order += (order.empty() ? "" : " ") + word;
	return order;
}

/* Expects the engines to agree on @orders spoiled orders, and returns how many of
   them are wrong. */
unsigned agree_on(std::string_view right, unsigned orders)
{
	const std::vector<Board> all = boards();
	std::mt19937 random(2004);
	unsigned wrong = 0;

	for (unsigned i = 0; i < orders; ++i) {
		const std::string order = spoiled(right, random);
		const Board &board = all[i % all.size()];
		const judge::Profile &profile = *judge::find_profile(board.profile);
		const Case c{"spoiled", board.strategy, board.profile, order, {}, {}};
		const Rules eager = searched(c, profile, {.frames = 1, .eager = true});
		const Rules may = by_oracle(c, profile);

		SCOPED_TRACE(std::string(board.strategy) + " on " + std::string(board.profile) +
			     ": " + order);
		EXPECT_EQ(eager.none(), may.none())
			<< "search " << names_of(eager) << ", oracle " << names_of(may);
		wrong += !eager.none();
		if (i % 8 == 0) {
			EXPECT_EQ(names_of(searched(c, profile)), names_of(eager));
		}
	}
	return wrong;
}

/* The limits make sure that both right and wrong orders were among them. */
TEST(EnginesTest, AgreeOnSpoiledOrders)
{
	const unsigned wrong = agree_on(kRight, 200);

	EXPECT_GT(wrong, 50u);
	EXPECT_LT(wrong, 190u);
}

TEST(EnginesTest, AgreeOnSpoiledPools)
{
	const unsigned wrong = agree_on(kRightPooled, 200);

	EXPECT_GT(wrong, 50u);
	EXPECT_LT(wrong, 190u);
}

} // namespace
} // namespace dmamap::prove
