/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dmamap - coherent memory that CPU, device and user space share.
 *
 * This is the interface for drivers: everything that a driver needs is declared
 * here, and no other header has to come first. Words: a *region* is one coherent
 * buffer, a *frame* is one physical page frame named by its pfn, a *flip* is the
 * moment a frame changes between cached and coherent use.
 */
#ifndef DMAMAP_H
#define DMAMAP_H

#include <linux/bits.h>
#include <linux/pgtable.h>
#include <linux/types.h>

struct device;
struct page;
struct vm_area_struct;

/** struct dmamap_region - one coherent buffer; opaque, counted. */
struct dmamap_region;

/**
 * enum dmamap_behind - kind of memory behind an address of a region
 * @DMAMAP_BEHIND_PAGE: RAM that the kernel may touch through its ordinary
 *	mapping; the struct page may be used, get_user_pages() works.
 * @DMAMAP_BEHIND_RESERVED: RAM that must be reached only through its region: a
 *	flipped frame, or RAM kept from the kernel (mem=, no-map). Only the pfn
 *	may be used.
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
 * @behind: kind of memory, and so what may be done with the frame
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
 * The CPU may gather its writes: until wmb() the device may see them late, and in
 * another order; dma_wmb() is not enough on x86. So the flag is for data, not for
 * queues of descriptors, and dmamap::Coherent<T> does not offer it.
 *
 * The flag has no effect where the board can't gather writes, and for devices that
 * snoop. On ARM all coherent memory gathers writes, with or without the flag. On x86
 * such a region is flipped by itself, in whole large pages of 2 MiB: the flag is for
 * large buffers, and not for a caller that can't sleep.
 */
#define DMAMAP_WRITE_COMBINE	BIT(1)
/*
 * Charge the memory to the calling process (RLIMIT_MEMLOCK) until the region ends:
 * for memory that user space makes a driver allocate. Mappings of that process are
 * not charged again. Only for dmamap_alloc(), and only where the caller can sleep;
 * dmamap_put() of such a region needs process context, too.
 */
#define DMAMAP_ACCOUNT		BIT(2)

/*
 * Regions that dmamap_alloc() makes are aligned to their size, rounded up to a power of
 * two, but to no more than this: in physical memory, and on a bus that has memory at
 * addresses with an offset of as many. The same holds on every board.
 */
#define DMAMAP_ALIGNED_BYTES	(4UL << 20)

/**
 * dmamap_device_served() - does a device get memory of the layer?
 * @dev: device, with its mask set
 * @why: NULL, or room for a sentence; "" if the device is served
 * @bytes: size of @why; a longer sentence is cut off. 0 if @why is NULL
 *
 * For a driver that has another way, to choose before it allocates. Served are devices
 * that find memory by its physical address, directly or by an offset, also those
 * that an IOMMU lets through, and devices behind an IOMMU that the kernel's DMA
 * code manages: dmamap_alloc() maps the memory there. Not served are devices with DMA
 * operations of their own (dma_map_ops), devices that need decrypted memory, and
 * those for which coherent memory was declared or that may use one pool only.
 *
 * Context: any.
 * Return: 0, or what dmamap_alloc() would return for such a device:
 *	-EINVAL      @dev is NULL
 *	-EOPNOTSUPP, -ENODEV, or -EIO without a mask
 */
int dmamap_device_served(struct device *dev, char *why, size_t bytes);

