// SPDX-License-Identifier: GPL-2.0
// Each case runs in a process of its own: one that crashes or hangs fails alone.
#include "kernel_files.h"
#include "mapping.h"
#include "tap.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mapping {

namespace {

/// What a case says to the parent; shared between processes.
struct Told {
	unsigned int checks, failures;
	unsigned int used;
	char text[3000];
};

Told *told;
thread_local sigjmp_buf *landing;

__attribute__((format(printf, 1, 0)))
void tell(const char *format, std::va_list args, const char *more)
{
	const std::size_t room = sizeof(told->text) - told->used;
	int bytes = std::vsnprintf(told->text + told->used, room, format, args);

	if (bytes >= 0 && static_cast<std::size_t>(bytes) < room) {
		const std::size_t left = room - static_cast<std::size_t>(bytes);
		const int rest = std::snprintf(told->text + told->used + bytes, left, "%s\n", more);

		if (static_cast<std::size_t>(rest) < left)
			told->used += static_cast<unsigned int>(bytes + rest);
	}
	told->text[told->used] = '\0';
}

bool judge(bool good, const char *more, const char *format, std::va_list args)
{
	alive();
	__atomic_add_fetch(&told->checks, 1, __ATOMIC_RELAXED);
	if (good)
		return true;
	if (__atomic_add_fetch(&told->failures, 1, __ATOMIC_RELAXED) <= 8)
		tell(format, args, more);
	return false;
}

const char *name_of(long error)
{
	const char *text = error < 0 ? strerrorname_np(static_cast<int>(-error)) : nullptr;

	return text ? text : error ? "a number" : "success";
}

void land(int signal)
{
	if (landing)
		siglongjmp(*landing, signal);
	std::signal(signal, SIG_DFL);
	raise(signal);
}

} // namespace

bool Check::ok(bool good, const char *format, ...)
{
	std::va_list args;

	va_start(args, format);
	judge(good, "", format, args);
	va_end(args);
	return good;
}

bool Check::gives(long expected, long got, const char *format, ...)
{
	char more[96];
	std::va_list args;

	std::snprintf(more, sizeof(more), ": %s (%ld) instead of %s (%ld)", name_of(got), got,
		      name_of(expected), expected);
	va_start(args, format);
	judge(got == expected, more, format, args);
	va_end(args);
	return got == expected;
}

bool Check::refused(long got, const char *format, ...)
{
	std::va_list args;

	va_start(args, format);
	judge(got < 0, ": not refused", format, args);
	va_end(args);
	return got < 0;
}

void Check::stop()
{
	std::fflush(stdout);
	_exit(EXIT_SUCCESS);
}

int signal_of(const std::function<void()> &access)
{
	sigjmp_buf here;
	sigjmp_buf *before = landing;
	const int signal = sigsetjmp(here, 1);

	if (signal == 0) {
		landing = &here;
		access();
	}
	landing = before;
	return signal;
}

int read_signal(const void *address)
{
	return signal_of([=] {
		static_cast<void>(*static_cast<const volatile unsigned char *>(address));
	});
}

int write_signal(void *address)
{
	return signal_of([=] { *static_cast<volatile unsigned char *>(address) = 1; });
}

