/* SPDX-License-Identifier: GPL-2.0 */
/* The machines that there are. A new one is added here, and in arch/Kconfig. */
#pragma once

#include <array>

#include "arch/arm/facts.h"
#include "arch/parisc/facts.h"
#include "arch/x86/facts.h"

namespace dmamap::arch {

/// In the order of searches and tests. Inputs of a fuzzer name a machine by its place.
inline constexpr std::array kMachines{x86::kFacts, arm::kFacts, parisc::kFacts};

} // namespace dmamap::arch
