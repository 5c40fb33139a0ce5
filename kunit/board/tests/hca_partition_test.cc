// SPDX-License-Identifier: GPL-2.0
// Who may send to whom: contexts by number, partitions, users; and the device's files in sysfs.
#include "hca_sysfs.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <sys/stat.h>
#include <unistd.h>

namespace {

using hca_sysfs::kFolder;

class Handle {
public:
	explicit Handle(uint32_t partition, uint32_t flags = 0, uint32_t context = 0)
	{
		const hca_options options{flags, context, partition, {}};

		error_ = hca_open_with(nullptr, &options, &handle_);
	}
	Handle(const Handle &) = delete;
	~Handle() { hca_close(handle_); }

	hca *get() const { return handle_; }
	int error() const { return error_; }
	uint32_t address() const { return hca_address(handle_); }

private:
	hca *handle_ = nullptr;
	int error_;
};

/// Sends a word; what the chip says of it.
uint32_t outcome(const Handle &from, uint32_t dest)
{
	uint32_t last = HCA_ERR_NONE;
	const uint32_t before = hca_errors(from.get(), nullptr);

	hca_send(from.get(), dest, 1, "x", 1);
	eventually([&] { return hca_drained(from.get()); });
	return hca_errors(from.get(), &last) == before ? uint32_t{HCA_ERR_NONE} : last;
}

void test_numbers(tap::Report &tap)
{
	RawContext first, second, third;

	tap.gives(0, first.open_context(HCA_OPEN_NUMBER, 9, 0), "a context by its number");
	tap.ok(first.info().context == 9, "is that context");
	tap.gives(-EADDRINUSE, second.open_context(HCA_OPEN_NUMBER, 9, 0), "a second time it is in use");
	for (const unsigned int number : {HCA_CONTEXTS + 0u, 0x80000000u, 0xffffffffu})
		tap.gives(-EINVAL, second.open_context(HCA_OPEN_NUMBER, number, 0),
			  "there is no context %u", number);
	for (const unsigned int flags : {2u, 3u, 0x80000000u, 0xffffffffu})
		tap.gives(-EINVAL, second.open_context(flags, 3, 0), "flags %#x are unknown", flags);
	tap.gives(0, third.open_context(0, 9, 0), "without the flag the number means nothing");
	first.shut();
	tap.gives(0, second.open_context(HCA_OPEN_NUMBER, 9, 0), "it can be had again when closed");
}

void test_partitions_file(tap::Report &tap)
{
	const std::string file = kFolder + "partitions";
	RawContext context;

	tap.gives(0, write_file(file, "\n"), "no partition is open");
	tap.gives(-EACCES, context.open_context(0, 0, 7), "one that is not open is refused");
	tap.gives(-EINVAL, context.open_context(0, 0, HCA_PARTITION_USER), "a user's by number, too");
	tap.gives(0, write_file(file, "7 0x10\n"), "two are opened");
	tap.ok(hca_sysfs::value("partitions") == "7 16", "and listed");
	for (const char *bad : {"0", "7 0", "0x80000000", "-1", "7 x", "99999999999"})
		tap.ok(write_file(file, bad) < 0, "'%s' is refused", bad);
	tap.gives(-ENOSPC, write_file(file, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"),
		  "so are more than there is room for");
	tap.ok(hca_sysfs::value("partitions") == "7 16", "all of which changes nothing");
	tap.gives(0, context.open_context(0, 0, 16), "an open one can be had");
	tap.ok(context.info().partition == 16, "and is said to be that");
}

void test_isolation(tap::Report &tap)
{
	const Handle own(HCA_PARTITION_OWN), seven(7), other(7), sixteen(16);

	if (own.error() || seven.error() || other.error() || sixteen.error())
		tap.bail_out("contexts of partitions don't open");
	tap.ok(hca_info(own.get())->partition == (HCA_PARTITION_USER | getuid()),
	       "the own partition is this user's");
	tap.ok(outcome(seven, other.address()) == HCA_ERR_NONE, "within a partition packets pass");
	tap.ok(outcome(seven, sixteen.address()) == HCA_ERR_BAD_PARTITION, "into another they don't");
	tap.ok(outcome(seven, own.address()) == HCA_ERR_BAD_PARTITION, "nor into a user's own");
	tap.ok(outcome(own, seven.address()) == HCA_ERR_BAD_PARTITION, "nor out of it");

	hca_message message{};

	tap.ok(hca_receive(other.get(), &message) == 0 && message.source == seven.address(),
	       "who has sent it is the chip's word");
	hca_release(other.get());
	tap.gives(-EAGAIN, hca_receive(other.get(), &message), "nothing else arrived");
	tap.gives(-EAGAIN, hca_receive(sixteen.get(), &message), "nor in the other partition");
}

// Another user: neither into the partition of root, nor with a forged one.
void test_users(tap::Report &tap)
{
	const Handle root(HCA_PARTITION_OWN);
	const uint32_t target = root.address();

	chmod(HCA_DEVICE_NODE, 0666);
	std::fflush(stdout);

	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		if (setgid(1000) != 0 || setuid(1000) != 0)
			_exit(1);

		const Handle own(HCA_PARTITION_OWN);

		if (own.error() || hca_info(own.get())->partition != HCA_PARTITION_USER + 1000)
			_exit(2);
		if (outcome(own, target) != HCA_ERR_BAD_PARTITION)
			_exit(3);
		if (outcome(own, own.address()) != HCA_ERR_NONE)
			_exit(4);
		if (Handle(8).error() != -EACCES)
			_exit(5);
		if (write_file(kFolder + "partitions", "8") != -EACCES ||
		    write_file(kFolder + "reset", "1") != -EACCES)
			_exit(6);
		_exit(0);
	}
	waitpid(child, &status, 0);
	tap.ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	       "another user has a partition of its own, and no way out (step %d)",
	       WEXITSTATUS(status));
}

