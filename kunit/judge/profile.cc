// SPDX-License-Identifier: GPL-2.0
#include "kunit/judge/profile.h"

#include <algorithm>
#include <array>

#include "arch/machines.h"

namespace dmamap::judge {
namespace {

/* All that any CPU was ever allowed to do. No kernel runs on it. */
constexpr Profile kWorst{
	.name = "worst",
	.walker = true,
	.pte_held = true,
	.purge_drains = false,
	.purge_held = true,
	.online_purges = true,
	.speculates = true,
	.coloured = true,
	.cpus_snoop = false,
	.outer = false,
	.flush_held = true,
	.store_held = true,
	.device_snoops = false,
	.purging = Purging::by_ipi,
	.flushing = Flushing::whole,
	.flush_after_lazy = false,          // whole flushes find every colour
};

/* A device can't snoop caches that do not know of each other. */
constexpr Profile snooped(Profile profile, std::string_view name)
{
	profile.name = name;
	profile.device_snoops = true;
	profile.cpus_snoop = true;
	return profile;
}

constexpr std::string_view kSnooped = "-snooped";

/* Names of the snooped ones, at compile time: one after another. */
constexpr auto kNames = [] {
	std::array<char, 256> text{};
	char *end = text.data();

	const auto add = [&](std::string_view name) {
		end = std::ranges::copy(name, end).out;
		end = std::ranges::copy(kSnooped, end).out;
	};
	for (const arch::Facts &machine : arch::kMachines)
		add(machine.cpu.name);
	add(kWorst.name);
	return text;
}();

constexpr auto kProfiles = [] {
	constexpr std::size_t plain = arch::kMachines.size() + 1;
	std::array<Profile, 2 * plain> all{};
	const char *name = kNames.data();

	for (std::size_t i = 0; i < plain; ++i) {
		all[i] = i + 1 < plain ? arch::kMachines[i].cpu : kWorst;

		const std::size_t size = all[i].name.size() + kSnooped.size();

		all[plain + i] = snooped(all[i], {name, size});
		name += size;
	}
	return all;
}();

/* The outer cache apart, which flushes of whole caches would have to include. */
constexpr bool allowed_by_worst(const Profile &profile)
{
	return profile.purge_drains >= kWorst.purge_drains &&
	       profile.cpus_snoop >= kWorst.cpus_snoop && profile.walker <= kWorst.walker &&
	       profile.pte_held <= kWorst.pte_held && profile.purge_held <= kWorst.purge_held &&
	       profile.speculates <= kWorst.speculates && profile.coloured <= kWorst.coloured &&
	       profile.flush_held <= kWorst.flush_held && profile.store_held <= kWorst.store_held;
}

static_assert(std::ranges::all_of(arch::kMachines, allowed_by_worst,
				  [](const arch::Facts &machine) { return machine.cpu; }));

} // namespace

std::span<const Profile> profiles()
{
	return kProfiles;
}

const Profile *find_profile(std::string_view name)
{
	const auto *found = std::ranges::find(kProfiles, name, &Profile::name);

	return found == kProfiles.end() ? nullptr : found;
}

} // namespace dmamap::judge
