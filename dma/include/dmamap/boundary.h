/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel functions that the headers for drivers in C++ call: plain types only,
 * because neither side can parse the other's headers. Drivers include coherent.h
 * (C++) or dmamap.h (C), never this file.
 *
 * Parses as C11 and as C++. dma/glue/region/driver_cxx.c has the functions; tests in user
 * space have others of the same names (kunit/host/fake_boundary.cc).
 */
#ifndef DMAMAP_BOUNDARY_H
#define DMAMAP_BOUNDARY_H

#ifdef __cplusplus
#include <cstddef>
using std::size_t;
extern "C" {
#else
#include <linux/types.h>
#endif

struct device;
struct dmamap_region;
struct vm_area_struct;

/* Errno numbers that are the same on every architecture; cxx.c asserts that. */
enum dmamap_cxx_errno {
	DMAMAP_CXX_ENOENT = 2,
	DMAMAP_CXX_EIO = 5,
	DMAMAP_CXX_ENXIO = 6,
	DMAMAP_CXX_ENOMEM = 12,
	DMAMAP_CXX_EACCES = 13,
	DMAMAP_CXX_EFAULT = 14,
	DMAMAP_CXX_EBUSY = 16,
	DMAMAP_CXX_ENODEV = 19,
	DMAMAP_CXX_EINVAL = 22,
};

/* How dmamap_cxx_alloc() allocates. */
#define DMAMAP_CXX_ATOMIC	1u	/* the caller can't sleep */
#define DMAMAP_CXX_NO_SNOOP	2u	/* DMAMAP_NO_SNOOP */

/* Access of a process: DMAMAP_USER_READ and DMAMAP_USER_WRITE. */
#define DMAMAP_CXX_READ		1u
#define DMAMAP_CXX_WRITE	2u

/* enum dmamap_behind */
enum dmamap_cxx_behind {
	DMAMAP_CXX_PAGE,
	DMAMAP_CXX_RESERVED,
	DMAMAP_CXX_DEVICE,
};

/* struct dmamap_pfn without the protection, which C++ has no use for. */
struct dmamap_cxx_pfn {
	unsigned long long pfn;
	unsigned int behind;	/* enum dmamap_cxx_behind */
};

/*
 * dmamap_alloc() of an array: 0 and the region, or a negative errno.
 * Context: as dmamap_alloc().
 */
int dmamap_cxx_alloc(struct device *dev, size_t count, size_t each,
		     unsigned int how, const char *name,
		     struct dmamap_region **region);

/* dmamap_dma_addr(), whatever the size of dma_addr_t. Context: any. */
unsigned long long dmamap_cxx_bus(const struct dmamap_region *region);

/* dma_map_to_pfn() of a byte of a region. Context: any. */
int dmamap_cxx_resolve(const struct dmamap_region *region, size_t offset,
		       struct dmamap_cxx_pfn *out);

/* dmamap_mmap() of a whole region. Context: the driver's mmap(). */
int dmamap_cxx_mmap(struct vm_area_struct *vma, struct dmamap_region *region,
		    unsigned int access);

/* dma_wmb() and dma_rmb(), which only the kernel's headers know. Context: any. */
void dmamap_cxx_wmb(void);
void dmamap_cxx_rmb(void);

/*
 * Says which element of which region does not exist, and stops as BUG() does.
 * Only with CONFIG_DMAMAP_DEBUG_BOUNDS. Context: any.
 */
#ifdef __cplusplus
[[noreturn]]
#else
__noreturn
#endif
void dmamap_cxx_out_of_bounds(const struct dmamap_region *region, size_t index,
			      size_t count);

/* As in dmamap.h, where their types are plain already. */
void dmamap_put(struct dmamap_region *region);
void *dmamap_cpu_addr(const struct dmamap_region *region);
size_t dmamap_size(const struct dmamap_region *region);
void dmamap_set_name(struct dmamap_region *region, const char *name);

#ifdef __cplusplus
}
#endif

#endif /* DMAMAP_BOUNDARY_H */
