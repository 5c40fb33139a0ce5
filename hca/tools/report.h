// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca_abi.h"
#include "peer.h"

#include <cstdint>

namespace hello {

/// Results of a run, after both peers have ended.
struct Result {
	Outcome sender;
	Outcome receiver;
	uint64_t time_us;
};

/// Prints the results: for people always, for programs when asked.
class Report {
public:
	explicit Report(bool machine) noexcept : machine_(machine) {}

	void kinds(const hca_context_info &info) const;
	void result(const Result &result) const;

private:
	void value(const char *key, uint64_t value) const;

	bool machine_;
};

} // namespace hello
