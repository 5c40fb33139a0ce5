/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <span>
#include <string_view>

#include "arch/facts.h"

namespace dmamap::judge {

using arch::Flushing;
using arch::Purging;

/// The liberties of a kind of machine; a row of arch/<m>/facts.h, or made from one.
using Profile = arch::Cpu;

/// One of each machine, and "worst"; and each once more, "-snooped", with a device
/// that snoops the CPUs' caches.
[[nodiscard]] std::span<const Profile> profiles();
/// The profile of that name; null if there is none.
[[nodiscard]] const Profile *find_profile(std::string_view name);

} // namespace dmamap::judge
