// SPDX-License-Identifier: GPL-2.0
// The device is pulled out while processes have it mapped and send, and plugged in again.
#include "hca_sysfs.h"
#include "hca_talkers.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <dirent.h>
#include <unistd.h>

#include <string>

namespace {

constexpr unsigned int kGuardSeconds = 110;
constexpr int kRounds = 3;

/// The hotplug slot of a PCI device, "0000:00:02.0"; empty when it can't be pulled out.
std::string slot_of(const std::string &device)
{
	const std::string folder = "/sys/bus/pci/slots/";
	DIR *slots = opendir(folder.c_str());
	std::string found;

	while (const dirent *entry = slots ? readdir(slots) : nullptr) {
		const std::string path = folder + entry->d_name;
		const std::string address = read_file(path + "/address");

		if (!address.empty() && device.starts_with(address.substr(0, address.find('\n'))) &&
		    !read_file(path + "/power").empty())
			found = path;
	}
	if (slots)
		closedir(slots);
	return found;
}

int pull_out(const std::string &device)
{
	talkers::ask("unplug-device");
	return eventually([&] { return access(device.c_str(), F_OK) != 0; }) ? 0 : -ETIMEDOUT;
}

// A file that is open and mapped all the time, from before until after.
void test_orphan(tap::Report &tap, const RawContext &orphan, const Mapping &registers,
		 const Mapping &eager)
{
	hca_context_info info{};

	info.abi = HCA_ABI_VERSION;
	tap.gives(-ENODEV, orphan.request(&info), "orphan: ioctl() says so");
	tap.gives(-ENODEV, orphan.map(HCA_KIND_EAGER, PROT_READ).error(), "orphan: mmap() says so");
	registers.write();
	registers.read();
	eager.read();
	tap.ok(true, "orphan: its mappings can still be touched");
}

void test_round(tap::Report &tap)
{
	const std::string device = hca_sysfs::real_path(hca_sysfs::kFolder + "device");
	RawContext orphan;

	orphan.open_context();

	const Mapping registers = orphan.map(HCA_KIND_REGISTERS, PROT_READ | PROT_WRITE);
	const Mapping eager = orphan.map(HCA_KIND_EAGER, PROT_READ);

	talkers::test_end(tap, "unplug", -ENODEV, [&] { return pull_out(device); });
	tap.ok(!node_is_there(), "unplugged: there is no node");
	test_orphan(tap, orphan, registers, eager);

	talkers::ask("plug-device");
	tap.ok(eventually(node_is_there), "plugged in again: the node is back");
	tap.gives(0, talkers::use_it(), "and works");
	tap.ok(hca_sysfs::value("wait") == "interrupt", "with its interrupt");
	test_orphan(tap, orphan, registers, eager);
	orphan.shut();
}

} // namespace

int main()
{
	tap::Report tap;
	const std::string device = hca_sysfs::real_path(hca_sysfs::kFolder + "device");

	guard(kGuardSeconds);
	if (device.empty())
		tap.bail_out("there is no HCA to pull out");
	if (slot_of(device.substr(device.rfind('/') + 1)).empty()) {
		tap.skip("no hotplug slot", "the device is pulled out and plugged in");
		return tap.finish();
	}

	const long before = hca_sysfs::regions();

	for (int round = 0; round < kRounds; ++round) {
		test_round(tap);
		tap.ok(hca_sysfs::regions() == before, "nothing is left: %ld regions, %ld before",
		       hca_sysfs::regions(), before);
	}
	return tap.finish();
}
