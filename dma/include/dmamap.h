/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dmamap - coherent memory that CPU, device and user space share.
 *
 * This is the interface for drivers. Include it after nothing; everything that
 * a driver needs is declared here. Words: a *region* is one coherent buffer, a
 * *frame* is one physical page frame named by its pfn, a *flip* is the moment
 * a frame changes between cached and coherent use.
 */
#ifndef DMAMAP_H
#define DMAMAP_H

#include <linux/bits.h>
#include <linux/types.h>
#include <asm/pgtable.h>

struct device;
struct page;
struct vm_area_struct;

/** struct dmamap_region - one coherent buffer; opaque, counted. */
struct dmamap_region;

/**
 * enum dmamap_behind - what stands behind an address of a region
 * @DMAMAP_BEHIND_PAGE: RAM that the kernel may touch through its ordinary
 *	mapping; the struct page may be used, get_user_pages() works.
 * @DMAMAP_BEHIND_RESERVED: RAM that must not be reached in any other way than
 *	through its region: a flipped frame, or RAM kept from the kernel
 *	(mem=, no-map). Only the pfn may be used.
 * @DMAMAP_BEHIND_DEVICE: device memory (a BAR, a register window).
 */
enum dmamap_behind {
	DMAMAP_BEHIND_PAGE,
	DMAMAP_BEHIND_RESERVED,
	DMAMAP_BEHIND_DEVICE,
};

/**
 * struct dmamap_pfn - tagged answer of dma_map_to_pfn()
 * @pfn: page frame number
 * @behind: what the frame is, and so what may be done with it
 * @prot: page protection (cache attributes) that every mapping of the frame
 *	must have; readable and writable
 */
struct dmamap_pfn {
	unsigned long pfn;
	enum dmamap_behind behind;
	pgprot_t prot;
};

/*
 * Flags of dmamap_alloc() and dmamap_adopt().
 */

/* The device does not snoop CPU caches, whatever its bus or firmware says. */
#define DMAMAP_NO_SNOOP		BIT(0)
/*
 * Charge the memory to the process that allocates it (RLIMIT_MEMLOCK), until the
 * region ends: for what user space makes a driver allocate. Mappings of that process
 * are not charged again. Alloc only, and only where the caller can sleep; such a
 * region is put in process context, too.
 */
#define DMAMAP_ACCOUNT		BIT(2)
/*
 * Writes of the CPU may be gathered: until wmb() the device may see them late, and in
 * another order; dma_wmb() is not enough on x86. So it is for data, not for queues of
 * descriptors, and dmamap::Coherent<T> does not offer it.
 *
 * Where the board can't, memory is as without the flag, as it is for devices that
 * snoop. On ARM all coherent memory is like this. On x86 such a region is flipped by
 * itself, in whole large pages of 2 MiB: it is for large buffers, and can't be had
 * where the caller can't sleep.
 */
#define DMAMAP_WRITE_COMBINE	BIT(1)

/**
 * dmamap_alloc() - allocate a coherent region for a device
 * @dev: device that will use the region
 * @size: bytes, at least 1; rounded up to whole pages
 * @gfp: GFP_KERNEL, or GFP_ATOMIC where the caller can't sleep; zone flags are
 *	ignored
 * @flags: DMAMAP_NO_SNOOP, DMAMAP_ACCOUNT and DMAMAP_WRITE_COMBINE, or 0
 *
 * The region is contiguous on the bus, all bytes of its pages are zero, and
 * (unless the device snoops) no cacheable translation of its frames exists
 * from the return of this call until the last reference is gone.
 *
 * What can't sleep gets memory that was flipped before: up to 256 KiB (x86-64:
 * 2 MiB), as long as the pool has some (CONFIG_DMAMAP_POOL_ATOMIC_KIB).
 *
 * Context: process, may sleep; with GFP_ATOMIC also interrupt or under a
 * spinlock. Takes no lock that a caller may hold.
 * Return: a region with one reference, or ERR_PTR():
 *	-EINVAL      @dev is NULL, @size is 0, @flags has an unknown bit, or
 *	             there is no process to charge
 *	-EOVERFLOW   @size wraps when rounded up to whole pages, or is 2^31
 *	             pages or more
 *	-EAGAIN      more than the process may lock (RLIMIT_MEMLOCK)
 *	-EOPNOTSUPP  @dev is behind an IOMMU
 *	-ENODEV      this board can't keep the configured strategy; the log of
 *	             the boot says why
 *	-EIO         no frame that the coherent mask of @dev can reach
 *	-EBUSY       a frame has another user with other cache attributes, or
 *	             the system hibernates (unless the device snoops)
 *	-ENOMEM      no memory, no contiguous run of this size, or nothing in
 *	             the pool for a caller that can't sleep (as always while
 *	             the system hibernates)
 */