/**
 * dmamap_alloc() - allocate a coherent region for a device
 * @dev: device that will use the region
 * @size: bytes, at least 1; rounded up to whole pages
 * @gfp: GFP_KERNEL; GFP_ATOMIC where the caller can't sleep; GFP_NOIO or GFP_NOFS
 *	(or such a scope) where I/O or a file system waits for the caller; zone
 *	flags are ignored
 * @flags: DMAMAP_NO_SNOOP, DMAMAP_WRITE_COMBINE and DMAMAP_ACCOUNT, or 0
 *
 * The region is contiguous on the bus and aligned to its size up to
 * DMAMAP_ALIGNED_BYTES, all bytes of its pages are zero, and
 * (unless the device snoops) no cacheable translation of its frames exists
 * from the return of this call until the last reference is gone.
 *
 * A caller that can't sleep gets memory that was flipped before: up to 256 KiB
 * (x86-64: 2 MiB), as long as the pool has some (CONFIG_DMAMAP_POOL_ATOMIC_KIB).
 *
 * For GFP_NOIO and GFP_NOFS no page in use is moved to make room, because that waits
 * for writeback. Such a caller gets what the page allocator has in one piece (up to
 * 4 MiB, as a rule). Where all memory is contiguous memory (CMA, on ARM) nothing can
 * be had without a move: the caller gets memory that was flipped before, the reserve
 * for GFP_ATOMIC included, or -ENOMEM.
 *
 * Context: process, may sleep; with GFP_ATOMIC also interrupt, or with a
 * spinlock held. Takes no lock that a caller may hold.
 * Return: a region with one reference, or ERR_PTR():
 *	-EINVAL      @dev is NULL, @size is 0, @flags has an unknown bit, or
 *	             there is no process to charge
 *	-EOVERFLOW   @size wraps when rounded up to whole pages, or is 2^31
 *	             pages or more
 *	-EAGAIN      more than the process may lock (RLIMIT_MEMLOCK)
 *	-EOPNOTSUPP  @dev can't use memory of the layer; the log says why, once for
 *	             each device, and dmamap_device_served() does
 *	-ENODEV      this board, or its CPU, can't keep the configured strategy;
 *	             the log says why, once for each device
 *	-EIO         no frame that the coherent mask of @dev can reach, or @dev
 *	             has no such mask
 *	-EBUSY       a frame has another user with other cache attributes, or
 *	             the system hibernates (unless the device snoops)
 *	-ENOMEM      no memory, no contiguous run of this size (or none without
 *	             I/O, for GFP_NOIO and GFP_NOFS), or nothing in the pool
 *	             for a caller that can't sleep (as always while the system
 *	             hibernates)
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
 * zeroed nor flushed: the caller vouches that no cacheable mapping of it exists.
 *
 * Memory of another driver, or behind a mask, a window of the bus or an IOMMU that
 * the device can't get past, can be adopted for the CPU alone: the region has
 * DMAMAP_NO_BUS_ADDRESS then. A BAR of @dev has the address that PCI has for it. RAM
 * (DMAMAP_BEHIND_RESERVED) is mapped in an IOMMU, if @dev is behind one.
 *
 * Context: process, may sleep.
 * Return: a region with one reference, or ERR_PTR():
 *	-EINVAL      @dev is NULL, unaligned or empty range, wrong @behind, or
 *	             an unknown flag
 *	-EOVERFLOW   @phys + @size wraps
 *	-ENODEV      DMAMAP_BEHIND_RESERVED on a CPU that has no uncached memory;
 *	             the log of the boot says why
 *	-EBUSY       part of the range is memory of the kernel (it has an
 *	             ordinary mapping) or of another region, or is mapped with
 *	             another cache attribute already
 *	-EOPNOTSUPP  RAM for a @dev that needs decrypted memory
 *	-ENOMEM      no memory for the mapping, or no room in the IOMMU
 */
struct dmamap_region *dmamap_adopt(struct device *dev, phys_addr_t phys,
				   size_t size, enum dmamap_behind behind,
				   unsigned int flags);

/**
 * dmamap_get() - take one more reference
 * @region: region, NULL or ERR_PTR (both returned as they are)
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
 * own, so the frames stay until the last of them is gone. If the region was revoked,
 * mappings don't need its frames: these go with the last reference of a driver, a
 * little later, by a worker. Processes see the same as before.
 *
 * Context: any for regions that GFP_ATOMIC could have given (pool and snooped
 * ones). Others (larger, adopted, with DMAMAP_ACCOUNT): process, may sleep; a last
 * put in an interrupt is deferred to a worker.
 */
void dmamap_put(struct dmamap_region *region);

/**
 * dmamap_abandon() - drop a reference on memory that its device may still write to
 * @region: region, NULL or ERR_PTR (both ignored)
 *
 * Use instead of dmamap_put() when the device could not be stopped. When all
 * references are gone the frames are kept as they are, and not used again, until
 * dmamap_device_stopped(). An IOMMU keeps the device from them meanwhile.
 *
 * Context: as dmamap_put().
 */
void dmamap_abandon(struct dmamap_region *region);

/**
 * dmamap_device_stopped() - say that a device does not write to memory any more
 * @dev: device that has been reset or lost its power
 *
 * Ends the abandoned regions of @dev. One that still has references ends with the
 * last of them.
 *
 * Context: process, may sleep.
 * Return: number of regions that this call has ended.
 */
unsigned int dmamap_device_stopped(struct device *dev);

/**
 * dmamap_cpu_addr() - kernel address of a region
 * @region: region
 *
 * Context: any. The address is valid while the caller holds a reference.
 * Return: kernel virtual address of byte 0; NULL if @region is NULL or ERR_PTR. For an
 *	adopted region this is an __iomem address: use readl() and friends.
 */
void *dmamap_cpu_addr(const struct dmamap_region *region);

/**
 * dmamap_dma_addr() - bus address of a region
 * @region: region
 *
 * Context: any.
 * Return: address that the device puts on its bus to reach byte 0, or
 *	DMAMAP_NO_BUS_ADDRESS, also if @region is NULL or ERR_PTR.
 */
dma_addr_t dmamap_dma_addr(const struct dmamap_region *region);

