// SPDX-License-Identifier: GPL-2.0
// Many contexts at once: processes in a ring, each sending to the next and checking what comes.
#include "arguments.h"
#include "hca.h"
#include "pattern.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
	uint32_t contexts = HCA_CONTEXTS;
	uint32_t messages = 100000;		///< of all together
	std::optional<uint32_t> size;
	unsigned int timeout_seconds = 600;
	bool json = false;
};

constexpr char kDoc[] =
	"Processes in a ring, each with a context, send checksummed messages to the next and check "
	"those of the one before."
	"\vExit status 0 says that every message came once, in order and intact.";

constexpr arguments::Option<Options> kOptions[] = {
	{"contexts", 'c', "N", "How many processes, 1 to 16 (default 16)",
	 &Options::contexts, 1, HCA_CONTEXTS},
	{"messages", 'm', "N", "How many messages, all together (default 100000)",
	 &Options::messages, 1, 1000000000},
	{"size", 's', "BYTES", "Payload of each message (default: varied)",
	 &Options::size, 0, HCA_PAYLOAD_MAX},
	{"timeout", 't', "SECONDS", "Give up after so long (default 600)",
	 &Options::timeout_seconds, 1, 1000000},
	{"json", 'j', nullptr, "One JSON object instead of a sentence", &Options::json},
};

/// State of one process, read by the others in shared memory. Each word has one writer.
struct Place {
	volatile uint32_t address_plus_1;	///< 0: not there yet
	volatile uint32_t received;
	volatile uint32_t corrupt;
	volatile uint32_t done;
	volatile int32_t error;			///< negative errno value
};

/// One process of the ring.
class Member {
public:
	Member(std::span<Place> places, uint32_t which, const Options &options)
		: places_(places), own_(places[which]), next_((which + 1) % places.size()),
		  before_((which + places.size() - 1) % places.size()),
		  messages_(options.messages / places.size()), outgoing_(options.size),
		  incoming_(options.size) {}

	[[noreturn]] void run()
	{
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		own_.error = hca_open(nullptr, &handle_);
		if (!own_.error) {
			own_.address_plus_1 = hca_address(handle_) + 1;
			own_.error = talk();
		}
		own_.done = 1;

		// Others may still send to this context.
		for (;;)
			pause();
	}

private:
	static uint32_t address_of(const Place &place)
	{
		while (place.address_plus_1 == 0)
			usleep(1000);
		return place.address_plus_1 - 1;
	}

	int talk()
	{
		const uint32_t dest = address_of(places_[next_]);
		const uint32_t source = address_of(places_[before_]);
		uint32_t sent = 0;

		while (sent < messages_ || own_.received < messages_ || !hca_drained(handle_)) {
			bool busy = receive(source);

			if (sent < messages_) {
				const auto payload = outgoing_.make(sent);
				const int error = hca_send(handle_, dest, sent, payload.data(),
							   payload.size());

				if (error && error != -EAGAIN)
					return error;
				busy |= !error;
				sent += !error;
			}
			if (hca_status(handle_) != HCA_STATUS_OK)
				return -EIO;
			if (!busy)
				sched_yield();
		}
		return hca_errors(handle_, nullptr) ? -EREMOTEIO : 0;
	}

	bool receive(uint32_t source)
	{
		hca_message message;

		if (hca_receive(handle_, &message) != 0)
			return false;
		if (message.source != source || !incoming_.matches(message, own_.received))
			own_.corrupt = own_.corrupt + 1;
		hca_release(handle_);
		own_.received = own_.received + 1;
		return true;
	}

	std::span<Place> places_;
	Place &own_;
	std::size_t next_, before_;
	uint32_t messages_;
	hello::Pattern outgoing_, incoming_;
	hca *handle_ = nullptr;
};

/// All members, ended with the object.
class Ring {
public:
	explicit Ring(const Options &options) : options_(options)
	{
		void *shared = mmap(nullptr, options.contexts * sizeof(Place), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (shared != MAP_FAILED)
			places_ = {static_cast<Place *>(shared), options.contexts};
	}
	Ring(const Ring &) = delete;
	~Ring()
	{
		for (const pid_t pid : members_) {
			kill(pid, SIGKILL);
			waitpid(pid, nullptr, 0);
		}
	}

	bool start()
	{
		for (uint32_t which = 0; which < places_.size(); ++which) {
			const pid_t pid = fork();

			if (pid == 0)
				Member(places_, which, options_).run();
			if (pid < 0)
				return false;
			members_.push_back(pid);
		}
		return !places_.empty();
	}

	/// Waits until all are done, one has failed, or the time is over.
	int wait()
	{
		const auto start = Clock::now();
		const auto deadline = start + std::chrono::seconds(options_.timeout_seconds);
		auto next_sign = start + 5s;

		while (!std::ranges::all_of(places_, [](const Place &place) { return place.done; })) {
			usleep(10000);
			if (const int error = first_error())
				return complain(std::strerror(-error));
			if (Clock::now() >= deadline)
				return complain("timed out");
			if (Clock::now() >= next_sign) {
				std::fprintf(stderr, "%u of %u messages\n", received(), wanted());
				next_sign += 5s;
			}
		}
		report(Clock::now() - start);
		if (const int error = first_error())
			return complain(std::strerror(-error));
		return corrupt() == 0 && received() == wanted() ? EXIT_SUCCESS : EXIT_FAILURE;
	}

private:
	uint32_t wanted() const
	{
		return options_.messages / options_.contexts * options_.contexts;
	}
	uint32_t received() const
	{
		uint32_t sum = 0;

		for (const Place &place : places_)
			sum += place.received;
		return sum;
	}
	uint32_t corrupt() const
	{
		uint32_t sum = 0;

		for (const Place &place : places_)
			sum += place.corrupt;
		return sum;
	}
	int first_error() const
	{
		for (const Place &place : places_) {
			if (place.error)
				return place.error;
		}
		return 0;
	}

	int complain(const char *what) const
	{
		std::fprintf(stderr, "hca-stress: after %u of %u messages: %s\n", received(), wanted(),
			     what);
		return EXIT_FAILURE;
	}

	void report(std::chrono::duration<double> took) const
	{
		const double rate = received() / took.count();

		if (options_.json)
			std::printf("{\"contexts\": %u, \"messages\": %u, \"corrupt\": %u, "
				    "\"seconds\": %.3f, \"messages_per_second\": %.0f}\n",
				    options_.contexts, received(), corrupt(), took.count(), rate);
		else
			std::printf("%u contexts, %u messages, %u corrupt, %.1f s, %.0f a second\n",
				    options_.contexts, received(), corrupt(), took.count(), rate);
	}

	const Options &options_;
	std::span<Place> places_;
	std::vector<pid_t> members_;
};

} // namespace

int main(int argc, char **argv)
{
	const Options options =
		arguments::parse<Options>({.options = kOptions, .doc = kDoc}, argc, argv);

	Ring ring(options);

	if (!ring.start()) {
		std::fprintf(stderr, "hca-stress: can't start its processes: %s\n",
			     std::strerror(errno));
		return EXIT_FAILURE;
	}
	return ring.wait();
}
