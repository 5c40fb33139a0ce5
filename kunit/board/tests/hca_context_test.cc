// SPDX-License-Identifier: GPL-2.0
// Contexts: who gets one, who doesn't, and what is left of the one before.
#include "patience.h"
#include "raw_context.h"
#include "tap.h"

#include "hca.h"

#include <cerrno>
#include <vector>

namespace {

constexpr int kRounds = 100;

void test_requests(tap::Report &tap)
{
	RawContext context;
	hca_context_info info{};

	for (const unsigned int abi : {0u, HCA_ABI_VERSION + 1u, 0xffffffffu}) {
		info.abi = abi;
		tap.gives(-EINVAL, context.request(&info), "abi %u is refused", abi);
	}
	info.abi = HCA_ABI_VERSION;
	for (unsigned int &word : info.reserved) {
		word = 1;
		tap.gives(-EINVAL, context.request(&info), "a reserved field that is set is refused");
		word = 0;
	}
	tap.gives(-EFAULT, context.request(nullptr), "a bad pointer is refused");
	tap.gives(-ENOTTY, ioctl(context.fd(), _IO('H', 0x7f)) != 0 ? -errno : 0,
		  "an unknown request is refused");

	tap.gives(0, context.open_context(), "none of them used up the context of the file");
	info = {};
	info.abi = HCA_ABI_VERSION;
	tap.gives(-EBUSY, context.request(&info), "a file has one context only");
}

void test_info(tap::Report &tap)
{
	RawContext context;

	context.open_context();

	const hca_context_info &info = context.info();

	tap.ok(info.abi == HCA_ABI_VERSION && info.context < HCA_CONTEXTS, "info: who it is");
	tap.ok(info.pio_buffers == HCA_PIO_BUFFERS && info.eager_buffers > 0 &&
	       info.header_entries > 0, "info: how much there is");
	for (unsigned int kind = 0; kind < HCA_KINDS; ++kind) {
		const bool window = kind == HCA_KIND_REGISTERS || kind == HCA_KIND_PIO;
		const hca_kind_info &what = info.kind[kind];

		tap.ok(what.offset == HCA_MAP_OFFSET(kind) && what.bytes % HCA_PAGE_BYTES == 0 &&
		       what.segments > 0, "info: kind %u has a place and a size", kind);
		tap.ok(window ? what.behind != HCA_BEHIND_PAGE : what.behind != HCA_BEHIND_DEVICE,
		       "info: kind %u is of the right matter", kind);
	}
	tap.ok(info.kind[HCA_KIND_REGISTERS].bytes == HCA_PAGE_BYTES,
	       "info: registers are one page, nobody else's");
	tap.ok(info.kind[HCA_KIND_EAGER].segments > 1, "info: eager buffers are many segments");
}

void test_all_contexts(tap::Report &tap)
{
	std::vector<RawContext> all(HCA_CONTEXTS);
	unsigned int seen = 0;
	int opened = 0;

	for (RawContext &context : all) {
		if (context.open_context() == 0) {
			++opened;
			seen |= 1u << context.info().context;
		}
	}
	tap.ok(opened == HCA_CONTEXTS, "%d of %d contexts open", opened, HCA_CONTEXTS);
	tap.ok(seen == (1u << HCA_CONTEXTS) - 1, "each is another one");

	RawContext surplus;

	tap.gives(-ENOSPC, surplus.open_context(), "one more is refused");
	all.pop_back();
	tap.gives(0, surplus.open_context(), "until one is closed");
}

void test_rounds(tap::Report &tap)
{
	int failed = 0;

	for (int round = 0; round < kRounds; ++round) {
		RawContext context;

		failed += context.open_context() != 0;
	}
	tap.ok(failed == 0, "open and close %d times (%d failed)", kRounds, failed);
}

// Sends to itself and receives.
int talk_to_oneself(hca *handle)
{
	hca_message message{};

	if (const int error = hca_send(handle, hca_context(handle), 7, "to myself", 9))
		return error;
	if (const int error = hca_wait(handle, kPatience))
		return error;
	if (const int error = hca_receive(handle, &message))
		return error;
	if (message.tag != 7 || message.length != 9 || memcmp(message.payload, "to myself", 9) != 0)
		return -EBADMSG;
	return hca_release(handle);
}

// All contexts at once: whichever is opened later had somebody's message in its memory.
void test_nothing_is_left_behind(tap::Report &tap)
{
	hca *handle = nullptr;

	if (!tap.gives(0, hca_open(nullptr, &handle), "the library opens a context"))
		return;
	tap.gives(0, talk_to_oneself(handle), "a message to oneself arrives");
	tap.gives(-ETIMEDOUT, hca_wait(handle, 20), "and then no other");
	hca_close(handle);

	std::vector<RawContext> all(HCA_CONTEXTS);
	int dirty = 0;

	for (RawContext &context : all) {
		context.open_context();
		for (const hca_kind kind : {HCA_KIND_EAGER, HCA_KIND_HEADERS, HCA_KIND_PIO_AVAIL}) {
			const Mapping mapping = context.map(kind, PROT_READ);

			dirty += mapping.error() != 0 || !is_fresh(kind, mapping);
		}
	}
	tap.ok(dirty == 0, "contexts opened later have zeroed memory (%d do not)", dirty);
}

void test_refused_packet(tap::Report &tap)
{
	hca *handle = nullptr;
	uint32_t last = 0;

	if (!tap.gives(0, hca_open(nullptr, &handle), "a context for a bad packet opens"))
		return;
	tap.gives(0, hca_send(handle, HCA_CONTEXTS, 0, nullptr, 0), "a bad destination is sent to");
	tap.ok(eventually([&] { return hca_drained(handle); }) && hca_errors(handle, &last) == 1 && last == HCA_ERR_BAD_DEST,
	       "the chip refuses it and says so");
	tap.gives(0, talk_to_oneself(handle), "and takes the next");
	hca_close(handle);
}

} // namespace

int main()
{
	tap::Report tap;

	if (const int error = RawContext().error())
		tap.bail_out("can't open %s: %s", HCA_DEVICE_NODE, strerror(-error));

	test_requests(tap);
	test_info(tap);
	test_all_contexts(tap);
	test_rounds(tap);
	test_all_contexts(tap);
	test_nothing_is_left_behind(tap);
	test_refused_packet(tap);
	return tap.finish();
}
