// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "hca.h"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>

/// Parts that hca-pingpong and hca-bw share: options, a context, and a server that answers.
namespace bench {

struct Options {
	uint32_t messages = 10000;
	uint32_t size = 8;
	std::optional<uint32_t> peer;		///< address; none: a server of our own
	bool serve = false;
	bool json = false;
	unsigned int timeout_seconds = 60;

	/// Parses the command line; ends the program with a message when it is wrong.
	static Options parse(int argc, char **argv, const char *doc);
};

/// Tag of a message: tells the server what to do with it.
enum Tag : uint32_t {
	kEcho = 1,	///< sends it back
	kCount = 2,	///< counts it
	kTotal = 3,	///< answers with the count since the last answer, as a little-endian word
};

struct Close {
	void operator()(hca *handle) const { hca_close(handle); }
};

using Handle = std::unique_ptr<hca, Close>;

/// Opens a context, or ends the program with a sentence.
Handle open_or_exit(const char *program);

/// Answers all messages until the chip is gone. Returns the error that ended it.
int serve(hca *handle);

/// A process that serves, ended with the object.
class Server {
public:
	/// Ends the program with a sentence when the server can't start.
	explicit Server(const char *program);
	Server(const Server &) = delete;
	~Server();

	uint32_t address() const noexcept { return address_; }

private:
	pid_t pid_ = -1;
	uint32_t address_ = 0;
};

/// Sends, waiting for a free buffer; 0 or a negative errno value.
int send(hca *handle, uint32_t dest, Tag tag, const void *payload, std::size_t length);

/// Waits for a message, polling; 0 or a negative errno value. Gives up at `deadline_us`.
int receive(hca *handle, hca_message &message, uint64_t deadline_us);

/// Microseconds of a clock that only goes forward.
uint64_t now_us();

/// Runs `measure` with a handle and the address of a server; the program's exit code.
template <typename Measure>
int run(const char *program, const Options &options, Measure measure)
{
	std::optional<Server> server;

	if (!options.serve && !options.peer)
		server.emplace(program);

	const Handle handle = open_or_exit(program);

	if (options.serve)
		return serve(handle.get());
	return measure(handle.get(), options.peer ? *options.peer : server->address());
}

} // namespace bench
