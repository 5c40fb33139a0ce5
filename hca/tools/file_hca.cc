// SPDX-License-Identifier: GPL-2.0
// The library's interface over a board made of one file, for tests on a PC. This code plays the
// driver, hca-model is the chip. The file has the window, then the memory of each context in turn.
#include "hca.h"
#include "lib/data_path.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace {

constexpr uint32_t kEntries = 16;
constexpr uint32_t kEager = 8;
constexpr uint32_t kQueue = HCA_PAGE_BYTES;
constexpr uint32_t kEagerArea = 2 * HCA_PAGE_BYTES;
constexpr uint32_t kContextBytes = kEagerArea + kEager * HCA_EAGER_BYTES;
constexpr std::size_t kBoardBytes = HCA_WINDOW_BYTES + HCA_CONTEXTS * kContextBytes;

// A word of the window that the chip doesn't know: the next free context.
constexpr std::size_t kNextContext = 0x800;

} // namespace

struct hca {
	std::span<std::byte> board;
	hca_context_info info;
	libhca::DataPath path;
};

namespace {

uint32_t take_context(std::span<std::byte> board)
{
	return __atomic_fetch_add(reinterpret_cast<uint32_t *>(board.data() + kNextContext), 1,
				  __ATOMIC_SEQ_CST);
}

// Opens a context as the driver does, in the order of the specification.
void enable(std::span<std::byte> board, uint32_t context)
{
	const libhca::SharedWords<std::byte> window(board);

	// Wait for the chip: it clears the window when it starts.
	while (window.load(HCA_MAGIC) != HCA_MAGIC_VALUE)
		usleep(1000);

	const uint32_t memory = context * kContextBytes;
	const std::size_t control = HCA_CONTROL_PAGE(context);

	window.store(control + HCA_CTL_AVAIL_LO, memory);
	window.store(control + HCA_CTL_HDRQ_LO, memory + kQueue);
	window.store(control + HCA_CTL_HDRQ_ENTRIES, kEntries);
	window.store(control + HCA_CTL_EAGER_COUNT, kEager);
	for (uint32_t i = 0; i < kEager; ++i)
		window.store(HCA_EAGER_TABLE(context) + HCA_EAGER_LO(i),
			     memory + kEagerArea + i * HCA_EAGER_BYTES);
	__sync_synchronize();
	window.store(control + HCA_CTL_ENABLE, 1);
	while (window.load(control + HCA_CTL_ENABLE_ACK) != 1)
		usleep(1000);
}

libhca::Mappings mappings(std::span<std::byte> board, uint32_t context)
{
	const auto memory = board.subspan(HCA_WINDOW_BYTES + context * kContextBytes, kContextBytes);

	return {
		.registers = board.subspan(HCA_USER_PAGE(context), HCA_PAGE_BYTES),
		.pio = board.subspan(HCA_PIO(context), HCA_PIO_CONTEXT_BYTES),
		.eager = memory.subspan(kEagerArea, kEager * HCA_EAGER_BYTES),
		.headers = memory.subspan(kQueue, kEntries * HCA_HDR_BYTES),
		.pio_avail = memory.first(HCA_PAGE_BYTES),
	};
}

// How the board misbehaves: the name of a misery that a test has chosen.
bool misery(const char *name)
{
	const char *chosen = std::getenv("HCA_MISERY");

	return chosen && std::string_view(chosen) == name;
}

} // namespace

int hca_open(const char *node, struct hca **out)
{
	const int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	void *address = mmap(nullptr, kBoardBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (address == MAP_FAILED)
		return -errno;

	const std::span board(static_cast<std::byte *>(address), kBoardBytes);
	const uint32_t context = take_context(board);
	hca_context_info info{};

	info.context = context;
	enable(board, context);
	*out = new hca{board, info, libhca::DataPath(mappings(board, context),
		{.pio_buffers = HCA_PIO_BUFFERS, .eager_buffers = kEager, .header_entries = kEntries})};
	if (misery("die"))
		std::abort();
	if (misery("hang"))
		pause();
	return 0;
}

const struct hca_context_info *hca_info(const struct hca *hca)
{
	return &hca->info;
}

int hca_send(struct hca *hca, uint32_t dest, uint32_t tag, const void *payload, size_t length)
{
	if (misery("system call"))
		getppid();
	if (misery("bad destination"))
		dest = HCA_CONTEXTS;
	if (misery("dead chip") && tag == 20)
		return -EIO;
	if (misery("wrong order") && tag == 20)
		tag = 19;
	if (misery("lost") && tag == 20)
		return 0;
	return hca->path.send(dest, tag, payload, length);
}

int hca_receive(struct hca *hca, struct hca_message *message)
{
	const auto received = hca->path.receive();

	if (!received)
		return received.error();
	*message = *received;
	if (misery("corrupt") && message->tag == 20 && message->length != 0)
		++*static_cast<unsigned char *>(const_cast<void *>(message->payload));
	return 0;
}

int hca_release(struct hca *hca)
{
	return hca->path.release();
}

enum hca_status hca_status(const struct hca *hca)
{
	return hca->path.status();
}

uint32_t hca_errors(const struct hca *hca, uint32_t *)
{
	return hca->path.errors();
}

int hca_drained(const struct hca *hca)
{
	return hca->path.drained();
}
