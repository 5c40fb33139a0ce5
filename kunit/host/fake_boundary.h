/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "dma/include/dmamap/boundary.h"

/// A region in user space: memory, and what was done with it.
struct dmamap_region {
	std::unique_ptr<unsigned char[]> memory;
	std::size_t bytes;
	std::string name;
	unsigned int how;
};

namespace dmamap::test {

/// The kernel behind the headers for C++: it remembers what it was asked for,
/// in order, and refuses on demand.
struct FakeKernel {
	static constexpr std::size_t kPage = 4096;
	static constexpr unsigned long long kBus = 0x80000000;
	static constexpr unsigned long long kPfn = 0x1234;

	std::vector<std::string> calls;
	int fail_next = 0;  ///< errno of the next call that can fail
	int regions = 0;    ///< that are alive

	[[nodiscard]] int failure()
	{
		const int err = -fail_next;

		fail_next = 0;
		return err;
	}
};

/// The one that the functions of the boundary are about.
FakeKernel &fake_kernel();

} // namespace dmamap::test
