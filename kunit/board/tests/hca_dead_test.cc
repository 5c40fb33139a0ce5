// SPDX-License-Identifier: GPL-2.0
// The chip dies under a process: everything says so, nothing hangs.
#include "hca_talkers.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <unistd.h>

#include <cerrno>

namespace {

constexpr unsigned int kGuardSeconds = 50;

bool wait_for_death(const hca *handle)
{
	return eventually([=] { return hca_status(handle) == HCA_STATUS_DEAD; });
}

void test_data_path(tap::Report &tap, hca *handle)
{
	hca_message message{};

	tap.gives(-EIO, hca_send(handle, hca_context(handle), 0, "x", 1), "sending says so");
	tap.gives(-EIO, hca_receive(handle, &message), "receiving says so");
	tap.gives(-EIO, hca_wait(handle, 1000), "waiting says so");
}

void test_new_context(tap::Report &tap)
{
	RawContext context;
	hca *handle = nullptr;

	tap.gives(-EIO, context.open_context(), "no new context opens");
	tap.gives(-EIO, hca_open(nullptr, &handle), "not through the library either");
}

} // namespace

int main()
{
	tap::Report tap;

	guard(kGuardSeconds);

	hca *handle = talkers::open_or_bail_out(tap);

	tap.ok(hca_status(handle) == HCA_STATUS_OK, "the chip lives");

	// A packet of the time before, which will never be consumed.
	tap.gives(0, hca_send(handle, hca_context(handle), 1, "before", 6), "and takes a packet");
	tap.gives(0, hca_wait(handle, kPatience), "and delivers it");

	talkers::ask("kill-model");
	if (!tap.ok(wait_for_death(handle), "its death shows in the status word"))
		return tap.finish();

	hca_message message{};

	tap.gives(0, hca_receive(handle, &message), "what had arrived can still be received");
	tap.gives(0, hca_release(handle), "and released");
	test_data_path(tap, handle);
	test_new_context(tap);

	hca_close(handle);
	tap.ok(true, "closing does not hang");	/* the guard would have ended it */
	test_new_context(tap);
	return tap.finish();
}
