// SPDX-License-Identifier: GPL-2.0
// No hibernation while frames are coherent. Nothing here can switch the board off: there is
// no swap to write an image to, and with disk=test_resume no image is followed by power off.
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace {

constexpr const char *kState = "/sys/power/state";
constexpr const char *kDisk = "/sys/power/disk";
constexpr unsigned int kGuardSeconds = 50;

// Coherent frames, and those of them that nobody has, of one reading and of one moment: no worker
// is on its way from one to the other.
struct Frames {
	long long coherent, unused;

	static Frames now()
	{
		settle_layer();

		const Values stats = values_of("/sys/kernel/debug/dmamap/stats");

		return {value_of(stats, "frames_coherent"), value_of(stats, "frames_in_pool")};
	}
};

// What the kernel says while it tries to hibernate, and the errno of that.
struct Attempt {
	int error;
	std::string said;

	bool says(const std::string &text) const { return said.find(text) != std::string::npos; }
};

Attempt hibernate()
{
	const std::size_t before = kernel_log().size();
	const int error = write_file(kState, "disk");
	const std::string log = kernel_log();

	return {error, log.substr(std::min(before, log.size()))};
}

void test_refused(tap::Report &tap)
{
	RawContext context, another;

	tap.gives(0, context.open_context(), "a context opens");

	// The chunks of the context are the last that nobody can give back.
	drain_pool();

	const auto [frames, unused] = Frames::now();
	const Attempt attempt = hibernate();
	const std::string sentence = "dmamap: hibernation refused: it would copy " +
				     std::to_string(frames) + " coherent frames";

	tap.gives(-EBUSY, attempt.error, "with %lld coherent frames, hibernation is refused", frames);
	tap.ok(frames > unused && attempt.says(sentence) &&
	       attempt.says(" " + std::to_string(frames - unused) + ", unused beside them " +
			    std::to_string(unused) + "); close what uses them"),
	       "the log says how many frames of which device");
	tap.ok(!attempt.says("Freezing user space"), "before anything was frozen");
	tap.gives(0, another.open_context(), "afterwards frames may become coherent");
	tap.gives(0, context.map(HCA_KIND_HEADERS, PROT_READ).error(), "and be mapped");
}

void test_accepted(tap::Report &tap)
{
	using Clock = std::chrono::steady_clock;
	RawContext context;
	const auto [frames, unused] = Frames::now();

	tap.ok(frames != 0 && frames == unused, "%lld coherent frames are left, of nobody", frames);

	const auto start = Clock::now();
	const Attempt attempt = hibernate();
	const std::chrono::duration<double> took = Clock::now() - start;

	tap.ok(!attempt.says("hibernation refused") && attempt.says("Freezing user space"),
	       "they don't forbid hibernation");
	tap.ok(attempt.error != 0 && attempt.error != -EBUSY && attempt.error != -EPERM,
	       "and ends where there is no swap (%s)", strerror(-attempt.error));
	std::printf("# %.1f s, image %s\n", took.count(),
		    attempt.says("Image created") ? "created" : "not created");
	tap.gives(0, context.open_context(), "afterwards frames may become coherent");
}

bool is_safe(tap::Report &tap)
{
	return tap.gives(0, write_file(kDisk, "test_resume"), "an image would only be tested") &&
	       tap.ok(read_file(kDisk).find("[test_resume]") != std::string::npos &&
		      lines_of(read_file("/proc/swaps")).size() <= 1,
		      "and there is no swap that could take it");
}

} // namespace

int main()
{
	tap::Report tap;

	if (read_file(kState).find("disk") == std::string::npos) {
		tap.skip("this kernel can't hibernate", "hibernation");
		return tap.finish();
	}
	guard(kGuardSeconds);
	if (!is_safe(tap))
		return tap.finish();
	tap.ok(drain_pool() == 0 && Frames::now().coherent == 0,
	       "a drained pool leaves no coherent frame");
	test_refused(tap);
	test_accepted(tap);
	return tap.finish();
}