/**
 * dmamap_size() - size of a region
 * @region: region
 *
 * Context: any.
 * Return: bytes, a multiple of the page size; 0 if @region is NULL or ERR_PTR.
 */
size_t dmamap_size(const struct dmamap_region *region);

/**
 * dmamap_strategy() - how this region is kept free of aliases
 * @region: region
 *
 * Context: any.
 * Return: "highmem", "unmap", "purge", "snooped" or "adopted"; "none" if @region is NULL
 *	or ERR_PTR.
 */
const char *dmamap_strategy(const struct dmamap_region *region);

/*
 * The bus address of an adopted region that its device can't reach, or that needs none,
 * such as a device's own registers that are no PCI BAR. As DMA_MAPPING_ERROR.
 */
#define DMAMAP_NO_BUS_ADDRESS	(~(dma_addr_t)0)

/* Most bytes of a region's name, with its NUL. */
#define DMAMAP_NAME_BYTES	32

/**
 * dmamap_set_name() - say what a region is for
 * @region: region, NULL or ERR_PTR (both ignored)
 * @name: name, copied; NULL or "" takes the name away
 *
 * For people only: the name appears in debugfs and traces, behind the name of the
 * device. Take the name that the driver's own documents give the buffer
 * ("rx_ring.3"). DMAMAP_NAME_BYTES - 1 characters are kept. Blanks, colons and
 * characters that are not visible ASCII become '_', so @name may come from
 * anywhere. @name is not a format string.
 *
 * Context: any, also interrupt.
 */
void dmamap_set_name(struct dmamap_region *region, const char *name);

/**
 * dma_map_to_page() - struct page behind a coherent address
 * @dev: device that the region was allocated for
 * @cpu_addr: address inside a region, as the kernel sees it
 * @dma_addr: the same byte as the device sees it; not looked at if the region has
 *	no bus address
 *
 * The answer is a page only when the kernel may touch the frame through its
 * ordinary mapping, that is for regions of snooping devices. The answer is never
 * guessed from pfn_valid(). No reference to the page is taken: the region holds it.
 *
 * Memory that is not of the layer (dma_alloc_coherent(), dma_pool_alloc(),
 * ioremap(), and for devices that snoop kmalloc() or vmap()) is judged by the
 * kernel's translation of @cpu_addr; the caller keeps such memory alive.
 *
 * Context: any, also interrupt; takes no lock.
 * Return: the page, or ERR_PTR():
 *	-EFAULT   the frame has no page that may be used: call dma_map_to_pfn()
 *	-ENOENT   the layer can't vouch for this memory: it is not mapped, not
 *	          coherent with @dev, part of the kernel's image, behind an
 *	          IOMMU, or was part of a region
 *	-EINVAL   @cpu_addr and @dma_addr name different bytes, or the region
 *	          belongs to another device
 */
struct page *dma_map_to_page(struct device *dev, const void *cpu_addr,
			     dma_addr_t dma_addr);

/**
 * dma_map_to_pfn() - page frame behind a coherent address, tagged
 * @dev: device that the region was allocated for
 * @cpu_addr: address inside a region, as the kernel sees it
 * @dma_addr: the same byte as the device sees it, as for dma_map_to_page()
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

/* Access of dmamap_mmap(): the most that the process may ever do with the mapping. */
#define DMAMAP_USER_READ	BIT(0)
#define DMAMAP_USER_WRITE	BIT(1)
/* Insert all pages in mmap(), so that no fault comes later. */
#define DMAMAP_USER_POPULATE	BIT(2)
/*
 * Cache attribute that the driver promises to user space: dmamap_mmap() refuses
 * regions with another one. Without any of these, each region shows its own.
 */
#define DMAMAP_USER_CACHED	BIT(3)
#define DMAMAP_USER_UNCACHED	BIT(4)
#define DMAMAP_USER_WRITE_COMBINE BIT(5)
/*
 * Don't charge the mapping to the RLIMIT_MEMLOCK of the process: for memory that the driver
 * has anyway, whether it is mapped or not (a frame buffer, a ring for each device), as fbdev,
 * ALSA and V4L2 do. Not for memory that a process can make the driver allocate; that is
 * charged by DMAMAP_ACCOUNT or by its mapping.
 */
#define DMAMAP_USER_UNCHARGED	BIT(6)

#define DMAMAP_USER_ALL		(DMAMAP_USER_READ | DMAMAP_USER_WRITE | \
				 DMAMAP_USER_POPULATE | DMAMAP_USER_CACHED | \
				 DMAMAP_USER_UNCACHED | DMAMAP_USER_WRITE_COMBINE | \
				 DMAMAP_USER_UNCHARGED)

