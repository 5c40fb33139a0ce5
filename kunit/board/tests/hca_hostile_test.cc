// SPDX-License-Identifier: GPL-2.0
// A process that does its worst to its own context, to the interface and to itself, beside others
// that talk: they, the driver and the chip go on as if it weren't there.
#include "hca_sysfs.h"
#include "kernel_files.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <endian.h>
#include <sched.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

constexpr unsigned int kGuardSeconds = 120;	// without a message or a result
constexpr uint32_t kForeign = 7;	// partition of who is hostile
constexpr int kKills = 60;
constexpr uint32_t kHostile = 3;	// processes
constexpr uint32_t kDeeds = 1000;	// of each, before and while others talk

/// Progress of each hostile process, in memory that all of them share.
struct Deeds {
	std::atomic<uint32_t> of[kHostile];

	bool all_have(const uint32_t (&before)[kHostile]) const
	{
		for (uint32_t i = 0; i < kHostile; ++i) {
			if (of[i] - before[i] < kDeeds)
				return false;
		}
		return true;
	}
};

/// Zeroed memory that children share.
template <typename T>
T *shared_with_children()
{
	void *memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	return memory == MAP_FAILED ? nullptr : static_cast<T *>(memory);
}

volatile unsigned int &word_at(const Mapping &mapping, std::size_t offset)
{
	return *reinterpret_cast<volatile unsigned int *>(mapping.data() + offset);
}

/// Sends to itself and receives, checking each message; the number of messages that were wrong.
uint32_t talk(hca *handle, uint32_t messages)
{
	uint32_t wrong = 0, sent = 0;

	for (uint32_t received = 0; received < messages;) {
		hca_message message;
		const uint32_t payload[2] = {sent, ~sent};

		if (sent < messages &&
		    hca_send(handle, hca_address(handle), sent, payload, sizeof(payload)) == 0)
			++sent;
		if (hca_receive(handle, &message) != 0) {
			if (hca_wait(handle, kPatience) != 0)
				return messages;
			continue;
		}

		const uint32_t expected[2] = {received, ~received};

		wrong += message.source != hca_address(handle) || message.tag != received ||
			 message.length != sizeof(expected) ||
			 message.checksum != hca_crc32c(message.payload, message.length) ||
			 memcmp(message.payload, expected, sizeof(expected)) != 0;
		++received;
		hca_release(handle);
		alive();
	}
	return wrong;
}

// Writes garbage into everything that it may map, for ever.
[[noreturn]] void rage(unsigned int seed, uint32_t target, std::atomic<uint32_t> &deeds)
{
	RawContext context;
	std::minstd_rand random(seed);

	if (context.open_context(0, 0, kForeign) != 0)
		_exit(1);

	const Mapping registers = context.map(HCA_KIND_REGISTERS, PROT_READ | PROT_WRITE);
	const Mapping pio = context.map(HCA_KIND_PIO, PROT_WRITE);
	const Mapping headers = context.map(HCA_KIND_HEADERS, PROT_READ | PROT_WRITE);

	if (registers.error() || pio.error() || headers.error())
		_exit(2);
	for (;;) {
		const std::size_t buffer = random() % HCA_PIO_BUFFERS * HCA_PIO_BYTES;

		// To the others as often as not: what it says is right, only it may not.
		word_at(pio, buffer + HCA_PIO_DEST) = random() % 2 ? htole32(target) : random();
		word_at(pio, buffer + HCA_PIO_LENGTH) = random() % 2 ? htole32(8) : random();
		word_at(pio, buffer + HCA_PIO_TRIGGER) = random();
		word_at(pio, random() % HCA_PIO_CONTEXT_BYTES & ~3u) = random();
		word_at(registers, random() % HCA_PAGE_BYTES & ~3u) = random();
		word_at(headers, random() % headers.size() & ~3u) = random();
		++deeds;
	}
}

