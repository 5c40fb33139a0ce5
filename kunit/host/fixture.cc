// SPDX-License-Identifier: GPL-2.0
#include "kunit/host/fixture.h"

#include <iterator>

namespace dmamap::test {

std::string words(const std::vector<dmamap_step> &steps)
{
	static constexpr const char *names[] = {
		"take",	   "claim",    "drop_lazy", "set_linear", "purge",
		"map",	   "flush",    "barrier",   "zero",	  "publish",
		"hold",	   "lend",     "recall",    "withdraw",	  "unmap",
		"release", "give",     "quarantine",
	};
	static constexpr const char *linears[] = {"none", "absent", "uncached", "cached"};
	std::string said;

	static_assert(std::size(names) == DMAMAP_STEPS);
	for (const dmamap_step &step : steps) {
		said += said.empty() ? "" : " ";
		said += step.id == DMAMAP_STEP_SET_LINEAR ? linears[step.value] : names[step.id];
	}
	return said;
}

} // namespace dmamap::test
