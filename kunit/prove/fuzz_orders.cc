// SPDX-License-Identifier: GPL-2.0
/* For any sequence of right and wrong steps, the search and the may-oracle agree
   on whether it breaks a rule. fuzz_known.h has the orders on which the two are
   known to disagree, and why. */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ranges>

#include "kunit/prove/cases.h"
#include "kunit/prove/fuzz.h"
#include "kunit/prove/fuzz_known.h"
#include "kunit/prove/verdict.h"

namespace dmamap::prove {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::size_t kLongest = 40;         ///< words
constexpr std::size_t kFurthest = 8;         ///< a step is moved by so many places
constexpr std::size_t kStates = 50'000;      ///< more than any order has had so far

/// All steps of programs.cc.
constexpr std::string_view kSteps[] = {
	"take", "claim", "lazy", "close", "purge", "map", "flush", "barrier", "zero", "idle",
	"publish", "use", "quiet", "withdraw", "unmap", "reopen", "release", "give",
	"purge-local", "purge-first", "purge-unordered", "purge-unfinished", "close-uncached",
	"flush-first", "flush-linear", "flush-region", "flush-clean", "flush-invalidate",
	"flush-inner", "flush-here", "flush-icache", "flush-skip-last", "zero-linear",
	"zero-skip-last", "unmap-lazy", "at-linear", "irq-off", "irq-on",
	"lazy-local",
};

Words split(std::string_view words)
{
	Words all;

	for (auto word : words | std::views::split(' '))
		all.emplace_back(word.begin(), word.end());
	return all;
}

/* Inserts the step number @what at @place; beyond the last step, @what removes the
   word at @place, or moves it further on. */
void edit(Words &words, std::size_t place, std::size_t what)
{
	place %= words.size() + 1;
	what %= std::size(kSteps) + 1 + kFurthest;

	const auto at = words.begin() + std::ptrdiff_t(place);
	const auto left = std::size_t(words.end() - at);

	if (what < std::size(kSteps) && words.size() < kLongest)
		words.insert(at, kSteps[what]);
	else if (left == 0)
		return;
	else if (what <= std::size(kSteps))
		words.erase(at);
	else
		std::rotate(at, at + 1,
			    at + std::ptrdiff_t(std::min(left, what - std::size(kSteps) + 1)));
}

std::string joined(const Words &words)
{
	std::string order;

	for (std::string_view word : words)
		order.append(order.empty() ? "" : " ").append(word);
	return order;
}

/// An order, judged by both engines.
class Trial {
public:
	enum class Outcome { nothing_to_judge, too_large, agree, known, disagree };

	Trial(const Fit &fit, const Words &words)
		: fit_(fit), bounds_{.frames = 1, .highmem = fit.strategy->highmem, .eager = true}
	{
		auto made = program_of_order(*fit.strategy, *fit.profile, bounds_, 1, joined(words));

		if (!made) {
			std::fprintf(stderr, "no such step: %s\n", made.error().c_str());
			std::abort();
		}
		program_ = std::move(*made);
	}

	[[nodiscard]] Outcome outcome() const
	{
		/* On a machine without linear addresses, some steps do nothing. */
		if (program_.nodes()[0].edges.empty())
			return Outcome::nothing_to_judge;
		const auto first = by_search({.states = kStates});
		const Rules may = by_oracle();

		if (!first)
			return Outcome::too_large;
		if (first->none() == may.none())
			return Outcome::agree;
		return known(by_search(kAll).value_or(*first), may) ? Outcome::known :
								      Outcome::disagree;
	}

	void print() const
	{
		const auto search = by_search(kAll);

		std::fprintf(stderr, "  search: %s\n  oracle: %s\n",
			     search ? names_of(*search).c_str() : "too many states",
			     names_of(by_oracle()).c_str());
	}

private:
	static constexpr Search::Limits kAll{.states = 4 * kStates, .stop_at_first = false};

	[[nodiscard]] std::optional<Rules> by_search(Search::Limits limits) const
	{
		return searched(program_, *fit_.profile, bounds_, limits);
	}
	/* Three runs in a row: one may leave behind something that spoils the next. */
	[[nodiscard]] Rules by_oracle() const
	{
		return prove::by_oracle(program_, *fit_.profile, bounds_, 3);
	}
	[[nodiscard]] bool known(Rules search, Rules may) const
	{
		const std::vector<Event> events = events_of(program_);

		return std::ranges::any_of(kKnown, [&](const Known &k) {
			return search.without(k.search).none() && may.without(k.oracle).none() &&
			       k.applies(*fit_.profile, events);
		});
	}

	Fit fit_;
	judge::Bounds bounds_;
	Program program_;
};

/* Leaves out words as long as the engines still disagree. */
Words shrink(const Fit &fit, Words words)
{
	for (std::size_t i = words.size(); i-- > 0;) {
		Words fewer = words;

		fewer.erase(fewer.begin() + std::ptrdiff_t(i));
		if (Trial(fit, fewer).outcome() == Trial::Outcome::disagree)
			words = std::move(fewer);
	}
	return words;
}

[[noreturn]] void report(const Fit &fit, const Words &words)
{
	const Words few = shrink(fit, words);

	std::fprintf(stderr, "%s on %s: %s\n", fit.strategy->name.data(), fit.profile->name.data(),
		     joined(words).c_str());
	std::fprintf(stderr, "as much is seen of: %s\n", joined(few).c_str());
	Trial(fit, few).print();
	std::abort();
}

Words words_of(const Fit &fit, Bytes bytes)
{
	Words words;

	/* Edits start from an empty order, or from a right one. */
	if (bytes.below(4) != 0)
		words = split(fit.strategy->snooped ? kRightSnooped :
			      fit.strategy->pooled  ? kRightPooled :
						      kRight);
	while (!bytes.empty()) {
		const std::uint8_t place = bytes.next();

		edit(words, place, bytes.next());
	}
	return words;
}

} // namespace
} // namespace dmamap::prove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	using namespace dmamap::prove;

	Bytes bytes(data, size);
	const Fit &fit = fits()[bytes.below(fits().size())];
	const Words words = words_of(fit, bytes);

	switch (Trial(fit, words).outcome()) {
	case Trial::Outcome::nothing_to_judge:
	case Trial::Outcome::too_large:
		return -1;   // tells libFuzzer not to keep the input
	case Trial::Outcome::agree:
	case Trial::Outcome::known:
		break;
	case Trial::Outcome::disagree:
		report(fit, words);
	}
	return 0;
}
