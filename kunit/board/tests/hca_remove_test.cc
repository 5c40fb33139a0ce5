// SPDX-License-Identifier: GPL-2.0
// The chip is reset, the device unbound, the chip killed, all while processes have it mapped and
// send: they get an error and no signal, nothing is left behind, and binding works again.
#include "hca_sysfs.h"
#include "hca_talkers.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <vector>

namespace {

using namespace talkers;

constexpr unsigned int kGuardSeconds = 110;

void test_reset(tap::Report &tap)
{
	const std::string reset = hca_sysfs::kFolder + "reset";
	hca *handle = nullptr;

	test_end(tap, "reset", -ECONNRESET, [&] { return write_file(reset, "1"); });
	tap.gives(0, use_it(), "after a reset a context opens and works");
	tap.gives(-EINVAL, write_file(reset, "2"), "a reset is asked for with 1 only");

	if (hca_open(nullptr, &handle))
		return;
	write_file(reset, "1");

	epoll_event event = {.events = EPOLLIN, .data = {}};
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, hca_fd(handle), &event);
	tap.ok(epoll_wait(epoll, &event, 1, kPatience) == 1 && (event.events & EPOLLHUP),
	       "epoll says so of a context that was lost");
	close(epoll);
	hca_close(handle);
}

// What is left to a file whose device is gone.
void test_orphan(tap::Report &tap, RawContext &context)
{
	hca_context_info info{};
	pollfd file = {.fd = context.fd(), .events = POLLIN, .revents = 0};

	info.abi = HCA_ABI_VERSION;
	tap.gives(-ENODEV, context.request(&info), "orphan: ioctl() says so");
	tap.gives(-ENODEV, context.map(HCA_KIND_EAGER, PROT_READ).error(), "orphan: mmap() says so");
	tap.ok(poll(&file, 1, 0) == 1 && (file.revents & POLLHUP), "orphan: poll() says so");
}

void test_unbind(tap::Report &tap, const hca_sysfs::Binding &binding)
{
	RawContext orphan;
	std::vector<Mapping> mappings;
	constexpr int kAccess[HCA_KINDS] = {PROT_READ | PROT_WRITE, PROT_WRITE, PROT_READ,
					    PROT_READ | PROT_WRITE, PROT_READ};

	orphan.open_context();
	for (unsigned int kind = 0; kind < HCA_KINDS; ++kind)
		mappings.push_back(orphan.map(static_cast<hca_kind>(kind), kAccess[kind]));

	test_end(tap, "unbind", -ENODEV, [&] { return binding.unbind(); });
	tap.gives(-ENOENT, RawContext().error(), "unbound: there is no node");
	test_orphan(tap, orphan);

	for (unsigned int kind = 0; kind < HCA_KINDS; ++kind) {
		if (kAccess[kind] & PROT_READ)
			mappings[kind].read();
		if (kAccess[kind] & PROT_WRITE)
			mappings[kind].write();
	}
	tap.ok(true, "unbound: all five mappings can still be touched");

	tap.gives(0, binding.bind(), "binding works while the old mappings are there");
	tap.gives(0, use_it(), "and so does the device");
	test_orphan(tap, orphan);
}

bool wait_for_state(const char *state)
{
	return eventually([=] { return hca_sysfs::value("state") == state; });
}

// Surprise: the chip is gone, then its device is taken away; the memory is free when a chip is back.
void test_dead_chip(tap::Report &tap, const hca_sysfs::Binding &binding, long before)
{
	test_end(tap, "killed", -EIO, [] {
		ask("kill-model");
		return wait_for_state("dead") ? 0 : -ETIMEDOUT;
	});
	tap.gives(0, binding.unbind(), "a device whose chip is dead can be unbound");
	tap.ok(hca_sysfs::regions() > before, "its memory is kept: %ld regions, %ld before",
	       hca_sysfs::regions(), before);
	tap.gives(-ENODEV, binding.bind(), "it can't be bound without a chip");
	ask("start-model");
	eventually([&] { return binding.bind() == 0; });	/* when the chip is there */
	tap.gives(0, use_it(), "with a new chip it works again");
	tap.ok(hca_sysfs::regions() == before, "and the memory is free: %ld regions",
	       hca_sysfs::regions());
}

// The same without unbinding: a reset finds the new chip.
void test_new_chip(tap::Report &tap, long before)
{
	ask("kill-model");
	tap.ok(wait_for_state("dead"), "a dead chip is noticed");
	ask("start-model");
	/* Nothing but a reset asks a chip whether it is there. */
	tap.ok(eventually([] { return write_file(hca_sysfs::kFolder + "reset", "1") == 0; }),
	       "a reset revives it");
	tap.gives(0, use_it(), "and it works");
	tap.ok(hca_sysfs::regions() == before, "nothing is left: %ld regions", hca_sysfs::regions());
}

} // namespace

int main()
{
	tap::Report tap;
	const hca_sysfs::Binding binding;

	guard(kGuardSeconds);
	if (!binding.found())
		tap.bail_out("there is no HCA to take away");

	const long before = hca_sysfs::regions();

	test_reset(tap);
	tap.ok(hca_sysfs::regions() == before, "nothing is left of resets: %ld regions",
	       hca_sysfs::regions());
	test_unbind(tap, binding);
	tap.ok(hca_sysfs::regions() == before, "nothing is left of unbinding: %ld regions",
	       hca_sysfs::regions());
	test_dead_chip(tap, binding, before);
	test_new_chip(tap, before);
	return tap.finish();
}