struct dmamap_region *dmamap_alloc(struct device *dev, size_t size, gfp_t gfp,
				   unsigned int flags);

/**
 * dmamap_adopt() - make a region of memory that the page allocator never had
 * @dev: device that owns the memory
 * @phys: physical address, page aligned
 * @size: bytes, a multiple of the page size
 * @behind: DMAMAP_BEHIND_RESERVED or DMAMAP_BEHIND_DEVICE
 * @flags: DMAMAP_WRITE_COMBINE or 0
 *
 * For RAM above mem=, no-map memory, SRAM and BARs. The memory is neither
 * zeroed nor flushed: the caller vouches that nobody has it mapped cacheable.
 *
 * Context: process, may sleep.
 * Return: a region with one reference, or ERR_PTR():
 *	-EINVAL      @dev is NULL, unaligned or empty range, wrong @behind, or
 *	             an unknown flag
 *	-EOVERFLOW   @phys + @size wraps
 *	-EBUSY       part of the range is memory of the kernel (it has an
 *	             ordinary mapping) or of another region
 *	-ENOMEM      no memory for the mapping
 */
struct dmamap_region *dmamap_adopt(struct device *dev, phys_addr_t phys,
				   size_t size, enum dmamap_behind behind,
				   unsigned int flags);

/**
 * dmamap_get() - take one more reference
 * @region: region, or NULL
 *
 * Context: any.
 * Return: @region.
 */
struct dmamap_region *dmamap_get(struct dmamap_region *region);

/**
 * dmamap_put() - drop a reference; the last one gives the frames back
 * @region: region, NULL or ERR_PTR (both ignored)
 *
 * The caller has stopped the device. User mappings hold references of their
 * own, so the frames stay until the last of them is gone.
 *
 * Context: any for a region that GFP_ATOMIC could have given; for larger and
 * adopted ones process, may sleep (in an interrupt, a worker ends them later).
 */
void dmamap_put(struct dmamap_region *region);

/**
 * dmamap_abandon() - drop a reference on memory that its device may still write to
 * @region: region, NULL or ERR_PTR (both ignored)
 *
 * In place of dmamap_put() by who could not stop the device. When all references
 * are gone the frames are kept, as they are, until dmamap_device_stopped(). Nobody
 * gets them before that.
 *
 * Context: as dmamap_put().
 */
void dmamap_abandon(struct dmamap_region *region);

/**
 * dmamap_device_stopped() - the device does not write to memory any more
 * @dev: device that has been reset or lost its power
 *
 * Ends its regions that were abandoned.
 *
 * Context: process, may sleep.
 * Return: how many of them nobody else had a reference to, and have ended.
 */
unsigned int dmamap_device_stopped(struct device *dev);

/**
 * dmamap_cpu_addr() - kernel address of a region
 * @region: region
 *
 * Context: any. The address is valid while the caller holds a reference.
 * Return: kernel virtual address of byte 0. Of an adopted region it is an
 *	__iomem address: use readl() and friends.
 */
void *dmamap_cpu_addr(const struct dmamap_region *region);

/**
 * dmamap_dma_addr() - bus address of a region
 * @region: region
 *
 * Context: any.
 * Return: what the device puts on its bus to reach byte 0.
 */
dma_addr_t dmamap_dma_addr(const struct dmamap_region *region);

/**
 * dmamap_size() - size of a region
 * @region: region
 *
 * Context: any.
 * Return: bytes, a multiple of the page size.
 */
size_t dmamap_size(const struct dmamap_region *region);

/**
 * dmamap_strategy() - how this region is kept free of aliases
 * @region: region
 *
 * Context: any.
 * Return: "highmem", "unmap", "purge", "snooped" or "adopted".
 */
const char *dmamap_strategy(const struct dmamap_region *region);

/* Room for the name of a region, its end included. */
#define DMAMAP_NAME_BYTES	32

