// SPDX-License-Identifier: GPL-2.0
// Class B, leaks of old contents, and what is behind a byte (12, 26).
#include "kernel_files.h"
#include "mapping.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

namespace mapping {

namespace {

/// Most of the memory that is free gets a pattern, and is free again.
void poison_free_memory()
{
	const auto kib = static_cast<std::size_t>(values_of("/proc/meminfo")["MemAvailable"]);
	const std::size_t bytes = kib / 4 * 3 << 10;
	void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		return;
	std::memset(memory, 0xa5, bytes);
	munmap(memory, bytes);
}

constexpr std::size_t kSizes[] = {1, 64, 4096, 5000, 20480, 65536, 262144, 300000, 1048576};

void expect_zero(Check &check, const File &file, unsigned int device, const char *when)
{
	std::vector<long> ids;

	for (int round = 0; round < 4; ++round) {
		for (const std::size_t bytes : kSizes) {
			const long id = file.alloc(bytes, device);
			const Map map = file.map(id, bytes);

			if (!check.gives(0, map.error(), "%zu bytes", bytes))
				continue;
			/* All of its last page: Map knows only what was asked for. */
			const Map whole = file.map(id, (bytes + page_bytes() - 1) / page_bytes() *
							       page_bytes());

			check.gives(0, static_cast<long>(whole.not_zero()),
				    "words of %zu bytes that are not zero, %s", bytes, when);
			whole.fill(0x5a5a5a5a);
			ids.push_back(id);
		}
	}
	for (const long id : ids)
		file.free(id);
}

void fresh_memory(Check &check)
{
	const File file;

	drain_pool();
	poison_free_memory();
	expect_zero(check, file, MAPPER_NO_SNOOP, "out of poisoned memory");
	expect_zero(check, file, MAPPER_NO_SNOOP, "out of the pool");
	drain_pool();
	expect_zero(check, file, MAPPER_NO_SNOOP, "after they were ordinary memory");
}

void fresh_memory_of_snooping(Check &check)
{
	const File file;

	poison_free_memory();
	expect_zero(check, file, MAPPER_SNOOPING, "out of poisoned memory");
	expect_zero(check, file, MAPPER_SNOOPING, "again");
}

/// Of what the pool has. An allocation that finds it empty asks its worker to fill it: then it is not.
long alloc_atomic(const File &file)
{
	long id = file.alloc(4096, MAPPER_NO_SNOOP, MAPPER_ATOMIC);

	if (id == -ENOMEM && !stock) {
		settle_layer();
		id = file.alloc(4096, MAPPER_NO_SNOOP, MAPPER_ATOMIC);
	}
	/* The kernel's own has a worker, too, which can't be waited for. */
	if (id == -ENOMEM && stock)
		eventually([&] {
			id = file.alloc(4096, MAPPER_NO_SNOOP, MAPPER_ATOMIC);
			return id != -ENOMEM;
		});
	return id;
}

void fresh_atomic_memory(Check &check)
{
	const File file;

	for (int round = 0; round < 8; ++round) {
		const long id = alloc_atomic(file);

		if (!check.ok(id >= 0, "round %d: no buffer, errno %ld", round, -id))
			break;

		const Map map = file.map(id, 4096);

		if (!check.gives(0, map.error(), "round %d", round))
			break;
		check.gives(0, static_cast<long>(map.not_zero()), "words that are not zero");
		map.fill(0x5a5a5a5a);
		file.free(id);
	}
}

/// Ordinary memory that a flip gave back is ordinary: it keeps what a process writes.
void returned_memory(Check &check)
{
	const File file;
	const std::size_t bytes = 1 << 20;
	long ids[8];

	for (long &id : ids) {
		id = file.alloc(bytes);
		file.fill(id, 1);
	}
	for (const long id : ids)
		file.free(id);
	drain_pool();

	const Map memory(-1, 0, 16 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);

	check.gives(0, static_cast<long>(memory.not_zero()), "words of fresh memory");
	for (std::size_t i = 0; i < memory.size() / 4; ++i)
		memory.word(i) = mapper_word(2, static_cast<std::uint32_t>(i));
	check.gives(0, static_cast<long>(memory.wrong(2)), "words that did not stay");
}

void resolve_buffer(Check &check, unsigned int device, unsigned int flags, unsigned int behind)
{
	const File file;
	const std::size_t pages = 4;
	const long id = file.alloc(pages * page_bytes(), device, flags);
	mapper_resolve first, answer;

	if (!check.gives(0, file.resolve(id, 0, &first), "the first byte"))
		return;
	for (std::size_t offset = 0; offset < pages * page_bytes(); offset += 1021) {
		if (!check.gives(0, file.resolve(id, offset, &answer), "offset %zu", offset))
			continue;
		check.gives(static_cast<long>(behind), static_cast<long>(answer.behind),
			    "what is behind %zu", offset);
		check.ok(answer.pfn == first.pfn + offset / page_bytes(), "frame of %zu", offset);
		if (behind == MAPPER_BEHIND_PAGE)
			check.ok(answer.page == answer.pfn && !answer.page_error,
				 "page of %zu is its frame", offset);
		else
			check.gives(-EFAULT, answer.page_error, "no page of %zu", offset);
	}
	/* Outside there may be another buffer, but never this one. */
	for (const std::uint64_t offset :
	     {pages * page_bytes(), pages * page_bytes() + 1, std::size_t(1) << 24,
	      std::size_t(1) << 31, SIZE_MAX, SIZE_MAX - page_bytes() + 1}) {
		const int error = file.resolve(id, offset, &answer);

		check.ok(error == -ENOENT || error == -EINVAL ||
			 (!error && (answer.pfn < first.pfn || answer.pfn >= first.pfn + pages)),
			 "offset %#llx: %d", (unsigned long long)offset, error);
	}
}

void resolve_flipped(Check &check)
{
	resolve_buffer(check, MAPPER_NO_SNOOP, 0, info.snooping & 1 << MAPPER_NO_SNOOP ?
		       MAPPER_BEHIND_PAGE : MAPPER_BEHIND_RESERVED);
}

void resolve_snooped(Check &check)
{
	resolve_buffer(check, MAPPER_SNOOPING, 0, MAPPER_BEHIND_PAGE);
}

void resolve_adopted(Check &check)
{
	resolve_buffer(check, MAPPER_NO_SNOOP, MAPPER_ADOPT, MAPPER_BEHIND_RESERVED);
}

/// What is behind stays until the driver lets go, whoever has lost it meanwhile.
void resolve_to_the_end(Check &check)
{
	const File file;
	const long id = file.alloc(page_bytes());
	mapper_resolve before, after;

	check.gives(0, file.resolve(id, 0, &before), "alive");
	check.gives(0, file.revoke(id), "revoke");
	if (check.gives(0, file.resolve(id, 0, &after), "revoked"))
		check.ok(before.pfn == after.pfn, "the frame is the same");
	check.gives(0, file.free(id), "free");
	check.gives(-ENOENT, file.resolve(id, 0, &after), "freed");
}

void adopted_memory(Check &check)
{
	const Counts before = Counts::now();
	{
		const File file;
		const std::size_t bytes = 4 * page_bytes();
		const long id = file.alloc(bytes, MAPPER_NO_SNOOP, MAPPER_ADOPT);
		const Map map = file.map(id, bytes);

		if (!check.gives(0, map.error(), "maps"))
			return;
		check.gives(-EBUSY, file.alloc(bytes, MAPPER_NO_SNOOP, MAPPER_ADOPT), "again");
		check.gives(0, file.fill(id, 6), "the kernel fills it");
		check.gives(0, static_cast<long>(map.wrong(6)), "words that the process sees");
		map.word(5) = 1;
		check.gives(1, file.check(id, 6), "words that the kernel sees changed");
		check.gives(-EFAULT, file.pin(map.data(), 1), "pinned");
		check.gives(0, file.revoke(id), "revoked");
		check.gives(SIGBUS, read_signal(map.data()), "reading then");
	}
	expect_same(check, before);
}

/// All kinds of translations at once: none with other attributes.
void no_alias(Check &check)
{
	const File file;
	std::vector<Map> maps;

	for (const std::size_t bytes : kSizes) {
		const long id = file.alloc(bytes);
		mapper_resolve answer;

		maps.push_back(file.map(id, bytes));
		maps.push_back(file.map(id, bytes, PROT_READ));
		for (const Map *map : {&maps.back(), &maps[maps.size() - 2]})
			read_signal(map->data());
		if (check.gives(0, file.resolve(id, 0, &answer), "resolve"))
			check.gives(0, conflicts(answer.pfn), "conflicts of %zu bytes", bytes);
	}

	auto audit = values_of("/sys/kernel/debug/dmamap/audit");

	check.gives(0, static_cast<long>(audit["cacheable"]), "cacheable translations");
	check.ok(audit["user"] >= 2 * static_cast<long long>(std::size(kSizes)),
		 "%lld of processes are seen", audit["user"]);
}

constexpr Case kCases[] = {
	{"12 flipped memory is a frame, never a page", resolve_flipped},
	{"12 snooped memory is a page", resolve_snooped},
	{"12 memory without a struct page is a frame", resolve_adopted, kAdoptable | kLayer},
	{"12 what is behind a buffer is known until it is freed", resolve_to_the_end, kLayer},
	{"12 adopted memory maps like any other", adopted_memory, kAdoptable | kLayer},
	{"13 a fresh buffer is zero to its last byte", fresh_memory},
	{"13 a fresh buffer of a snooping device is zero", fresh_memory_of_snooping},
	{"13 a buffer that came at once is zero", fresh_atomic_memory},
	{"15 memory that was given back keeps what is written to it", returned_memory},
	{"26 no second translation has other attributes", no_alias, kLayer},
};

} // namespace

std::span<const Case> content_cases() { return kCases; }

} // namespace mapping
