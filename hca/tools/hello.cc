// SPDX-License-Identifier: GPL-2.0
#include "child.h"
#include "hca_chip.h"
#include "options.h"
#include "report.h"

#include <poll.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <optional>
#include <string>

namespace {

using namespace hello;
using Clock = std::chrono::steady_clock;

using Failure = std::unexpected<std::string>;

constexpr std::array<const char *, 2> kNames = {"sender", "receiver"};

Failure blame(std::size_t who, const std::string &what)
{
	return Failure("the " + std::string(kNames[who]) + " " + what);
}

std::string errno_text(int error)
{
	return std::strerror(-error);
}

/// Both peers, and the time limit, which the peers can't keep themselves.
class Conversation {
public:
	static std::expected<Conversation, std::string> start(const Options &options,
							      Progress &progress)
	{
		auto sender = Child::start(Role::sender, options, progress);

		if (!sender)
			return blame(0, sender.error());

		auto receiver = Child::start(Role::receiver, options, progress);

		if (!receiver)
			return blame(1, receiver.error());
		return Conversation({std::move(*sender), std::move(*receiver)}, options, progress);
	}

	/// Waits until both have their contexts. Returns the receiver's.
	std::expected<hca_context_info, std::string> introduce();

	/// Lets them talk.
	std::expected<Result, std::string> talk();

private:
	Conversation(std::array<Child, 2> peers, const Options &options, Progress &progress)
		: peers_(std::move(peers)), options_(options), progress_(progress),
		  deadline_(Clock::now() + std::chrono::seconds(options.timeout_seconds)) {}

	std::expected<void, std::string> wait(std::array<pollfd, 2> &files);
	std::expected<std::size_t, std::string> next_speaker();
	std::expected<void, std::string> hear(std::size_t who);
	std::string timed_out() const;

	std::array<Child, 2> peers_;
	std::array<std::optional<Outcome>, 2> outcomes_;
	std::array<uint32_t, 2> contexts_{};
	const Options &options_;
	const Progress &progress_;
	Clock::time_point deadline_;
	bool talking_ = false;
};

std::expected<hca_context_info, std::string> Conversation::introduce()
{
	Introduction introduction{};

	for (std::size_t who = 0; who < peers_.size(); ++who) {
		std::array<pollfd, 2> files{{{peers_[who].fd(), POLLIN, 0}, {-1, 0, 0}}};

		if (const auto waited = wait(files); !waited)
			return Failure(waited.error());

		const auto read = peers_[who].introduction();

		if (!read)
			return blame(who, read.error());
		if (read->error)
			return blame(who, "can't open the HCA (" +
				     std::string(options_.node ? options_.node : HCA_DEVICE_NODE) +
				     "): " + errno_text(read->error));
		introduction = *read;
		contexts_[who] = HCA_ADDRESS(introduction.info.node, introduction.info.context);
	}
	std::printf("context %u sends %u messages to context %u\n", contexts_[0],
		    options_.messages, contexts_[1]);
	talking_ = true;
	return introduction.info;
}

std::expected<Result, std::string> Conversation::talk()
{
	const auto start = Clock::now();

	// The receiver first: messages would wait for it, but need not.
	for (const std::size_t who : {1, 0}) {
		if (!peers_[who].give({.address = contexts_[1 - who]}))
			return blame(who, "is gone before the first message");
	}

	while (!outcomes_[0] || !outcomes_[1]) {
		const auto who = next_speaker();

		if (!who)
			return Failure(who.error());
		if (const auto heard = hear(*who); !heard)
			return Failure(heard.error());
	}

	const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);

	return Result{*outcomes_[0], *outcomes_[1], static_cast<uint64_t>(time.count())};
}

// Until one of the peers can be read, or is gone.
std::expected<void, std::string> Conversation::wait(std::array<pollfd, 2> &files)
{
	const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
	const int ready = left.count() > 0 ?
		poll(files.data(), files.size(), static_cast<int>(left.count())) : 0;

	if (ready < 0)
		return Failure("poll failed: " + std::string(std::strerror(errno)));
	if (ready == 0)
		return Failure(timed_out());
	return {};
}

std::expected<std::size_t, std::string> Conversation::next_speaker()
{
	std::array<pollfd, 2> files{};

	for (std::size_t who = 0; who < files.size(); ++who)
		files[who] = {.fd = outcomes_[who] ? -1 : peers_[who].fd(), .events = POLLIN,
			      .revents = 0};

	if (const auto waited = wait(files); !waited)
		return Failure(waited.error());
	return files[0].revents != 0 ? 0 : 1;
}

std::expected<void, std::string> Conversation::hear(std::size_t who)
{
	const auto outcome = peers_[who].outcome();

	if (!outcome)
		return blame(who, outcome.error());
	if (outcome->error)
		return blame(who, "stopped after " + std::to_string(outcome->messages) +
			     " messages: " + errno_text(outcome->error));

	// The other peer would wait for refused packets until the time is over.
	if (outcome->refused != 0)
		return blame(who, "had " + std::to_string(outcome->refused) +
			     " packets refused by the chip");
	outcomes_[who] = *outcome;
	return {};
}

std::string Conversation::timed_out() const
{
	const std::string when = "timed out after " + std::to_string(options_.timeout_seconds) + " s ";

	if (!talking_)
		return when + "while the HCA was being opened";
	return when + "with " + std::to_string(progress_.sent) + " of " + std::to_string(options_.messages) +
	       " messages sent and " + std::to_string(progress_.received) + " received";
}

std::expected<void, std::string> judge(const Result &result, uint32_t messages)
{
	if (result.sender.messages != messages || result.receiver.messages != messages)
		return Failure("not all messages were sent and received");
	if (result.receiver.corrupt != 0)
		return Failure(std::to_string(result.receiver.corrupt) +
			       " messages arrived corrupt or out of order");
	return {};
}

std::expected<void, std::string> say_hello(const Options &options)
{
	void *shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return Failure(std::string("no shared memory: ") + std::strerror(errno));

	auto conversation = Conversation::start(options, *static_cast<Progress *>(shared));

	if (!conversation)
		return Failure(conversation.error());

	const auto info = conversation->introduce();

	if (!info)
		return Failure(info.error());

	const Report report(options.report);

	report.kinds(*info);

	const auto result = conversation->talk();

	if (!result)
		return Failure(result.error());
	report.result(*result);
	return judge(*result, options.messages);
}

} // namespace

int main(int argc, char **argv)
{
	const Options options = Options::parse(argc, argv);

	// Writing to a peer that died is an error with a sentence, not a silent end.
	std::signal(SIGPIPE, SIG_IGN);

	const auto said = say_hello(options);

	if (!said) {
		std::fflush(stdout);
		std::fprintf(stderr, "hca-hello: %s\n", said.error().c_str());
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