/**
 * dmamap_set_name() - say what a region is for
 * @region: region
 * @name: name, copied; NULL or "" takes the name away
 *
 * For people only: the name stands in debugfs and traces. It is what the
 * driver's own documents call the buffer ("rx_ring.3"); the device's name is
 * printed before it. DMAMAP_NAME_BYTES - 1 characters are kept. Blanks, colons
 * and what is no visible ASCII character become '_', so @name may come from
 * anywhere. It is no format string.
 *
 * Context: any, also interrupt.
 */
void dmamap_set_name(struct dmamap_region *region, const char *name);

/**
 * dma_map_to_page() - struct page behind a coherent address
 * @dev: device that the region was allocated for
 * @cpu_addr: address inside a region, as the kernel sees it
 * @dma_addr: the same byte as the device sees it
 *
 * The answer is a page only when the kernel may touch the frame through its
 * ordinary mapping, that is for regions of snooping devices. It is never
 * guessed from pfn_valid(). No reference is taken: the region holds it.
 *
 * Memory that is not of the layer (dma_alloc_coherent(), dma_pool_alloc(),
 * ioremap(), and for devices that snoop kmalloc() or vmap()) is judged by the
 * translation that the kernel has of @cpu_addr; the caller keeps it.
 *
 * Context: any, also interrupt; takes no lock.
 * Return: the page, or ERR_PTR():
 *	-EFAULT   the frame has no page that may be used: dma_map_to_pfn()
 *	-ENOENT   the layer can't vouch for this memory: it is not mapped, not
 *	          coherent with @dev, of the kernel's image, behind an IOMMU, or
 *	          was a region's
 *	-EINVAL   @cpu_addr and @dma_addr name different bytes, or the region
 *	          belongs to another device
 */
struct page *dma_map_to_page(struct device *dev, const void *cpu_addr,
			     dma_addr_t dma_addr);

/**
 * dma_map_to_pfn() - page frame behind a coherent address, tagged
 * @dev: device that the region was allocated for
 * @cpu_addr: address inside a region, as the kernel sees it
 * @dma_addr: the same byte as the device sees it
 * @out: the answer; unchanged on error
 *
 * Context: any, also interrupt; takes no lock.
 * Return: 0, or -ENOENT or -EINVAL as dma_map_to_page().
 */
int dma_map_to_pfn(struct device *dev, const void *cpu_addr,
		   dma_addr_t dma_addr, struct dmamap_pfn *out);

/**
 * struct dmamap_segment - part of a region that a user mapping shows
 * @region: region
 * @offset: first byte, page aligned
 * @bytes: length, page aligned, at least one page
 */
struct dmamap_segment {
	struct dmamap_region *region;
	size_t offset;
	size_t bytes;
};

/* Access of dmamap_mmap(): what the process may ever do with the mapping. */
#define DMAMAP_USER_READ	BIT(0)
#define DMAMAP_USER_WRITE	BIT(1)
/* Fill all pages in mmap(): no fault comes later. */
#define DMAMAP_USER_POPULATE	BIT(2)
/*
 * What users are promised of the memory; refused if a region is something else.
 * Without one of them the mapping is as its regions are.
 */
#define DMAMAP_USER_CACHED	BIT(3)
#define DMAMAP_USER_UNCACHED	BIT(4)
#define DMAMAP_USER_WRITE_COMBINE BIT(5)

#define DMAMAP_USER_ALL		(DMAMAP_USER_READ | DMAMAP_USER_WRITE | \
				 DMAMAP_USER_POPULATE | DMAMAP_USER_CACHED | \
				 DMAMAP_USER_UNCACHED | DMAMAP_USER_WRITE_COMBINE)

