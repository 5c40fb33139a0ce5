/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions: the record that the kernel keeps of one buffer, from its first reference to the
 * reuse of its object. The other rooms of dma/glue see a region through this header.
 *
 * The life of a region. Each arrow names the function that takes it, in store.c
 * unless another file is given; the object itself is never freed while RCU readers
 * may look at it (SLAB_TYPESAFE_BY_RCU).
 *
 *      empty <------------------------------------------------------.
 *        |  dmamap_store_new()                                       |
 *        v                                                           |
 *      made      has a device and one reference, and gets memory     |
 *        |  dmamap_store_begin()                                     |
 *        v                                                           |
 *      live      resolution finds it; it counts as a region          |
 *        |  dmamap_revoke() (user/revoke.c)                          |
 *        v                                                           |
 *      revoked   still live; no process reaches its memory any more  |
 *        |  dmamap_put(): the last reference (life.c)                |
 *        |                                                           |
 *        |---> let go      the last one of a driver, but mappings    |
 *        |        |        are left: without memory from here on,    |
 *        |        |        neither found nor counted; keeps what     |
 *        |        |        came after the revoke (life.c)            |
 *        |        |  the last mapping ends ------------------------->|
 *        |                                                           |
 *        |---> abandoned   its device may still write: kept until    |
 *        |        |        dmamap_device_stopped() (abandoned.c)     |
 *        v        v                                                  |
 *      ended     dmamap_store_end(): neither found nor counted       |
 *        |                                                           |
 *        |---> resting     keeps its coherent memory for the next    |
 *        |        |        owner: dmamap_store_rest()                |
 *        |        |  dmamap_store_wake(): made, with that memory     |
 *        |        |  worker or shrinker: memory goes to the pool     |
 *        v        v                                                  |
 *      dmamap_store_drop(): without memory, kept as a spare or freed'
 *
 * A live region need not be revoked before it ends: mappings hold references, so
 * the last one goes after the last mapping. The memory of a revoked region goes with
 * the last reference of a driver, unless its device may still write: then it goes when
 * the device has stopped.
 *
 * Callers in each state: made and ended, only the function that makes or ends the
 * region; let go, user mappings, which find @revoked, @after and @snapshot; live and
 * revoked, every holder of a reference, and readers of the
 * directory, which compare @life before and after; abandoned, abandoned.c with
 * abandoned_lock held; resting, dma/core/resting_layer.h, and empty, store.c, with the
 * machine's lock held.
 *
 * Lock order, outermost first:
 *   mmap_lock (any mm), or moving_parts (user/revoke.c): moves mappings to another region
 *     dmamap_user_map.lock         held for writing while a part gets another region
 *       dmamap_region.revoke_lock  held for reading while PTEs are inserted, for
 *                                  writing while they are zapped
 *         page table locks
 *         dmamap_region.maps_lock
 *           i_mmap_rwsem, page table locks
 *     the flip gate (machine/flip_gate.c)
 *                                  held for reading during a flip; for writing
 *                                  while the pool is emptied to hibernate
 *       locks of mm (fs_reclaim, vmap, CMA, memtype)
 *   dmamap_machine_lock() (machine/pool_worker.c)
 *                                  of the pool and of the list of regions, taken in
 *                                  interrupts, too
 *     abandoned_lock (abandoned.c)
 *   names_lock (name.c), begun_lock (watch/trace.c), recorder_lock (watch/steps.c), the
 *   directory's xa_lock: leaves, taken in interrupts, too
 * The shrinker of the pool runs inside of any allocation, even one of a flip: it
 * only tries to pass the flip gate.
 */
#ifndef DMAMAP_GLUE_REGION_H
#define DMAMAP_GLUE_REGION_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "dma/abi/layer.h"
#include "dmamap.h"

struct mm_struct;

/**
 * enum dmamap_iommu - the bus address of a region, where its device has an IOMMU
 * @DMAMAP_IOMMU_NONE: not mapped
 * @DMAMAP_IOMMU_MAPPED: mapped for as long as the region lives and its driver stays
 * @DMAMAP_IOMMU_ENDING: one caller is taking it away
 */
