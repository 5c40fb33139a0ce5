// SPDX-License-Identifier: GPL-2.0
#include "fake_boundary.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace dmamap::test {

FakeKernel &fake_kernel()
{
	static FakeKernel kernel;

	return kernel;
}

} // namespace dmamap::test

using dmamap::test::fake_kernel;
using dmamap::test::FakeKernel;

int dmamap_cxx_alloc(device *, std::size_t count, std::size_t each, unsigned int how,
		     const char *name, dmamap_region **region)
{
	std::size_t bytes;

	if (const int err = fake_kernel().failure())
		return err;
	if (__builtin_mul_overflow(count, each, &bytes))
		return -EOVERFLOW;
	if (bytes == 0)
		return -EINVAL;
	bytes = (bytes + FakeKernel::kPage - 1) / FakeKernel::kPage * FakeKernel::kPage;
	*region = new dmamap_region{std::make_unique<unsigned char[]>(bytes), bytes,
				    name ? name : "", how};
	fake_kernel().regions++;
	fake_kernel().calls.emplace_back("alloc");
	return 0;
}

unsigned long long dmamap_cxx_bus(const dmamap_region *)
{
	return FakeKernel::kBus;
}

int dmamap_cxx_resolve(const dmamap_region *, std::size_t offset, dmamap_cxx_pfn *out)
{
	if (const int err = fake_kernel().failure())
		return err;
	*out = {FakeKernel::kPfn + offset / FakeKernel::kPage, DMAMAP_CXX_RESERVED};
	return 0;
}

int dmamap_cxx_mmap(vm_area_struct *, dmamap_region *, unsigned int access)
{
	if (const int err = fake_kernel().failure())
		return err;
	fake_kernel().calls.push_back("mmap " + std::to_string(access));
	return 0;
}

void dmamap_cxx_wmb()
{
	fake_kernel().calls.emplace_back("wmb");
}

void dmamap_cxx_rmb()
{
	fake_kernel().calls.emplace_back("rmb");
}

void dmamap_cxx_out_of_bounds(const dmamap_region *region, std::size_t index, std::size_t count)
{
	std::fprintf(stderr, "%s: there is no element %zu of %zu\n",
		     region ? region->name.c_str() : "(handed on)", index, count);
	std::abort();
}

void dmamap_put(dmamap_region *region)
{
	if (!region)
		return;
	delete region;
	fake_kernel().regions--;
	fake_kernel().calls.emplace_back("put");
}

void *dmamap_cpu_addr(const dmamap_region *region)
{
	return region->memory.get();
}

std::size_t dmamap_size(const dmamap_region *region)
{
	return region->bytes;
}

void dmamap_set_name(dmamap_region *region, const char *name)
{
	region->name = name;
}
