// SPDX-License-Identifier: GPL-2.0
#include "peer.h"

#include "hca.h"
#include "pattern.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace hello {
namespace {

// Not _exit(): that is exit_group(), and strict seccomp would kill it.
[[noreturn]] void leave(int code) noexcept
{
	for (;;)
		syscall(SYS_exit, code);
}

// From here to the end, any system call but read, write and exit kills the process. So messages
// that arrive afterwards have arrived without one.
bool enter_strict_mode() noexcept
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0;
}

// A bad receiver must be seen by the checks, not by a sender that waits for ever: neither of
// these loops has an end of its own. The parent has the clock.
Outcome send_all(struct hca *hca, uint32_t dest, uint32_t messages, Pattern &pattern,
		 Progress &progress) noexcept
{
	Outcome outcome{};

	for (uint32_t tag = 0; tag < messages; ++tag) {
		const auto payload = pattern.make(tag);

		do {
			outcome.error = hca_send(hca, dest, tag, payload.data(), payload.size());
		} while (outcome.error == -EAGAIN);

		if (outcome.error)
			return outcome;
		progress.sent = ++outcome.messages;
	}

	while (!hca_drained(hca)) {
		if (hca_status(hca) != HCA_STATUS_OK) {
			outcome.error = -EIO;
			return outcome;
		}
	}
	outcome.refused = hca_errors(hca, nullptr);
	return outcome;
}

Outcome receive_all(struct hca *hca, uint32_t source, uint32_t messages, Pattern &pattern,
		    Progress &progress) noexcept
{
	Outcome outcome{};
	uint32_t tag = 0;

	while (outcome.messages < messages) {
		hca_message message;

		outcome.error = hca_receive(hca, &message);
		if (outcome.error == -EAGAIN)
			continue;
		if (outcome.error)
			return outcome;

		if (message.source != source || !pattern.matches(message, tag))
			++outcome.corrupt;

		// After a hole each message is judged by its own tag again.
		tag = message.tag + 1;
		hca_release(hca);
		progress.received = ++outcome.messages;
	}
	return outcome;
}

} // namespace

void run_peer(Role role, const Options &options, const Pipe &in, const Pipe &out,
	      Progress &progress) noexcept
{
	Introduction introduction{};
	struct hca *hca = nullptr;
	Orders orders{};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	introduction.error = hca_open(options.node, &hca);
	if (hca)
		introduction.info = *hca_info(hca);
	if (!out.write(introduction) || !hca || !in.read(orders))
		leave(1);

	Pattern pattern(options.size);
	const bool strict = enter_strict_mode();
	Outcome outcome = role == Role::sender ?
		send_all(hca, orders.address, options.messages, pattern, progress) :
		receive_all(hca, orders.address, options.messages, pattern, progress);

	outcome.strict = strict;
	leave(out.write(outcome) && outcome.error == 0 ? 0 : 1);
}

} // namespace hello