enum dmamap_iommu {
	DMAMAP_IOMMU_NONE,
	DMAMAP_IOMMU_MAPPED,
	DMAMAP_IOMMU_ENDING,
};

/**
 * struct dmamap_region - one buffer of coherent memory
 * @core: frames, addresses and attribute, as the C++ side knows them
 * @life: changes when a life ends; readers without a reference compare it
 * @live: @core and @dev are complete, and resolution may find the region
 * @rests: the region is between two lives, with its memory
 * @no_snoop: the device snoops, but DMAMAP_NO_SNOOP asked for memory as if it did not
 * @dev: device of the region; holds a reference on it
 * @name: see dmamap_set_name(); protected by names_lock
 * @references: of drivers, of user mappings, and of callers that look for a while
 * @drivers: those of drivers among them; stays 1 if the last one ends the region
 * @let_go: the memory is gone, mappings are left; protected by @revoke_lock
 * @revoked: no user mapping may be filled any more; protected by @revoke_lock,
 *	as are @after and @snapshot
 * @after: what user mappings show after a revoke
 * @snapshot: a copy of each page, for DMAMAP_AFTER_SNAPSHOT
 * @revoke_lock: see the lock order above
 * @maps_lock: protects @maps and @closed
 * @maps: parts of user mappings (struct dmamap_user_part)
 * @closed: no part is added to @maps any more
 * @all: entry in one of the lists of store.c; protected by the machine's lock
 * @ended: entry in the list of regions whose end waits for a worker
 * @device_runs: dmamap_abandon() was called; protected by abandoned_lock
 * @abandoned: entry in the list of abandoned regions; protected by abandoned_lock
 * @payer: address space that pays (DMAMAP_ACCOUNT), or NULL; holds a reference
 * @iommu: an enum dmamap_iommu; changed as iommu.c explains
 *
 * The object may begin another life at once, while a reader of the directory still
 * looks at it: such a reader goes by @life and @live, see machine/directory.c.
 */
struct dmamap_region {
	struct dmamap_core_region core;
	seqcount_t life;
	bool live;
	bool rests;
	bool no_snoop;
	struct device *dev;
	char name[DMAMAP_NAME_BYTES];
	refcount_t references;
	refcount_t drivers;
	bool let_go;
	bool revoked;
	enum dmamap_after after;
	struct page **snapshot;
	struct rw_semaphore revoke_lock;
	struct mutex maps_lock;
	struct list_head maps;
	bool closed;
	struct list_head all;
	struct llist_node ended;
	bool device_runs;
	struct list_head abandoned;
	struct mm_struct *payer;
	u32 iommu;
};

static inline bool dmamap_core_flipped(const struct dmamap_core_region *core)
{
	return core->strategy != DMAMAP_STRATEGY_SNOOPED &&
	       core->strategy != DMAMAP_STRATEGY_ADOPTED;
}

static inline bool dmamap_region_flipped(const struct dmamap_region *region)
{
	return dmamap_core_flipped(&region->core);
}

/* region.c */

/**
 * dmamap_refused() - allocations that failed since boot
 *
 * Context: any.
 */
u64 dmamap_refused(void);

/* device.c */

/**
 * enum dmamap_device - how a device finds memory, or why it gets none
 * @DMAMAP_DEVICE_DIRECT: bus addresses are computed from physical ones
 * @DMAMAP_DEVICE_TRANSLATED: by an IOMMU that the kernel's DMA code manages
 * @DMAMAP_DEVICE_OPS: by operations of its own
 * @DMAMAP_DEVICE_DOMAIN: by an IOMMU that other code manages
 * @DMAMAP_DEVICE_GRANULE: by an IOMMU whose pages are larger than the kernel's
 * @DMAMAP_DEVICE_ENCRYPTED: it needs decrypted memory
 * @DMAMAP_DEVICE_OWN_MEMORY: memory was declared for it
 * @DMAMAP_DEVICE_RESTRICTED: it may use one pool only
 * @DMAMAP_DEVICE_AREA: its own contiguous memory lies where the strategy can't use it
 * @DMAMAP_DEVICE_NO_MASK: its driver has not said what it reaches
 * @DMAMAP_DEVICE_NO_STRATEGY: it does not snoop, and the board can't keep its strategy
 */
