// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <expected>
#include <functional>

/// Counts what a process asks of the kernel: system calls and page faults.
namespace syscalls {

/// Returns 0 or a negative errno value.
using Step = std::function<int()>;

/// System calls of `work`, counted by a parent that stops the process at each of them. Both steps
/// run in that process, `prepare` first and not counted.
///
/// Errors: negative errno values; what a step returned, or -ECHILD when the process was killed.
std::expected<long, int> count(const Step &prepare, const Step &work);

/// Page faults of `work` in this process, with and without I/O.
///
/// Errors: what `work` returned.
std::expected<long, int> page_faults(const Step &work);

} // namespace syscalls
