// SPDX-License-Identifier: GPL-2.0
// The driver as a module: it stays while somebody uses it, goes when nobody does, and comes back.
#include "hca_sysfs.h"
#include "hca_talkers.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <sstream>
#include <string>

namespace {

constexpr unsigned int kGuardSeconds = 50;
constexpr int kRounds = 20;
constexpr const char *kFile = "/modules/hca.ko";
constexpr const char *kName = "hca";

// "NAME.KEY=VALUE" of the kernel's command line is for whoever loads the module.
std::string options()
{
	std::istringstream words(read_file("/proc/cmdline"));
	std::string word, found;

	while (words >> word) {
		if (word.starts_with("hca."))
			found += word.substr(4) + " ";
	}
	return found;
}

int load()
{
	const int fd = open(kFile, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	const int error = syscall(SYS_finit_module, fd, options().c_str(), 0) != 0 ? -errno : 0;

	close(fd);
	return error;
}

int unload()
{
	return syscall(SYS_delete_module, kName, O_NONBLOCK) != 0 ? -errno : 0;
}

// Each of a process's holds on the driver is enough to keep it.
void test_in_use(tap::Report &tap)
{
	std::optional<RawContext> context(std::in_place);

	tap.gives(0, context->error(), "the node is opened");
	tap.gives(-EWOULDBLOCK, unload(), "not unloaded while the node is open");
	tap.gives(0, context->open_context(), "a context is opened");

	std::optional<Mapping> eager(context->map(HCA_KIND_EAGER, PROT_READ));

	tap.gives(0, eager->error(), "and mapped");
	context.reset();
	eager->read();
	tap.gives(-EWOULDBLOCK, unload(), "not unloaded while it is only mapped");
	eager->read();
	tap.gives(0, talkers::use_it(), "the driver still works");
}

void test_unload(tap::Report &tap)
{
	tap.gives(0, unload(), "unloaded when nobody uses it");
	tap.ok(!node_is_there(), "then there is no node");
	tap.ok(hca_sysfs::regions() == 0, "nor a region (%ld)", hca_sysfs::regions());
	tap.gives(-ENOENT, unload(), "nor a module");
	tap.gives(0, load(), "loaded again");
	tap.gives(0, talkers::use_it(), "it works");
}

// Whatever a round leaves behind, many leave much of.
void test_again_and_again(tap::Report &tap)
{
	int error = 0, round = 0;

	for (; round < kRounds && error == 0; ++round) {
		error = unload();
		if (error == 0)
			error = load();
		if (error == 0)
			error = talkers::use_it();
	}
	tap.gives(0, error, "unloaded and loaded and used, round %d", round);
	tap.gives(0, unload(), "unloaded");
	drain_pool();

	const Values stats = values_of("/sys/kernel/debug/dmamap/stats");

	for (const char *key : {"regions", "frames_coherent", "frames_in_pool", "quarantined"})
		tap.ok(stats.contains(key) && value_of(stats, key) == 0, "%s: %lld left", key,
		       value_of(stats, key));
	tap.ok(value_of(stats, "step_take_pages") == value_of(stats, "step_give_pages"),
	       "%lld frames taken, %lld given back", value_of(stats, "step_take_pages"),
	       value_of(stats, "step_give_pages"));
	tap.gives(0, load(), "loaded for whoever comes next");
}

} // namespace

int main()
{
	tap::Report tap;

	guard(kGuardSeconds);
	if (access(kFile, F_OK) != 0) {
		tap.skip("the driver is part of this kernel", "unloaded and loaded again");
		return tap.finish();
	}
	test_in_use(tap);
	test_unload(tap);
	test_again_and_again(tap);
	return tap.finish();
}