enum dmamap_device {
	DMAMAP_DEVICE_DIRECT,
	DMAMAP_DEVICE_TRANSLATED,
	DMAMAP_DEVICE_OPS,
	DMAMAP_DEVICE_DOMAIN,
	DMAMAP_DEVICE_GRANULE,
	DMAMAP_DEVICE_ENCRYPTED,
	DMAMAP_DEVICE_OWN_MEMORY,
	DMAMAP_DEVICE_RESTRICTED,
	DMAMAP_DEVICE_AREA,
	DMAMAP_DEVICE_NO_MASK,
	DMAMAP_DEVICE_NO_STRATEGY,
};

/**
 * dmamap_device_addressing() - can a device use frames that are chosen for it?
 * @dev: device
 *
 * Of memory that the driver chose, too: dmamap_adopt().
 *
 * Context: any.
 * Return: neither DMAMAP_DEVICE_OWN_MEMORY, _RESTRICTED nor _NO_STRATEGY.
 */
enum dmamap_device dmamap_device_addressing(struct device *dev);

/**
 * dmamap_device_memory() - may a device get memory of the layer?
 * @dev: device
 *
 * Context: any.
 * Return: not DMAMAP_DEVICE_NO_STRATEGY: that is asked for when memory is flipped.
 */
enum dmamap_device dmamap_device_memory(struct device *dev);

/**
 * dmamap_device_area() - contiguous memory that only one device has
 * @dev: device
 *
 * Context: any.
 * Return: the area, or NULL: the device takes from what is for all.
 */
static inline struct cma *dmamap_device_area(const struct device *dev)
{
#ifdef CONFIG_DMA_CMA
	return dev->cma_area;
#else
	return NULL;
#endif
}

/**
 * dmamap_device_errno() - what an allocation for such a device returns
 * @device: answer of one of the two functions above
 *
 * Context: any.
 * Return: 0 if the device is served, -EIO without a mask, -ENODEV for an area that can't
 *	be used, else -EOPNOTSUPP.
 */
int dmamap_device_errno(enum dmamap_device device);

/**
 * dmamap_say_unserved() - say in the log why a device gets no memory
 * @dev: device that was refused
 * @err: with this
 * @gfp: of the allocation; whether the caller may sleep
 *
 * Once for each device and reason, until the driver leaves the device; for a device
 * without a driver as often as the log bears it. Nothing is said where there is just no memory.
 *
 * Context: any, with a fitting @gfp.
 */
void dmamap_say_unserved(struct device *dev, int err, gfp_t gfp);

/* Tests put functions of their own in place of these: KUNIT_STATIC_STUB_REDIRECT(). */
bool dmamap_device_encrypted(struct device *dev);
void dmamap_warn_of_mask(struct device *dev);

/* life.c */

/**
 * dmamap_region_unmake() - take back a region that could not be completed
 * @region: made, with its memory, not live
 *
 * Context: process, may sleep; any for the regions that dmamap_region_end() ends at once.
 */
void dmamap_region_unmake(struct dmamap_region *region);

/**
 * dmamap_region_end() - end a region whose last reference is gone
 * @region: unreachable for its driver and for user mappings
 *
 * Regions of the pool and of snooping devices end at once. The memory of others is
 * flipped back, which sleeps; in an interrupt a worker does it.
 *
 * Context: process, may sleep; any for the regions that end at once.
 */
void dmamap_region_end(struct dmamap_region *region);