/**
 * dmamap_mmap() - map segments of regions into user space, one after another
 * @vma: the VMA as the driver's mmap() got it; vm_pgoff is not looked at
 * @segments: what to show, in this order; copied
 * @count: number of @segments, at least 1
 * @access: DMAMAP_USER_READ, DMAMAP_USER_WRITE or both; and what else is wanted
 *
 * A touched page is inserted with all others of its page table, or as one large
 * page where the architecture has such and region and VMA are aligned to it. The
 * mapping holds a reference on each region until its last VMA is gone, and charges
 * its RAM to the RLIMIT_MEMLOCK of the process. It is not inherited by fork(), does
 * not grow, is not dumped, and mprotect() can't go beyond @access. Debuggers can
 * read and write it as the process can.
 *
 * If all regions are pages (DMAMAP_BEHIND_PAGE), the mapping can be pinned, and a
 * pinned frame outlives it and its region; madvise(MADV_DOFORK) lets children inherit
 * it, at the expense of the process that mapped it. Otherwise get_user_pages() gives
 * EFAULT, and madvise(MADV_DOFORK) EINVAL.
 *
 * Context: process, from the driver's mmap() (mmap_lock held for writing).
 * Return: 0, or
 *	-EINVAL   MAP_PRIVATE, no or unaligned segment, a segment beyond its
 *	          region, a VMA longer than all segments together, or no or
 *	          unknown access
 *	-EACCES   the VMA asks for more than @access allows, or for PROT_EXEC
 *	-EOPNOTSUPP a region is not what @access promises
 *	-EOVERFLOW the lengths of the segments wrap
 *	-EAGAIN   more than the process may lock (RLIMIT_MEMLOCK)
 *	-ENXIO    a region was revoked
 *	-ENOMEM   no memory for the bookkeeping or page tables
 */
int dmamap_mmap(struct vm_area_struct *vma,
		const struct dmamap_segment *segments, unsigned int count,
		unsigned int access);

/**
 * enum dmamap_after - what processes find where a region was revoked
 * @DMAMAP_AFTER_SIGBUS: nothing; each access gets SIGBUS
 * @DMAMAP_AFTER_ZERO: memory of the process's own, zero at first, the same page
 *	everywhere in a mapping: what it writes goes nowhere
 * @DMAMAP_AFTER_SNAPSHOT: the last contents, in ordinary memory
 */
enum dmamap_after {
	DMAMAP_AFTER_SIGBUS,
	DMAMAP_AFTER_ZERO,
	DMAMAP_AFTER_SNAPSHOT,
};

/**
 * dmamap_revoke() - take a region away from all processes
 * @region: region
 * @after: what they find in its place; of a second call it is ignored
 *
 * When it returns, no user page table has a translation of the region, none will
 * come, and new mappings of it are refused. Stop the device before, if what it
 * writes last is to be in a snapshot.
 *
 * Context: process, may sleep. The caller has no mmap_lock, and no lock that its
 * mmap() takes.
 * Return: 0, or
 *	-EINVAL   unknown @after, or a snapshot of device memory; nothing is done
 *	-ENOMEM   no memory for the snapshot; revoked, accesses get SIGBUS
 */
int dmamap_revoke(struct dmamap_region *region, enum dmamap_after after);

/**
 * dmamap_revoke_device() - take all regions of a device away from all processes
 * @dev: device that goes away
 * @after: as of dmamap_revoke(); device memory gets SIGBUS where that would be
 *	refused
 *
 * Also those that nobody but a mapping has a reference to any more. The caller lets
 * no new regions come meanwhile.
 *
 * Context: process, may sleep; as dmamap_revoke().
 */
void dmamap_revoke_device(struct device *dev, enum dmamap_after after);

/**
 * dmamap_reattach() - show another region where a revoked one was mapped
 * @from: a revoked region
 * @to: region that takes its place
 *
 * For the new instance of a device after a reset: processes keep their addresses.
 * Mappings hold a reference on @to from now on, and none on @from.
 *
 * Context: process, may sleep; as dmamap_revoke().
 * Return: 0, or
 *	-EINVAL   @from is not revoked, or @to differs from it in size, in what is
 *	          behind it, or in its cache attribute; nothing is done
 *	-ENXIO    @to was revoked meanwhile; some mappings may show it
 */
int dmamap_reattach(struct dmamap_region *from, struct dmamap_region *to);

/**
 * dmamap_detach() - make user mappings let go of a revoked region
 * @region: a region that was revoked with DMAMAP_AFTER_SIGBUS or _ZERO
 *
 * Processes see what they saw before, but keep the region no longer: it ends with
 * the references of drivers. For device memory that the next driver adopts, while
 * processes have the mappings of the last one still. Such a mapping can't be
 * reattached.
 *
 * Context: process, may sleep; as dmamap_revoke().
 * Return: 0, or
 *	-EINVAL   @region is not revoked, or leaves a snapshot
 */
int dmamap_detach(struct dmamap_region *region);

#endif /* DMAMAP_H */
