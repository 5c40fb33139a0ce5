// SPDX-License-Identifier: GPL-2.0
/* The may-oracle, fed with any events at all: the oracle does not fall over, says
   the same each time, keeps no more memory than it has to, and never misses a
   cacheable translation of a coherent frame. */
#include <array>
#include <cstdio>
#include <cstdlib>

/* Clang's sanitizer tells how much is allocated; GCC has no header for it. */
#ifdef __has_feature
#define DMAMAP_ASAN __has_feature(address_sanitizer)
#else
#define DMAMAP_ASAN 0
#endif

#if DMAMAP_ASAN
#include <sanitizer/allocator_interface.h>
#endif

#include "kunit/judge/oracle.h"
#include "kunit/prove/fuzz.h"

namespace dmamap::prove {
namespace {

using namespace judge;

constexpr unsigned kLastOp = unsigned(Op::fails);

/* A few values that are near each other, and the limits of each type. */
constexpr std::array<std::uint64_t, 4> kPfns = {0, 1, 2, ~0ull};
constexpr std::array<std::uint64_t, 6> kVas = {0, 1, 2, 3, 1ull << 63, ~0ull};
constexpr std::array<std::uint32_t, 4> kLineNumbers = {0, 1, 2, ~0u};
constexpr std::array<std::uint8_t, 8> kCpuNumbers = {0, 1, 2, 3, 4, 0xfd, kSelf, kAllCpus};

/// The memory that each event may cost, at most: an entry in the history of each
/// frame, in a vector that doubles.
constexpr std::size_t kBytesAnEvent = 2 * kPfns.size() * sizeof(Event);
/// The memory for frames, lines, addresses, TLBs, and each event once in Waste.
constexpr std::size_t kBytesForAll = 1 << 20;

std::size_t allocated()
{
#if DMAMAP_ASAN
	return __sanitizer_get_current_allocated_bytes();
#else
	return 0;
#endif
}

/// A model of the translations alone: the frames to which an address leads through
/// the cache, by its PTE or by a TLB entry that has not been purged since.
class Translations {
public:
	explicit Translations(const Profile &profile) : profile_(profile) {}

	void exists(std::size_t va, std::size_t pfn)
	{
		now_[va] = {.pfn = kPfns[pfn], .attr = Attr::cached, .owners = true};
		load();
	}

	void follow(const Event &e)
	{
		Rules ignored;

		for (std::size_t i = 0; i < kVas.size(); ++i) {
			if (e.op == Op::set_pte && e.va == kVas[i])
				now_[i] = {e.pfn, e.attr, now_[i].owners};
			/* Whichever CPU and address is meant, the entry may be gone. */
			if (e.op == Op::purge || e.op == Op::barrier)
				loaded_[i] = {};
		}
		for (std::size_t i = 0; i < kPfns.size(); ++i)
			if (e.pfn == kPfns[i])
				judge::follow(owners_[i], e.op, ignored);
		load();
	}

	/// Whether a coherent frame has a live cacheable translation.
	[[nodiscard]] bool alias() const
	{
		for (std::size_t f = 0; f < kPfns.size(); ++f)
			for (const auto &frames : loaded_)
				if (owners_[f].phase == Phase::coherent && frames[f])
					return !profile_.device_snoops;
		return false;
	}

private:
	struct Entry {
		std::uint64_t pfn = 0;
		Attr attr = Attr::none;
		bool owners = false;
	};

	/* A translation in the page table counts, whether a TLB has it or not. One that
	   is gone from there counts only if a walker could load it before. */
	void load()
	{
		for (std::size_t i = 0; i < kVas.size(); ++i)
			for (std::size_t f = 0; f < kPfns.size(); ++f) {
				const bool there = now_[i].attr == Attr::cached &&
						   now_[i].pfn == kPfns[f];

				loaded_[i][f] = there || (loaded_[i][f] && profile_.walker);
			}
	}

	const Profile &profile_;
	std::array<Entry, kVas.size()> now_;
	std::array<std::array<bool, kPfns.size()>, kVas.size()> loaded_{};
	std::array<Owner, kPfns.size()> owners_;
};

Event event(Bytes &bytes)
{
	const std::uint8_t mixed = bytes.next();

	return {.op = Op(bytes.below(kLastOp + 1)),
		.cpu = kCpuNumbers[mixed % kCpuNumbers.size()],
		.attr = Attr(mixed / 8 % 3),
		.value = Value(mixed / 32 % 4),
		.line = kLineNumbers[bytes.below(kLineNumbers.size())],
		.va = kVas[bytes.below(kVas.size())],
		.pfn = kPfns[bytes.below(kPfns.size())]};
}

[[noreturn]] void fail(const Event &e, const char *what, Rules broken)
{
	std::fprintf(stderr, "%s: %s; it says %s\n", to_string(e).c_str(), what,
		     names_of(broken).c_str());
	std::abort();
}

/// Feeds the same events to two oracles, which have to say the same.
class Trial {
public:
	Trial(const Profile &profile, const Oracle::Machine &machine)
		: translations_(profile), oracle_(profile, machine), other_(profile, machine)
	{
	}

	void exists(std::size_t va, std::size_t pfn, bool permanent)
	{
		oracle_.exists(kVas[va], kPfns[pfn], permanent);
		other_.exists(kVas[va], kPfns[pfn], permanent);
		translations_.exists(va, pfn);
	}

	void feed(const Event &e)
	{
		const Oracle::Verdict verdict = oracle_.feed(e);
		const Oracle::Verdict again = other_.feed(e);

		translations_.follow(e);
		++events_;
		if (verdict.broken != again.broken || verdict.history != again.history)
			fail(e, "not the same twice", verdict.broken);
		if (verdict.history.size() > (verdict.broken.none() ? 0 : events_ * kPfns.size()))
			fail(e, "more history than there was", verdict.broken);
		if (translations_.alias() && !verdict.broken.has(Rule::alias))
			fail(e, "a coherent frame has a cacheable translation", verdict.broken);
	}

	[[nodiscard]] std::size_t may_take() const
	{
		return 2 * (kBytesForAll + events_ * kBytesAnEvent);
	}

private:
	Translations translations_;
	Oracle oracle_;
	Oracle other_;
	std::size_t events_ = 0;
};

} // namespace
} // namespace dmamap::prove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	using namespace dmamap::prove;

	Bytes bytes(data, size);
	const auto &profile = dmamap::judge::profiles()[bytes.below(dmamap::judge::profiles().size())];
	const std::uint8_t shape = bytes.next();
	const std::size_t before = allocated();
	Trial trial(profile, {.cpus = 1u + shape % 4,
			      .lines = 1u + shape / 4 % 3,
			      .colour = [](std::uint64_t va) { return unsigned(va & 1); }});

	/* The addresses that exist before the first event; each leads to one frame. */
	for (std::size_t va = 0; va < shape / 32u && va < kVas.size(); ++va)
		trial.exists(va, bytes.below(kPfns.size()), bytes.next() & 1);
	while (!bytes.empty())
		trial.feed(event(bytes));
	if (allocated() > before + trial.may_take()) {
		std::fprintf(stderr, "%zu bytes are kept\n", allocated() - before);
		std::abort();
	}
	return 0;
}