int child_signal(const std::function<void()> &work)
{
	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		std::signal(SIGSEGV, SIG_DFL);
		std::signal(SIGBUS, SIG_DFL);
		work();
		_exit(EXIT_SUCCESS);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void expect_usable(Check &check, const File &file)
{
	const Map map = file.map(1, page_bytes());

	if (!check.gives(0, map.error(), "maps"))
		return;
	check.gives(0, static_cast<long>(map.wrong(1)), "words changed");
	check.gives(0, file.free(1), "free");
	if (!stock)
		check.gives(0, static_cast<long>(map.wrong(1)), "words changed then");
}

void expect_same(Check &check, const Counts &before)
{
	const Counts now = Counts::now();

	check.gives(static_cast<long>(before.buffers), static_cast<long>(now.buffers), "buffers");
	check.gives(static_cast<long>(before.regions), static_cast<long>(now.regions), "regions");
	check.gives(static_cast<long>(before.used()), static_cast<long>(now.used()),
		    "coherent frames in use");
	check.gives(static_cast<long>(before.quarantined), static_cast<long>(now.quarantined),
		    "frames in quarantine");
}

void expect_soon(Check &check, const Counts &before)
{
	eventually([&] {
		const Counts now = Counts::now();

		return now.regions == before.regions && now.buffers == before.buffers;
	});
	expect_same(check, before);
}

namespace {

/// How a case went: it held, or not.
bool run_case(const Case &test)
{
	int status = 0;

	*told = {};
	std::fflush(stdout);

	const pid_t child = fork();

	if (child == 0) {
		Check check;

		setpgid(0, 0);
		catch_faults(land);
		guard(test.seconds);
		test.run(check);
		_exit(EXIT_SUCCESS);
	}
	setpgid(child, child);
	waitpid(child, &status, 0);
	kill(-child, SIGKILL);		/* what it left behind */
	if (WIFSIGNALED(status) || WEXITSTATUS(status) || !told->checks) {
		told->failures++;
		told->used += static_cast<unsigned int>(std::snprintf(
			told->text + told->used, sizeof(told->text) - told->used,
			"ended by signal %d, code %d, after %u checks\n",
			WIFSIGNALED(status) ? WTERMSIG(status) : 0, WEXITSTATUS(status),
			told->checks));
	}
	return told->failures == 0;
}

/// Comments behind the result: the runner takes them for a part of what failed.
void explain()
{
	for (const std::string &line : lines_of(told->text))
		std::printf("# %s\n", line.c_str());
}

/// Why a case can't be run here, or nullptr.
const char *obstacle(const Case &test)
{
	if ((test.needs & kLayer) && stock)
		return "not with the stock driver";
	if ((test.needs & kAdoptable) && !info.adoptable)
		return "nothing to adopt on this board";
	if ((test.needs & kHotplug) && access("/sys/devices/system/cpu/cpu1/online", W_OK) != 0)
		return "no CPU of this board goes offline";
	if ((test.needs & kDisk) && access("/dev/ram0", W_OK) != 0)
		return "no block device on this board";
	if (test.needs & ~(kLayer | kAdoptable | kHotplug | kDisk | info.has))
		return "not in this layer yet";
	return nullptr;
}

void run_cases(tap::Report &tap, std::span<const Case> cases, unsigned int *fails)
{
	for (const Case &test : cases) {
		if (const char *why = obstacle(test)) {
			std::printf("## %s: %s\n", test.name, why);
			continue;
		}

		const bool good = run_case(test);

		/* It may have ended while a device was unbound. */
		for (unsigned int device = 0; device < MAPPER_DEVICES; ++device)
			File().rebind(device);
		*fails += !good;
		if (stock)
			std::printf("@dmamap stock.%.2s %s %s\n", test.name,
				    good ? "holds" : "FAILS", test.name + 3);
		else
			tap.ok(good, "%s", test.name);
		explain();
	}
}

/// Can a process have such a mapping at all? PA-RISC: not with stock memory.
bool maps()
{
	const File file;
	const long id = file.alloc(page_bytes());

	return id > 0 && file.map(id, page_bytes()).error() == 0;
}

} // namespace

int run_all(const char *device)
{
	tap::Report tap;
	unsigned int fails = 0;

	if (device)
		node = device;
	stock = std::strcmp(node, MAPPER_STOCK_NODE) == 0;
	told = static_cast<Told *>(mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	info.abi = MAPPER_ABI_VERSION;

	const int error = File().request(MAPPER_IOC_INFO, &info);

	if (told == MAP_FAILED || !tap.gives(0, error, "%s knows this interface", node))
		tap.bail_out("there is no mapper to test");
	if (stock && !maps()) {
		std::puts("@dmamap stock.maps no");
		return tap.finish();
	}
	for (const auto cases : {argument_cases(), view_cases(), content_cases(), pin_cases(),
				 lifetime_cases(), socket_cases(), revoke_cases(), race_cases(),
				 promised_cases()})
		run_cases(tap, cases, &fails);
	if (stock)
		std::printf("@dmamap stock.fails %u\n", fails);
	return tap.finish();
}

} // namespace mapping

int main(int, char **arguments)
{
	return mapping::run_all(arguments[1]);
}
