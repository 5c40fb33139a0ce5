// SPDX-License-Identifier: GPL-2.0
#include "bench.h"

#include "arguments.h"

#include <endian.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

uint32_t address(const char *text, argp_state *state)
{
	const char *dot = std::strchr(text, '.');
	const auto node = arguments::number(text, 0, HCA_NODES - 1, '.');
	const auto context = dot ? arguments::number(dot + 1, 0, HCA_CONTEXTS - 1) : std::nullopt;

	if (!node || !context)
		argp_error(state, "'%s' is no address like 2.0", text);
	return HCA_ADDRESS(node.value_or(0), context.value_or(0));
}

void check(const Options &options, argp_state *state)
{
	if (options.serve && options.peer)
		argp_error(state, "--serve and --peer: one of them only");
}

constexpr arguments::Option<Options> kOptions[] = {
	{"messages", 'm', "N", "How many messages (default 10000)",
	 &Options::messages, 1, 100000000},
	{"size", 's', "BYTES", "Payload of each message (default 8)",
	 &Options::size, 0, HCA_PAYLOAD_MAX},
	{"serve", 'S', nullptr, "Answer others, and say under which address", &Options::serve},
	{"peer", 'p', "NODE.CONTEXT", "Talk to a --serve there (default: a process of our own)",
	 [](Options &options, const char *text, argp_state *state) {
		 options.peer = address(text, state);
	 }},
	{"timeout", 't', "SECONDS", "Give up after so long (default 60)",
	 &Options::timeout_seconds, 1, 1000000},
	{"json", 'j', nullptr, "One JSON object instead of a sentence", &Options::json},
};

// First word of a server to its parent: its address, or a negative errno value.
struct Hello {
	uint32_t address;
	int32_t error;
};

[[noreturn]] void be_server(int out)
{
	hca *handle = nullptr;
	Hello hello{};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	hello.error = hca_open(nullptr, &handle);
	if (handle)
		hello.address = hca_address(handle);
	if (write(out, &hello, sizeof(hello)) == sizeof(hello) && handle)
		serve(handle);
	_exit(EXIT_FAILURE);
}

[[noreturn]] void give_up(const char *program, const char *what, int error)
{
	std::fprintf(stderr, "%s: %s: %s\n", program, what, std::strerror(-error));
	std::exit(EXIT_FAILURE);
}

} // namespace

Options Options::parse(int argc, char **argv, const char *doc)
{
	return arguments::parse<Options>({.options = kOptions, .doc = doc, .check = check}, argc,
					 argv);
}

Handle open_or_exit(const char *program)
{
	hca *handle = nullptr;

	if (const int error = hca_open(nullptr, &handle))
		give_up(program, "can't open " HCA_DEVICE_NODE, error);
	return Handle(handle);
}

int serve(hca *handle)
{
	uint32_t count = 0;
	int error;

	std::fprintf(stderr, "serving as %u.%u\n", HCA_ADDRESS_NODE(hca_address(handle)),
		     HCA_ADDRESS_CONTEXT(hca_address(handle)));
	for (;;) {
		hca_message message;

		error = hca_receive(handle, &message);
		if (error == -EAGAIN) {
			sched_yield();
			continue;
		}
		if (error)
			return error;

		const uint32_t total = htole32(count);

		if (message.tag == kCount)
			++count;
		else if (message.tag == kEcho)
			error = send(handle, message.source, kEcho, message.payload, message.length);
		else if (message.tag == kTotal)
			error = send(handle, message.source, kTotal, &total, sizeof(total));
		if (message.tag == kTotal)
			count = 0;
		hca_release(handle);
		if (error)
			return error;
	}
}

Server::Server(const char *program)
{
	int fds[2];
	Hello hello{};

	if (pipe(fds) != 0)
		give_up(program, "no pipe", -errno);
	pid_ = fork();
	if (pid_ < 0)
		give_up(program, "can't start a process", -errno);
	if (pid_ == 0)
		be_server(fds[1]);
	close(fds[1]);
	if (read(fds[0], &hello, sizeof(hello)) != sizeof(hello))
		hello.error = -EPIPE;
	close(fds[0]);
	if (hello.error)
		give_up(program, "the other process can't open " HCA_DEVICE_NODE, hello.error);
	address_ = hello.address;
}

Server::~Server()
{
	kill(pid_, SIGKILL);
	waitpid(pid_, nullptr, 0);
}

int send(hca *handle, uint32_t dest, Tag tag, const void *payload, std::size_t length)
{
	int error;

	while ((error = hca_send(handle, dest, tag, payload, length)) == -EAGAIN)
		sched_yield();
	return error;
}

int receive(hca *handle, hca_message &message, uint64_t deadline_us)
{
	int error;

	while ((error = hca_receive(handle, &message)) == -EAGAIN) {
		if (hca_errors(handle, nullptr) != 0)
			return -ECONNREFUSED;
		if (now_us() >= deadline_us)
			return -ETIMEDOUT;
		sched_yield();
	}
	return error;
}

uint64_t now_us()
{
	using namespace std::chrono;

	return static_cast<uint64_t>(
		duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count());
}

} // namespace bench
