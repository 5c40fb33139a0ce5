// SPDX-License-Identifier: GPL-2.0
// One board's part of a fabric run: exchanges checksummed messages with every other board.
#include "fabric_options.h"
#include "hca.h"
#include "pattern.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

using namespace std::chrono_literals;
using fabric::Options;
using Clock = std::chrono::steady_clock;

constexpr uint32_t kContext = 0;	// the same on each board, so that all know the address
constexpr uint32_t kProbe = 0xffffffff;	// tag of a message that only asks for a sign of life
constexpr auto kReportEvery = 500ms;
constexpr int kNapMilliseconds = 5;

// Tag of a message: its payload follows from it, so sender and receiver are part of it.
constexpr uint32_t tag_of(uint32_t from, uint32_t to, uint32_t number)
{
	return from << 28 | to << 24 | number;
}

struct Peer {
	uint32_t node;
	uint32_t sent = 0;
	uint32_t received = 0;
	uint32_t corrupt = 0;
};

class Run {
public:
	Run(hca *handle, const Options &options)
		: handle_(handle), options_(options), own_(HCA_ADDRESS_NODE(hca_address(handle))),
		  deadline_(Clock::now() + std::chrono::seconds(options.timeout_seconds))
	{
		for (const uint32_t node : options.nodes) {
			if (node != own_)
				peers_.push_back({.node = node});
		}
	}

	/// False when not all peers came in time.
	bool meet()
	{
		for (const Peer &peer : peers_) {
			while (!(hca_peers(handle_) >> peer.node & 1) || !answers(peer)) {
				if (Clock::now() >= deadline_)
					return complain(peer, "is not there");
				usleep(20000);
			}
		}
		// A packet that was refused before all were there is no error.
		refused_while_meeting_ = hca_errors(handle_, nullptr);
		return true;
	}

	/// False when something was lost, corrupt, or late.
	bool exchange()
	{
		start_ = Clock::now();
		auto next_report = start_ + kReportEvery;

		while (!finished()) {
			bool busy = receive();

			for (Peer &peer : peers_)
				busy |= send(peer);
			if (hca_status(handle_) != HCA_STATUS_OK || Clock::now() >= deadline_)
				break;
			if (!busy)
				hca_wait(handle_, kNapMilliseconds);
			if (Clock::now() >= next_report) {
				report();
				next_report = Clock::now() + kReportEvery;
			}
		}
		report();
		return verdict();
	}

private:
	uint32_t address(const Peer &peer) const { return HCA_ADDRESS(peer.node, kContext); }

	static bool complain(const Peer &peer, const char *what)
	{
		std::fprintf(stderr, "hca-fabric: node %u %s\n", peer.node, what);
		return false;
	}

	// A node can be up before its program has opened the context.
	bool answers(const Peer &peer)
	{
		const uint32_t before = hca_errors(handle_, nullptr);

		if (hca_send(handle_, address(peer), kProbe, nullptr, 0) != 0)
			return false;
		while (!hca_drained(handle_) && Clock::now() < deadline_) {
			receive();
			usleep(1000);
		}
		return hca_drained(handle_) && hca_errors(handle_, nullptr) == before;
	}

	bool send(Peer &peer)
	{
		if (peer.sent == options_.messages)
			return false;

		const uint32_t tag = tag_of(own_, peer.node, peer.sent);
		const auto payload = outgoing_.make(tag);

		if (hca_send(handle_, address(peer), tag, payload.data(), payload.size()) != 0)
			return false;
		++peer.sent;
		return true;
	}

	bool receive()
	{
		hca_message message;
		bool any = false;

		while (hca_receive(handle_, &message) == 0) {
			any = true;
			if (message.tag != kProbe)
				take(message);
			hca_release(handle_);
		}
		return any;
	}

	void take(const hca_message &message)
	{
		const uint32_t node = HCA_ADDRESS_NODE(message.source);
		const auto peer = std::ranges::find(peers_, node, &Peer::node);

		if (peer == peers_.end()) {
			++strangers_;
			return;
		}

		const uint32_t tag = tag_of(node, own_, peer->received);

		peer->corrupt += !incoming_.matches(message, tag);
		++peer->received;
	}

	bool finished() const
	{
		return hca_drained(handle_) && std::ranges::all_of(peers_, [this](const Peer &peer) {
			return peer.sent == options_.messages && peer.received == options_.messages;
		});
	}

	void report() const
	{
		const std::chrono::duration<double> age = Clock::now() - start_;

		for (const Peer &peer : peers_) {
			const double rate = age.count() > 0 ? peer.received / age.count() : 0;

			if (options_.report)
				std::printf("@dmamap fabric.%u.%u %u %u %.0f\n", peer.node, own_,
					    peer.received, peer.corrupt, rate);
			else
				std::printf("from node %u: %u of %u messages, %u corrupt, %.0f a second\n",
					    peer.node, peer.received, options_.messages,
					    peer.corrupt, rate);
		}
		std::fflush(stdout);
	}

	bool verdict() const
	{
		uint32_t last = 0;
		const uint32_t refused = hca_errors(handle_, &last);
		bool good = finished() && strangers_ == 0;

		for (const Peer &peer : peers_) {
			if (peer.sent != options_.messages)
				good = complain(peer, "did not take all that was for it");
			if (peer.received != options_.messages)
				good = complain(peer, "has not sent all in time");
			if (peer.corrupt != 0)
				good = complain(peer, "sent what arrived corrupt or out of order");
		}
		if (refused != refused_while_meeting_) {
			std::fprintf(stderr, "hca-fabric: the chip refused %u packets, last: %s\n",
				     refused - refused_while_meeting_, hca_error_name(last));
			good = false;
		}
		return good;
	}

	hca *handle_;
	const Options &options_;
	uint32_t own_;
	Clock::time_point deadline_;
	Clock::time_point start_;
	std::vector<Peer> peers_;
	hello::Pattern outgoing_{options_.size};
	hello::Pattern incoming_{options_.size};
	uint32_t strangers_ = 0;
	uint32_t refused_while_meeting_ = 0;
};

struct Close {
	void operator()(hca *handle) const { hca_close(handle); }
};

} // namespace

int main(int argc, char **argv)
{
	const Options options = Options::parse(argc, argv);
	const hca_options wanted{HCA_OPEN_NUMBER, kContext, HCA_PARTITION_OWN, {}};
	hca *opened = nullptr;

	if (const int error = hca_open_with(options.node, &wanted, &opened)) {
		std::fprintf(stderr, "hca-fabric: can't open context %u of %s: %s\n", kContext,
			     options.node ? options.node : HCA_DEVICE_NODE, std::strerror(-error));
		return EXIT_FAILURE;
	}

	const std::unique_ptr<hca, Close> handle(opened);
	Run run(handle.get(), options);

	return run.meet() && run.exchange() ? EXIT_SUCCESS : EXIT_FAILURE;
}