/**
 * dmamap_mmap() - map segments of regions into user space, one after another
 * @vma: the VMA as the driver's mmap() got it; vm_pgoff is ignored
 * @segments: parts of regions to show, in this order; copied
 * @count: number of @segments, at least 1
 * @access: DMAMAP_USER_READ, DMAMAP_USER_WRITE or both, and further
 *	DMAMAP_USER_* flags
 *
 * The first access to a page inserts it together with all others of its page table,
 * or as one large page where the architecture has such and region and VMA are
 * aligned to it. The mapping holds a reference on each region until its last VMA is
 * gone, and charges its RAM to the RLIMIT_MEMLOCK of the process (but for
 * DMAMAP_USER_UNCHARGED). The mapping is not inherited by fork(), does not grow, is not
 * dumped, and mprotect() can't go beyond @access. Debuggers can read and write the
 * memory as the process can.
 *
 * If all regions are pages (DMAMAP_BEHIND_PAGE), the mapping can be pinned, and a
 * pinned frame outlives the mapping and its region; madvise(MADV_DOFORK) lets
 * children inherit the mapping, charged to the process that mapped it. Otherwise
 * get_user_pages() gives EFAULT, and madvise(MADV_DOFORK) EINVAL.
 *
 * A refusal is the event dmamap_map_refuse, with the reason in a word. A mistake that
 * only the driver can have made (a segment, @access) is told in the log, once.
 *
 * Context: process, from the driver's mmap() (mmap_lock held for writing).
 * Return: 0, or
 *	-EINVAL   MAP_PRIVATE, no or unaligned segment, a segment beyond its
 *	          region or whose region is NULL or ERR_PTR, a VMA longer than all
 *	          segments together, or no or unknown access
 *	-EACCES   the VMA asks for more than @access allows, or for PROT_EXEC (not if
 *	          only because the program's stack is executable: such a mapping is
 *	          made, and not executable)
 *	-EOPNOTSUPP a region is not what @access promises
 *	-EOVERFLOW the lengths of the segments wrap
 *	-EAGAIN   more than the process may lock (RLIMIT_MEMLOCK)
 *	-ENXIO    a region was revoked, or has no reference left: it was put
 *	-ENOMEM   no memory for the bookkeeping or page tables
 */
int dmamap_mmap(struct vm_area_struct *vma,
		const struct dmamap_segment *segments, unsigned int count,
		unsigned int access);

/**
 * enum dmamap_after - what a process finds where a region was revoked
 * @DMAMAP_AFTER_SIGBUS: nothing; each access gets SIGBUS
 * @DMAMAP_AFTER_ZERO: private memory of the process, zero at first, the same page
 *	everywhere in a mapping: data written there goes nowhere
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
 * @after: what processes find in its place; ignored in a second call
 *
 * When the call returns, no user page table has a translation of the region, none
 * will come, and new mappings of it are refused. If a snapshot must have the device's
 * last writes, stop the device before.
 *
 * Context: process, may sleep. The caller holds no mmap_lock, and no lock that the
 * driver's mmap() takes; lockdep reports a caller that does.
 * Return: 0, or
 *	-EINVAL   unknown @after, a snapshot of device memory, or @region is NULL or
 *	          ERR_PTR; nothing is done
 *	-ENOMEM   no memory for the snapshot; the region is revoked all the same,
 *	          and accesses get SIGBUS
 */
int dmamap_revoke(struct dmamap_region *region, enum dmamap_after after);

/**
 * dmamap_revoke_device() - take all regions of a device away from all processes
 * @dev: device that goes away
 * @after: as for dmamap_revoke(), but SIGBUS for device memory where
 *	dmamap_revoke() would refuse
 *
 * This includes regions on which only mappings still hold references. The caller
 * makes no new region of @dev meanwhile.
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
 * From then on, mappings hold a reference on @to, and none on @from.
 *
 * Context: process, may sleep; as dmamap_revoke().
 * Return: 0, or
 *	-EINVAL   @from is not revoked, @to differs from it in size, in what is
 *	          behind it, or in its cache attribute, or one of them is NULL or
 *	          ERR_PTR; nothing is done
 *	-ENXIO    @to was revoked meanwhile; some mappings may show @to
 */
int dmamap_reattach(struct dmamap_region *from, struct dmamap_region *to);

/**
 * dmamap_detach() - make user mappings let go of a revoked region
 * @region: a region that was revoked with DMAMAP_AFTER_SIGBUS or _ZERO
 *
 * Processes see the same as before, but their mappings no longer hold the region,
 * which ends with the drivers' references, at once: for device memory that the next
 * driver adopts right after dmamap_put(), which leaves this to a worker otherwise. A
 * detached mapping can't be reattached.
 *
 * Context: process, may sleep; as dmamap_revoke(). Waits for a revoke under way.
 * Return: 0, or
 *	-EINVAL   @region is not revoked, leaves a snapshot, or is NULL or ERR_PTR
 */
int dmamap_detach(struct dmamap_region *region);

#endif /* DMAMAP_H */