void test_garbage(tap::Report &tap)
{
	hca *handle = nullptr;
	std::vector<pid_t> hostile;
	auto *deeds = shared_with_children<Deeds>();
	uint32_t before[kHostile] = {};

	write_file(hca_sysfs::kFolder + "partitions", std::to_string(kForeign));
	if (!tap.gives(0, hca_open(nullptr, &handle), "somebody opens a context"))
		return;
	std::fflush(stdout);
	for (unsigned int i = 0; i < kHostile; ++i) {
		const pid_t child = fork();

		if (child == 0)
			rage(i + 1, hca_address(handle), deeds->of[i]);
		hostile.push_back(child);
	}

	// Until each of them runs, and the chip has seen it.
	const bool begun = eventually([&] {
		return deeds->all_have(before) && std::stol(hca_sysfs::value("counters/errors")) > 0;
	});

	for (uint32_t i = 0; i < kHostile; ++i)
		before[i] = deeds->of[i];

	uint32_t wrong = talk(handle, 3000), more = 0;
	int living = 0, status = 0;

	// And until each of them has run beside it.
	for (; begun && wrong == 0 && !deeds->all_have(before); more += 100)
		wrong += talk(handle, 100);
	for (const pid_t child : hostile) {
		living += waitpid(child, &status, WNOHANG) == 0;
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	tap.ok(begun && living == kHostile, "%d of %u hostile processes did their worst to the end",
	       living, kHostile);
	tap.ok(wrong == 0, "%u messages beside them are right (%u are not)", 3000 + more, wrong);
	tap.ok(hca_errors(handle, nullptr) == 0, "nothing was refused to who is not hostile");
	tap.ok(hca_sysfs::value("state") == "alive", "the chip lives");
	tap.ok(std::stol(hca_sysfs::value("counters/errors")) > 0, "and has refused theirs");
	tap.ok(talk(handle, 100) == 0, "the context works on");
	hca_close(handle);
}

void test_kills(tap::Report &tap)
{
	const long before = hca_sysfs::regions();
	std::minstd_rand random(9);
	auto *lives = shared_with_children<std::atomic<uint32_t>>();

	std::fflush(stdout);
	for (int i = 0; i < kKills; ++i) {
		const uint32_t lived = *lives + random() % 4;
		const pid_t child = fork();

		if (child == 0) {
			for (;; ++*lives) {
				hca *handle = nullptr;

				if (hca_open(nullptr, &handle) == 0)
					talk(handle, 20);
				hca_close(handle);
			}
		}
		// Some before they have done anything, others in the middle of it.
		while (*lives < lived)
			sched_yield();
		usleep(random() % 10000);
		kill(child, SIGKILL);
		waitpid(child, nullptr, 0);
		alive();
	}
	tap.ok(hca_sysfs::value("contexts") == "0", "after %d kills no context is in use (%s)", kKills,
	       hca_sysfs::value("contexts").c_str());
	tap.ok(hca_sysfs::regions() == before, "and no memory");
}

void test_fork(tap::Report &tap)
{
	hca *handle = nullptr;

	hca_open(nullptr, &handle);
	std::fflush(stdout);

	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		close(hca_fd(handle));
		_exit(0);
	}
	waitpid(child, &status, 0);
	tap.ok(talk(handle, 100) == 0, "a child that closes the file takes nothing away");
	tap.ok(signal_of([&] { hca_send(handle, 0, 0, nullptr, 0); }) == SIGSEGV,
	       "a child can't use the parent's context");
	tap.ok(talk(handle, 100) == 0, "nor disturb it");
	hca_close(handle);
	tap.ok(hca_sysfs::value("contexts") == "0", "the parent's close is the last");
}

// The queue is filled to its end several times over, and nothing is lost.
void test_overflow(tap::Report &tap)
{
	hca *handle = nullptr, *other = nullptr;

	if (hca_open(nullptr, &handle) != 0 || hca_open(nullptr, &other) != 0)
		tap.bail_out("two contexts don't open");

	const hca_context_info &info = *hca_info(handle);
	const uint32_t room = std::min(info.header_entries, info.eager_buffers);
	uint32_t sent = 0, received = 0, wrong = 0, full = 0;

	for (int lap = 0; lap < 6; ++lap) {
		const auto send_all = [&] {
			while (hca_send(handle, hca_address(handle), sent, &sent, 4) == 0)
				++sent;
			return sent - received;
		};

		// Room in the queue, and all PIO buffers wait; and it stays so: whatever the chip
		// may take yet, it has taken when it has looked at all contexts some times more.
		eventually([&] { return send_all() >= room + info.pio_buffers; });
		wrong += talk(other, 8);
		full += send_all() == room + info.pio_buffers;

		hca_message message;

		while (received < sent && hca_wait(handle, kPatience) == 0 &&
		       hca_receive(handle, &message) == 0) {
			wrong += message.tag != received || memcmp(message.payload, &received, 4) != 0;
			++received;
			hca_release(handle);
		}
	}
	tap.ok(full == 6, "a queue holds %u messages and then holds up its sender (%u of 6)", room,
	       full);
	tap.ok(received == sent && wrong == 0, "all %u messages come, in order (%u, %u wrong)", sent,
	       received, wrong);
	hca_close(other);
	hca_close(handle);
}