/**
 * dmamap_region_keep() - take a reference that is not a driver's
 * @region: live, kept by the caller, or seen live with the machine's lock held
 *
 * Context: any.
 * Return: false if the region has no reference any more, and is about to end.
 */
bool dmamap_region_keep(struct dmamap_region *region);

/**
 * dmamap_region_unkeep() - drop the reference of dmamap_region_keep()
 * @region: kept
 *
 * Context: as dmamap_put().
 */
void dmamap_region_unkeep(struct dmamap_region *region);

/**
 * dmamap_region_let_go() - give back the memory of a region that only mappings have
 * @region: kept by the caller
 *
 * Does nothing unless the region is revoked, no driver has it, and its device has stopped.
 *
 * Context: process, may sleep.
 * Return: true if this call gave the memory back.
 */
bool dmamap_region_let_go(struct dmamap_region *region);

/**
 * dmamap_regions_settle() - wait for regions whose put left something to a worker
 *
 * Context: process, may sleep.
 */
void dmamap_regions_settle(void);

/**
 * dmamap_free_snapshot() - free the copies that were made for a revoke
 * @region: without user mappings, or with its revoke_lock held for writing
 *
 * Context: any.
 */
void dmamap_free_snapshot(struct dmamap_region *region);

/* store.c */

/**
 * dmamap_store_new() - a region that has no memory yet
 * @dev: device of the region; the region takes a reference
 * @gfp: whether the allocation may sleep
 *
 * Context: any, with a fitting @gfp.
 * Return: the region, made but not live, or NULL.
 */
struct dmamap_region *dmamap_store_new(struct device *dev, gfp_t gfp);

/**
 * dmamap_store_wake() - a region that rested: its memory is coherent, mapped and zero
 * @dev: device of the region; the region takes a reference
 * @bytes: size of the region, not 0
 *
 * Context: any.
 * Return: the region, made but not live, or NULL if none of that many pages rests
 * in reach of @dev.
 */
struct dmamap_region *dmamap_store_wake(struct device *dev, size_t bytes);

/**
 * dmamap_store_begin() - a region is complete: it can be found, and counts
 * @region: made
 *
 * Context: any.
 */
static inline void dmamap_store_begin(struct dmamap_region *region)
{
	smp_store_release(&region->live, true); /* core before live */
}

/**
 * dmamap_store_end() - from here on a region is not found, and does not count
 * @region: live, without references
 *
 * Context: any.
 */
static inline void dmamap_store_end(struct dmamap_region *region)
{
	WRITE_ONCE(region->live, false);
	write_seqcount_invalidate(&region->life); /* live before life */
	smp_wmb(); /* life before the core of the next life */
}

/**
 * dmamap_store_rest() - keep an ended region with its memory
 * @region: ended; belongs to the store afterwards
 *
 * Context: any.
 * Return: false if the memory is not of the pool, or too much rests already: the
 * region is still the caller's then.
 */
bool dmamap_store_rest(struct dmamap_region *region);

/**
 * dmamap_store_drop() - take back a region that has no memory any more
 * @region: made or ended
 *
 * Context: any.
 */
void dmamap_store_drop(struct dmamap_region *region);

/**
 * dmamap_for_each_region() - call a function for each live region
 * @fn: must not sleep, nor call the layer but for refcount_inc_not_zero() on the
 *	region; a region without references is about to end
 * @data: for @fn
 *
 * Context: any. @fn runs with the machine's lock held.
 */
void dmamap_for_each_region(void (*fn)(struct dmamap_region *region, void *data), void *data);

/**
 * dmamap_for_each_object() - call a function for each region, live or not
 * @fn: as for dmamap_for_each_region(); @dev of a region that is not live may be gone
 * @data: for @fn
 *
 * Context: as dmamap_for_each_region().
 */
void dmamap_for_each_object(void (*fn)(struct dmamap_region *region, void *data), void *data);

/**
 * struct dmamap_tour - a place in the list of regions that stays between two steps
 * @marker: stands in the list, never live
 * @passed: entries so far
 */
struct dmamap_tour {
	struct dmamap_region marker;
	u64 passed;
};

