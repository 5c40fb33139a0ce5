// SPDX-License-Identifier: GPL-2.0
// What a process may do with the five kinds of memory, and everything that it may not.
#include "board_facts.h"
#include "raw_context.h"
#include "tap.h"

#include "hca_chip.h"

#include <sys/personality.h>
#include <sys/uio.h>

#include <csignal>
#include <cstdint>
#include <vector>

namespace {

struct Kind {
	hca_kind kind;
	const char *name;
	int allowed;			///< the most that a process may have
	std::vector<int> refused;
};

const Kind kKinds[] = {
	{HCA_KIND_REGISTERS, "registers", PROT_READ | PROT_WRITE, {}},
	{HCA_KIND_PIO, "pio", PROT_WRITE, {PROT_READ, PROT_READ | PROT_WRITE}},
	{HCA_KIND_EAGER, "eager", PROT_READ, {PROT_WRITE, PROT_READ | PROT_WRITE}},
	{HCA_KIND_HEADERS, "headers", PROT_READ | PROT_WRITE, {}},
	{HCA_KIND_PIO_AVAIL, "pio_avail", PROT_READ, {PROT_WRITE, PROT_READ | PROT_WRITE}},
};

const char *text(int protection)
{
	switch (protection) {
	case PROT_READ:
		return "reading";
	case PROT_WRITE:
		return "writing";
	default:
		return "reading and writing";
	}
}

bool coherent(hca_kind kind)
{
	return kind == HCA_KIND_EAGER || kind == HCA_KIND_HEADERS || kind == HCA_KIND_PIO_AVAIL;
}

void touch(const Mapping &mapping, int protection)
{
	if (protection & PROT_READ)
		mapping.read();
	if (protection & PROT_WRITE)
		mapping.write();
}

int protect(const Mapping &mapping, int protection)
{
	return mprotect(mapping.data(), mapping.size(), protection) != 0 ? -errno : 0;
}

void test_fresh_memory(tap::Report &tap, const RawContext &context)
{
	for (const Kind &kind : kKinds) {
		if (!coherent(kind.kind))
			continue;

		const Mapping mapping = context.map(kind.kind, PROT_READ);

		if (tap.gives(0, mapping.error(), "%s: maps", kind.name))
			tap.ok(is_fresh(kind.kind, mapping), "%s: is zero when fresh", kind.name);
		else
			tap.skip("not mapped", "%s: is zero when fresh", kind.name);
	}
}

void test_access(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	const Mapping mapping = context.map(kind.kind, kind.allowed);

	if (!tap.gives(0, mapping.error(), "%s: maps for %s", kind.name, text(kind.allowed)))
		return;
	touch(mapping, kind.allowed);

	for (const int protection : kind.refused) {
		tap.gives(-EACCES, context.map(kind.kind, protection).error(),
			  "%s: refuses mmap() for %s", kind.name, text(protection));
		tap.gives(-EACCES, protect(mapping, protection),
			  "%s: refuses mprotect() for %s", kind.name, text(protection));
	}
	tap.gives(-EACCES, protect(mapping, PROT_EXEC), "%s: refuses mprotect() for execution",
		  kind.name);
	touch(mapping, kind.allowed);

	// A mapping that started without any access is no way around.
	const Mapping closed = context.map(kind.kind, PROT_NONE);

	tap.gives(0, closed.error(), "%s: maps for nothing", kind.name);
	tap.gives(0, protect(closed, kind.allowed), "%s: mprotect() gives what is allowed",
		  kind.name);
	for (const int protection : kind.refused)
		tap.gives(-EACCES, protect(closed, protection),
			  "%s: refuses %s to a mapping for nothing", kind.name, text(protection));
}

/// A program with an executable stack: the kernel adds PROT_EXEC to each PROT_READ.
void test_executable_stack(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	const auto before = static_cast<unsigned long>(personality(0xffffffff));

	personality(before | READ_IMPLIES_EXEC);

	const Mapping mapping = context.map(kind.kind, kind.allowed);

	tap.gives(0, mapping.error(), "%s: maps where reading implies execution", kind.name);
	personality(before);
	if (mapping.error() == 0)
		tap.gives(-EACCES, protect(mapping, PROT_EXEC),
			  "%s: refuses execution to such a mapping", kind.name);
}

void test_arguments(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	const std::size_t page = sysconf(_SC_PAGESIZE);
	const std::size_t bytes = context.bytes(kind.kind);

	tap.gives(-EINVAL, context.map(kind.kind, kind.allowed, MAP_PRIVATE, bytes).error(),
		  "%s: refuses MAP_PRIVATE", kind.name);
	tap.gives(-EINVAL, context.map(kind.kind, kind.allowed, MAP_SHARED, bytes + page).error(),
		  "%s: refuses a page too many", kind.name);
	tap.gives(-EINVAL, context.map(kind.kind, kind.allowed, MAP_SHARED, 2 * bytes + page).error(),
		  "%s: refuses twice the length", kind.name);
	tap.gives(-EINVAL,
		  Mapping(context.fd(), page, kind.allowed, MAP_SHARED,
			  context.offset(kind.kind) + (1 << 23)).error(),
		  "%s: refuses an offset beyond its end", kind.name);

	const Mapping part = context.map(kind.kind, kind.allowed, MAP_SHARED, page);

	if (tap.gives(0, part.error(), "%s: maps in part", kind.name))
		touch(part, kind.allowed);

	const int exec = context.map(kind.kind, kind.allowed | PROT_EXEC).error();

	// EPERM comes from a /dev that is mounted noexec, before the driver is asked.
	tap.gives(exec == -EPERM ? -EPERM : -EACCES, exec, "%s: refuses PROT_EXEC", kind.name);
}

void test_growth(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	const std::size_t page = sysconf(_SC_PAGESIZE);
	const Mapping whole = context.map(kind.kind, kind.allowed);
	const Mapping part = context.map(kind.kind, kind.allowed, MAP_SHARED, page);

	for (const Mapping *mapping : {&whole, &part}) {
		void *grown = mremap(mapping->data(), mapping->size(), mapping->size() + page,
				     MREMAP_MAYMOVE);

		tap.gives(-EFAULT, grown == MAP_FAILED ? -errno : 0, "%s: refuses to grow (%s)",
			  kind.name, mapping == &whole ? "beyond its end" : "into the rest");
	}
	touch(whole, kind.allowed);
}

void test_fork(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	const Mapping mapping = context.map(kind.kind, kind.allowed);

	touch(mapping, kind.allowed);
	tap.ok(signal_of([&] { touch(mapping, kind.allowed); }) == SIGSEGV,
	       "%s: a child does not inherit the mapping", kind.name);

	const int error = madvise(mapping.data(), mapping.size(), MADV_DOFORK) != 0 ? -errno : 0;

	tap.ok(error != 0, "%s: refuses madvise(MADV_DOFORK)", kind.name);
	tap.ok(signal_of([&] { touch(mapping, kind.allowed); }) == SIGSEGV,
	       "%s: a child does not inherit it after that either", kind.name);
	touch(mapping, kind.allowed);
}

void test_forbidden_access(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	if (kind.allowed & PROT_WRITE)
		return;

	const Mapping mapping = context.map(kind.kind, kind.allowed);

	// The child has no mapping of ours, so it makes its own through the inherited file.
	tap.ok(signal_of([&] { context.map(kind.kind, kind.allowed).read(); }) == 0,
	       "%s: a child with the file maps it for itself", kind.name);
	tap.ok(signal_of([&] { context.map(kind.kind, kind.allowed).write(); }) == SIGSEGV,
	       "%s: writing is SIGSEGV", kind.name);
	touch(mapping, kind.allowed);
}

// The kernel's get_user_pages() by its user-visible names. Where no struct page may be used,
// all of them fail; the kernel's copies to and from user space work as ever.
void test_pinning(tap::Report &tap, const RawContext &context, const Kind &kind)
{
	const Mapping mapping = context.map(kind.kind, kind.allowed);
	char buffer[16] = {};
	iovec here = {buffer, sizeof(buffer)};
	iovec there = {mapping.data(), sizeof(buffer)};
	int fds[2];

	if (context.info().kind[kind.kind].behind == HCA_BEHIND_PAGE) {
		tap.skip("its frames are pages", "%s: can't be pinned", kind.name);
		return;
	}
	if (pipe(fds) != 0)
		tap.bail_out("no pipe: %s", strerror(errno));

	touch(mapping, kind.allowed);
	tap.gives(-EFAULT, vmsplice(fds[1], &there, 1, 0) < 0 ? -errno : 0,
		  "%s: refuses vmsplice()", kind.name);

	const int error = process_vm_readv(getpid(), &here, 1, &there, 1, 0) < 0 ? -errno : 0;

	if (error == -ENOSYS)
		tap.skip("not in this kernel", "%s: refuses process_vm_readv()", kind.name);
	else
		tap.gives(-EFAULT, error, "%s: refuses process_vm_readv()", kind.name);

	const int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	const auto where = static_cast<off64_t>(reinterpret_cast<std::uintptr_t>(mapping.data()));

	const bool shown = board::kDebuggersAskDrivers && (kind.allowed & PROT_READ);

	if (memory < 0)
		tap.skip("no /proc/self/mem", "%s: /proc/self/mem", kind.name);
	else
		tap.gives(shown ? 0 : -EIO,
			  pread64(memory, buffer, sizeof(buffer), where) < 0 ? -errno : 0,
			  "%s: /proc/self/mem %s", kind.name, shown ? "shows it" : "refuses");
	close(memory);

	if (kind.allowed & PROT_READ)
		tap.ok(write(fds[1], mapping.data(), sizeof(buffer)) == sizeof(buffer),
		       "%s: the kernel can copy from it", kind.name);
	close(fds[0]);
	close(fds[1]);
}

void test_partial_unmap(tap::Report &tap, const RawContext &context)
{
	const std::size_t page = sysconf(_SC_PAGESIZE);
	const Mapping mapping = context.map(HCA_KIND_EAGER, PROT_READ);

	if (mapping.size() < 3 * page) {
		tap.skip("too few pages", "eager: survives a hole");
		return;
	}
	munmap(mapping.data() + page, page);
	mapping.read();
	static_cast<void>(*reinterpret_cast<volatile char *>(mapping.data() + mapping.size() - 1));
	tap.ok(true, "eager: survives a hole");
	tap.ok(signal_of([&] {
		const Mapping own = context.map(HCA_KIND_EAGER, PROT_READ);

		munmap(own.data() + page, page);
		static_cast<void>(*reinterpret_cast<volatile char *>(own.data() + page));
	}) == SIGSEGV, "eager: nothing is in the hole");
}

void test_without_context(tap::Report &tap)
{
	const RawContext context;

	for (const Kind &kind : kKinds)
		tap.ok(Mapping(context.fd(), HCA_PAGE_BYTES, kind.allowed, MAP_SHARED,
			       HCA_MAP_OFFSET(kind.kind)).error() != 0,
		       "%s: nothing to map before the context is open", kind.name);
}

void test_after_close(tap::Report &tap)
{
	RawContext context;

	if (!tap.gives(0, context.open_context(), "one more context opens"))
		return;

	const Mapping eager = context.map(HCA_KIND_EAGER, PROT_READ);
	const Mapping headers = context.map(HCA_KIND_HEADERS, PROT_READ | PROT_WRITE);

	context.shut();
	eager.read();
	headers.write();
	tap.ok(true, "mappings outlive the file descriptor");
}

} // namespace

int main()
{
	tap::Report tap;
	RawContext context;

	if (!tap.gives(0, context.open_context(), "a context opens"))
		tap.bail_out("there is no HCA to test");

	test_fresh_memory(tap, context);
	for (const Kind &kind : kKinds) {
		test_access(tap, context, kind);
		if (context.map(kind.kind, kind.allowed).error() != 0)
			continue;	// said by test_access()
		test_executable_stack(tap, context, kind);
		test_arguments(tap, context, kind);
		test_growth(tap, context, kind);
		test_fork(tap, context, kind);
		test_forbidden_access(tap, context, kind);
		test_pinning(tap, context, kind);
	}
	tap.gives(-EINVAL,
		  Mapping(context.fd(), HCA_PAGE_BYTES, PROT_READ, MAP_SHARED,
			  HCA_MAP_OFFSET(HCA_KINDS)).error(), "there is no sixth kind");
	test_partial_unmap(tap, context);
	test_without_context(tap);
	test_after_close(tap);
	return tap.finish();
}
