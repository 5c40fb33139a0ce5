// SPDX-License-Identifier: GPL-2.0
// Fuzzes a chip with all that guests and other boards can do: an input is a list of such deeds.
// Sanitizers and Words judge each access; memory that no driver gave to the chip has to stay as it
// was.
#include "hca.h"
#include "test_fabric.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace {

using namespace chip_model;

constexpr uint32_t kOwned = 8;		// contexts that the driver uses; it gives memory to no other
constexpr uint32_t kVictim = 1;		// node that the input is about; the other one answers

/// An input, byte for byte; zeroes behind its end.
class Input {
public:
	explicit Input(std::span<const uint8_t> bytes) : left_(bytes) {}

	bool empty() const { return left_.empty(); }
	uint8_t byte()
	{
		if (left_.empty())
			return 0;

		const uint8_t first = left_.front();

		left_ = left_.subspan(1);
		return first;
	}
	uint32_t word()
	{
		uint32_t value = 0;

		for (int i = 0; i < 4; ++i)
			value = value << 8 | byte();
		return value;
	}
	// A word, often one near an edge.
	uint32_t value()
	{
		constexpr uint32_t kEdges[] = {0, 1, 7, 8, 15, 16, HCA_PAYLOAD_MAX, HCA_PAYLOAD_MAX + 1,
					       0x7fffffff, 0x80000000, 0xffffffff,
					       HCA_ADDRESS(1, 0), HCA_ADDRESS(2, 0)};
		const uint8_t pick = byte();

		return pick < std::size(kEdges) ? kEdges[pick] : pick < 128 ? pick : word();
	}

private:
	std::span<const uint8_t> left_;
};

class Deeds {
public:
	explicit Deeds(Input input) : input_(input), boards_(2)
	{
		for (uint32_t n = 0; n < kOwned; ++n) {
			boards_[1].enable(n, {.entries = 1u << n % 4, .eager = 1 + n % 4});
			boards_[2].enable(n);
		}
	}

	void run()
	{
		while (!input_.empty()) {
			one();
			boards_[1].chip().step();
			boards_[2].chip().step();
		}
		boards_.settle();
		judge();
	}

private:
	TestBoard &victim() { return boards_[kVictim]; }
	uint32_t context() { return input_.byte() % kOwned; }

	void one()
	{
		switch (input_.byte() % 8) {
		case 0:
			return packet();
		case 1:		// any word that a process may write
			return victim().pio(context()).write(input_.word() % HCA_PIO_CONTEXT_BYTES & ~3u,
							     input_.value());
		case 2:
			return victim().consume(context(), input_.value());
		case 3:
			return victim().queue(context()).write(input_.word() %
				TestBoard::kQueueBytes & ~3u, input_.value());
		case 4:
			return driver();
		case 5:
			return frame();
		case 6:
			boards_.end(kVictim).plugged = input_.byte() % 4 != 0;
			return;
		default:
			for (uint8_t beats = input_.byte() % 8; beats > 0; --beats)
				victim().chip().beat();
		}
	}

	void packet()
	{
		Words pio = victim().pio(context()).part(input_.byte() % HCA_PIO_BUFFERS * HCA_PIO_BYTES,
							 HCA_PIO_BYTES);

		pio.write(HCA_PIO_DEST, input_.value());
		pio.write(HCA_PIO_LENGTH, input_.value());
		pio.write(HCA_PIO_TRIGGER, input_.value());
	}

	// Words that a driver may write, right or wrong; never an address of another's memory.
	void driver()
	{
		const uint32_t n = context();
		Words control = victim().control(n);

		switch (input_.byte() % 6) {
		case 0:
			control.write(HCA_CTL_ENABLE, input_.byte() % 2);
			return;
		case 1:
			control.write(HCA_CTL_HDRQ_ENTRIES, input_.value() % 257);
			return;
		case 2:
			control.write(HCA_CTL_EAGER_COUNT, input_.value() % 66);
			return;
		case 3:
			control.write(HCA_CTL_PARTITION, input_.byte() % 2);
			return;
		case 4:
			TestBoard::write_pair(victim().table(n), HCA_EAGER_LO(input_.byte() % 64),
					      TestBoard::kBase - 1 - input_.byte());
			return;
		default:
			if (input_.byte() % 4 == 0)
				victim().window().write(HCA_RESET, input_.value());
			else
				victim().program(n, {});
		}
	}

	// A frame from the wire: any bytes, or a frame that another chip could have sent.
	void frame()
	{
		TestFabric::Bytes bytes(input_.value() % (HCA_FRAME_MAX + 8));

		for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 64); ++i)
			bytes[i] = static_cast<std::byte>(input_.byte());
		if (input_.byte() % 8 != 0 && bytes.size() >= HCA_FRAME_PAYLOAD)
			complete(bytes);
		boards_.fabric.carry(kVictim, bytes);
	}

	void complete(TestFabric::Bytes &bytes)
	{
		Words words{std::span(bytes)};

		words.write(HCA_FRAME_MAGIC, HCA_FRAME_MAGIC_VALUE);
		words.write(HCA_FRAME_TYPE, 1 + input_.byte() % 3);
		words.write(HCA_FRAME_FROM, HCA_ADDRESS(2, input_.byte() % 32));
		words.write(HCA_FRAME_TO, HCA_ADDRESS(kVictim, input_.byte() % 32));
		words.write(HCA_FRAME_EPOCH, input_.byte() % 4);
		words.write(HCA_FRAME_SEQUENCE, input_.value());
		words.write(HCA_FRAME_PARTITION, input_.byte() % 2);
		words.write(HCA_FRAME_RESULT, input_.value());
		words.write(HCA_FRAME_LENGTH, static_cast<uint32_t>(bytes.size() - HCA_FRAME_PAYLOAD));
		words.write(HCA_FRAME_CRC, 0);
		words.write(HCA_FRAME_CRC, hca_crc32c(bytes.data(), bytes.size()));
	}

	void judge()
	{
		const auto rest = victim().ram_bytes().subspan(kOwned * TestBoard::kContextBytes);

		static const std::vector<std::byte> zero(rest.size());

		if (std::memcmp(rest.data(), zero.data(), rest.size()) != 0)
			std::abort();
	}

	Input input_;
	TestBoards boards_;
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
	Deeds(Input({data, size})).run();
	return 0;
}