/**
 * dmamap_tour_begin() - begin to go once through all regions
 * @tour: the tour, until dmamap_tour_end()
 *
 * For work on each region that sleeps: dmamap_for_each_region() would hold the machine's
 * lock meanwhile. Each entry of the list is passed once, some at a time with the lock held.
 *
 * Context: any.
 */
void dmamap_tour_begin(struct dmamap_tour *tour);

/**
 * dmamap_tour_next() - the next region of a tour
 * @tour: begun
 * @wanted: is this one wanted? Runs with the machine's lock held, and must not sleep
 * @data: for @wanted
 *
 * Regions that come into being meanwhile may be missed.
 *
 * Context: process, may sleep.
 * Return: a live region with a reference, which the caller drops by dmamap_region_unkeep(), or
 * NULL at the end.
 */
struct dmamap_region *dmamap_tour_next(struct dmamap_tour *tour,
				       bool (*wanted)(const struct dmamap_region *region,
						      const void *data),
				       const void *data);

/**
 * dmamap_tour_end() - end a tour
 * @tour: begun, at any place
 *
 * Context: any.
 */
void dmamap_tour_end(struct dmamap_tour *tour);

/* iommu.c */
#ifdef CONFIG_IOMMU_DMA

/**
 * dmamap_iommu_map() - map a region in the IOMMU of its device
 * @region: made, with its memory; the device is DMAMAP_DEVICE_TRANSLATED
 *
 * The bus address of the region is valid afterwards.
 *
 * Context: any.
 * Return: 0; -ENOMEM if the IOMMU has no room, -EIO if its addresses are out of reach of
 *	the device's coherent mask; nothing is mapped then.
 */
int dmamap_iommu_map(struct dmamap_region *region);

/**
 * dmamap_iommu_unmap() - undo dmamap_iommu_map(), if it is not undone yet
 * @region: its device is stopped
 *
 * Context: any.
 */
void dmamap_iommu_unmap(struct dmamap_region *region);

#else

static inline int dmamap_iommu_map(struct dmamap_region *region)
{
	return 0;
}

static inline void dmamap_iommu_unmap(struct dmamap_region *region)
{
}

#endif

/* name.c */

/**
 * dmamap_copy_name() - name of a region
 * @region: region
 * @name: the name, or "-" for a region that has none
 *
 * Context: any.
 */
void dmamap_copy_name(const struct dmamap_region *region, char name[DMAMAP_NAME_BYTES]);

/**
 * dmamap_behind_name() - name of what is behind an address
 * @behind: an enum dmamap_behind
 *
 * Context: any.
 * Return: a word, "unknown" for another value.
 */
const char *dmamap_behind_name(u32 behind);

/**
 * dmamap_reason() - why a region has its strategy
 * @region: region
 *
 * Context: any.
 * Return: half a sentence, without full stop.
 */
const char *dmamap_reason(const struct dmamap_region *region);

/* Room for each sentence that says why something is so, with its NUL. */
#define DMAMAP_WHY_BYTES	192

/**
 * dmamap_strategy_kept() - does this board keep the configured strategy
 * @why: a sentence that says why, or why not; without full stop
 * @bytes: room in @why; a longer sentence is cut off
 *
 * Context: any.
 */
bool dmamap_strategy_kept(char *why, size_t bytes);

/**
 * dmamap_first_time() - is this the first time that something is said of a device?
 * @dev: device
 * @what: below BITS_PER_LONG: an enum dmamap_strategy_id, or DMAMAP_STRATEGIES and an
 *	enum dmamap_device
 * @gfp: whether the caller may sleep
 *
 * Remembered until the driver leaves the device; not for a device without a driver.
 *
 * Context: any, with a fitting @gfp.
 * Return: false if it was asked before. True, too, if it can't be remembered.
 */
bool dmamap_first_time(struct device *dev, unsigned int what, gfp_t gfp);