void test_sysfs(tap::Report &tap)
{
	const std::string before = hca_sysfs::value("counters/bad_dest");
	const Handle handle(HCA_PARTITION_OWN);

	outcome(handle, HCA_ADDRESS(0, HCA_CONTEXTS));
	tap.ok(std::stol(hca_sysfs::value("counters/bad_dest")) == std::stol(before) + 1,
	       "sysfs counts what the chip refuses");
	tap.ok(hca_sysfs::value("state") == "alive", "sysfs: state");
	tap.ok(hca_sysfs::value("abi") == std::to_string(HCA_ABI_VERSION), "sysfs: abi");
	tap.ok(hca_sysfs::value("contexts") == "1", "sysfs: contexts in use");
	tap.ok(hca_sysfs::value("contexts_max") == std::to_string(HCA_CONTEXTS),
	       "sysfs: contexts there are");

}

bool wait_for_link(const Handle &handle, enum hca_link link)
{
	return eventually([&] { return hca_link(handle.get()) == link; }) &&
	       hca_sysfs::value("link") == (link == HCA_LINK_UP ? "up" : "down");
}

void ask(const char *wish)
{
	std::printf("@dmamap want %s\n", wish);
	std::fflush(stdout);
}

// The fabric of this board has no other node.
void test_link(tap::Report &tap)
{
	const Handle handle(HCA_PARTITION_OWN);

	tap.ok(wait_for_link(handle, HCA_LINK_UP), "the cable is in, says the mapped page and sysfs");
	tap.ok(hca_peers(handle.get()) == 0 && hca_sysfs::value("peers").empty(), "nobody else is there");
	tap.ok(outcome(handle, HCA_ADDRESS(5, 0)) == HCA_ERR_TIMEOUT, "a board that isn't is a time-out");
	ask("pull-cable");
	tap.ok(wait_for_link(handle, HCA_LINK_DOWN), "a cable that is pulled out is noticed");
	tap.ok(outcome(handle, HCA_ADDRESS(5, 0)) == HCA_ERR_LINK_DOWN, "now no board is reached");
	tap.ok(outcome(handle, handle.address()) == HCA_ERR_NONE, "but this one");
	ask("plug-cable");
	tap.ok(wait_for_link(handle, HCA_LINK_UP), "and it is back");
}

} // namespace

int main()
{
	tap::Report tap;

	if (const int error = RawContext().error())
		tap.bail_out("can't open %s: %s", HCA_DEVICE_NODE, strerror(-error));
	test_numbers(tap);
	test_partitions_file(tap);
	test_isolation(tap);
	test_users(tap);
	test_sysfs(tap);
	test_link(tap);
	return tap.finish();
}