// Every place that a pointer of an ioctl() can have.
void test_pointers(tap::Report &tap)
{
	const std::size_t page = sysconf(_SC_PAGESIZE);
	char *pages = static_cast<char *>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int wrong = 0, opened = 0;

	mprotect(pages + page, page, PROT_NONE);
	for (std::size_t inside = 0; inside <= sizeof(hca_context_info) + 4; ++inside) {
		RawContext context;
		char *at = pages + page - inside;
		const hca_context_info good = {.abi = HCA_ABI_VERSION, .flags = 0, .context = 0,
					       .partition = 0, .node = 0, .pio_buffers = 0,
					       .eager_buffers = 0, .header_entries = 0,
					       .reserved = {}, .kind = {}};

		memcpy(at, &good, std::min(inside, sizeof(good)));

		const int result = context.request(reinterpret_cast<hca_context_info *>(at));

		wrong += result != (inside >= sizeof(good) ? 0 : -EFAULT);
		opened += result == 0;
	}
	tap.ok(wrong == 0 && opened == 5, "a structure that ends beyond memory is refused (%d, %d)",
	       wrong, opened);

	RawContext context;
	const uintptr_t places[] = {0, 1, 3, page - 1, UINTPTR_MAX, UINTPTR_MAX - 7,
				    UINTPTR_MAX / 2 + 1, UINTPTR_MAX - sizeof(hca_context_info)};

	for (const uintptr_t place : places)
		wrong += context.request(reinterpret_cast<hca_context_info *>(place)) != -EFAULT;

	// It can be read, but not answered: what was opened is closed again.
	hca_context_info *fixed = reinterpret_cast<hca_context_info *>(pages);

	*fixed = {};
	fixed->abi = HCA_ABI_VERSION;
	mprotect(pages, page, PROT_READ);
	wrong += context.request(fixed) != -EFAULT;
	tap.ok(wrong == 0, "a bad pointer is EFAULT (%d are not)", wrong);
	tap.ok(hca_sysfs::value("contexts") == "0", "and leaves no context open");
	munmap(pages, 2 * page);
}

void test_random_requests(tap::Report &tap)
{
	std::minstd_rand random(4);
	int unknown = 0, wrong = 0, opened = 0;

	for (int i = 0; i < 20000; ++i) {
		RawContext context;
		hca_context_info info;
		auto *words = reinterpret_cast<unsigned int *>(&info);

		memset(&info, 0, sizeof(info));
		info.abi = HCA_ABI_VERSION;
		for (unsigned int n = random() % 4; n > 0; --n)
			words[random() % (sizeof(info) / 4)] =
				random() % 2 ? random() % 20 : random() << random() % 20;

		unsigned long command = HCA_IOC_OPEN_CONTEXT;

		if (random() % 4 == 0)	// another number, size, type or direction
			command ^= 1ul << random() % 32;

		const int result = ioctl(context.fd(), command, &info) != 0 ? -errno : 0;

		opened += result == 0;
		if (command != HCA_IOC_OPEN_CONTEXT)
			unknown += result != -ENOTTY;
		else
			wrong += result != 0 && result != -EINVAL && result != -EACCES;
	}
	tap.ok(unknown == 0, "requests that don't exist are ENOTTY (%d are not)", unknown);
	tap.ok(wrong == 0 && opened > 0, "of 20000 requests each has a known end (%d have not)", wrong);
	tap.ok(hca_sysfs::value("contexts") == "0", "none left a context open");
}

// mmap() at every page of all kinds, with lengths around each end.
void test_mappings(tap::Report &tap)
{
	RawContext context;
	int wrong = 0, mapped = 0;
	const off_t page = sysconf(_SC_PAGESIZE);

	context.open_context();
	for (unsigned int kind = 0; kind < HCA_KINDS + 2; ++kind) {
		for (off_t at = -2; at <= 2; ++at) {
			for (std::size_t pages : {1u, 2u, 3u, 31u, 32u, 33u, 1024u, 0x7fffu}) {
				const off_t offset = HCA_MAP_OFFSET(kind) + at * page;

				if (offset < 0)
					continue;

				const Mapping map(context.fd(), pages * page, PROT_NONE, MAP_SHARED, offset);
				const bool fits = at == 0 && kind < HCA_KINDS &&
					pages * page <= context.bytes(static_cast<hca_kind>(kind));

				wrong += map.error() != (fits ? 0 : -EINVAL);
				mapped += map.error() == 0;
			}
		}
	}
	tap.ok(wrong == 0 && mapped > 0, "only what is inside of a kind can be mapped (%d wrong)", wrong);
}

} // namespace

int main()
{
	tap::Report tap;

	guard(kGuardSeconds);
	if (const int error = RawContext().error())
		tap.bail_out("can't open %s: %s", HCA_DEVICE_NODE, strerror(-error));
	test_pointers(tap);
	test_random_requests(tap);
	test_mappings(tap);
	test_fork(tap);
	test_overflow(tap);
	test_garbage(tap);
	test_kills(tap);
	return tap.finish();
}