/**
 * dmamap_announce() - say the strategy of a region in the log, and why
 * @region: new region
 *
 * The line has no number of aliases: counting them would walk the page tables of
 * all processes at each allocation. debugfs has it.
 *
 * The line comes once for each device and strategy, until the driver leaves the
 * device. A device without a driver has no line; debugfs has the same words. Not
 * for regions that are made in atomic context: a console may be slow there, or its
 * driver may hold a lock that the caller has.
 *
 * Context: process, may sleep.
 */
void dmamap_announce(const struct dmamap_region *region);

/* kernel_memory.c */

/**
 * dmamap_frame_at() - the frame behind a kernel address
 * @cpu_addr: address; the caller keeps its translation
 * @pfn: the frame
 *
 * Context: any; takes no lock.
 * Return: false if the kernel's page table has no translation of @cpu_addr.
 */
bool dmamap_frame_at(const void *cpu_addr, u64 *pfn);

/**
 * dmamap_resolve_kernel_memory() - what is behind memory that belongs to no region
 * @dev: device that uses the memory
 * @cpu_addr: kernel address; its translation is the answer
 * @dma_addr: bus address of the same byte
 * @resolution: the answer
 *
 * The caller keeps the memory, and so its translation.
 *
 * Context: any; takes no lock.
 * Return: 0; -ENOENT if the layer can't vouch for the memory; -EINVAL if the two
 * addresses name different bytes.
 */
int dmamap_resolve_kernel_memory(struct device *dev, const void *cpu_addr, dma_addr_t dma_addr,
				 struct dmamap_core_resolution *resolution);

/* quota.c */

/**
 * dmamap_charge() - charge coherent memory to a process
 * @mm: address space of the caller; held
 * @pages: how many
 *
 * Counted in mm->pinned_vm, as RDMA does (drivers/infiniband/core/umem.c): VmPin in
 * /proc/PID/status.
 *
 * Context: process.
 * Return: 0; -EAGAIN, and nothing is charged, beyond RLIMIT_MEMLOCK without
 * CAP_IPC_LOCK.
 */
int dmamap_charge(struct mm_struct *mm, u64 pages);

/**
 * dmamap_uncharge() - take back what dmamap_charge() did
 * @mm: address space that was charged; held
 * @pages: how many
 *
 * Context: any.
 */
void dmamap_uncharge(struct mm_struct *mm, u64 pages);

/**
 * dmamap_region_charge() - let the calling process pay for a region until it ends
 * @region: made, without a payer
 * @pages: how many
 *
 * Context: process; the caller has an address space.
 * Return: as dmamap_charge().
 */
int dmamap_region_charge(struct dmamap_region *region, u64 pages);

/**
 * dmamap_region_refund() - end the payment for a region, if a process pays
 * @region: made or ended
 * @pages: as many as were charged
 *
 * Context: process, may sleep if there is a payer; else any.
 */
void dmamap_region_refund(struct dmamap_region *region, u64 pages);

/* abandoned.c */

/**
 * dmamap_keep_abandoned() - keep a region whose device may still write to it
 * @region: the last reference is gone
 *
 * Context: any.
 * Return: true if the region is kept until dmamap_device_stopped(); false if its
 * device was stopped, and the caller ends it.
 */
bool dmamap_keep_abandoned(struct dmamap_region *region);

/**
 * dmamap_device_runs() - may the device of a region still write to it?
 * @region: region
 *
 * Context: any.
 * Return: true from dmamap_abandon() to dmamap_device_stopped().
 */
bool dmamap_device_runs(const struct dmamap_region *region);

/**
 * dmamap_abandoned_frames() - frames of abandoned regions, for debugfs
 *
 * Context: any.
 */
u64 dmamap_abandoned_frames(void);

/* status.c */

/**
 * dmamap_errno() - errno of an enum dmamap_status
 * @status: what the C++ side answered
 *
 * Context: any.
 * Return: 0 or a negative errno.
 */
int dmamap_errno(u32 status);

#endif /* DMAMAP_GLUE_REGION_H */
