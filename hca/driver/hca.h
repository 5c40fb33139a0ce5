/* SPDX-License-Identifier: GPL-2.0 */
/* HCA driver, internal: one device, its contexts, its open files. */
#ifndef HCA_H
#define HCA_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <dmamap.h>

#include "../include/hca_abi.h"
#include "../include/hca_chip.h"
#include "decide.h"

struct dentry;
struct device;

/*
 * Locks, outermost first:
 *
 *   mmap_lock         held by the kernel when it calls hca_mmap(), so nothing
 *                     that copies to or from user space may run while one of
 *                     the locks below is held
 *   hca_file.lock     the context of a file, and all access to the chip on its
 *                     behalf; held while the chip is asked and answers
 *   hca_device.chip   read: a context is opened or closed; write: the chip is
 *                     reset, so no context is half open then
 *   hca_device.lock   what files share; never held while waiting for the chip
 *   hca_device.irq_lock   what the interrupt handler needs
 *
 * A function whose name ends in _locked wants its caller to hold a lock, which
 * it asserts. (hca_context_stop_locked() can't: it doesn't know the file.)
 *
 * dmamap_alloc(), dmamap_put() and dmamap_mmap() are called with hca_file.lock
 * held, dmamap_revoke() without any lock: it may need mmap_lock.
 */

/* Offsets of the window's parts, each a region of its own. */
#define HCA_PART_GLOBAL		0x00000u
#define HCA_PART_USERS		HCA_USER_PAGE(0)
#define HCA_PART_CONTROL	HCA_CONTROL_PAGE(0)
#define HCA_PART_PIO		HCA_PIO(0)

/**
 * struct hca_context - a context of the chip and the memory it works on
 * @number: index in the chip
 * @partition: key of its packets
 * @pid: process that opened it
 * @comm: its name, for debugfs
 * @decided: the chip has answered the enable, with yes or no
 * @stopped: hca_context_stop_locked() was called
 * @quiet: ... and the chip does no DMA of this context any more
 * @lost: the chip was reset since; written with hca_device.lock held, read
 *	anywhere
 * @behind: enum hca_behind of each kind, as dma_map_to_pfn() said
 * @coherent: regions, by enum hca_source
 * @leaked: link in hca_device.leaked, when the chip didn't let go
 */
struct hca_context {
	u32 number;
	u32 partition;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	bool decided;
	bool stopped;
	bool quiet;
	bool lost;
	u32 behind[HCA_KINDS];
	struct dmamap_region *coherent[HCA_COHERENT_SOURCES];
	struct list_head leaked;
};

/**
 * struct hca_device - one HCA
 * @ref: one for the binding, one for each open file
 * @dev: PCI or platform device, referenced
 * @id: number in the name
 * @name: "hca0", ...
 * @misc: the character device
 * @global: global page; driver only
 * @users: user pages of all contexts
 * @control: control pages and eager tables of all contexts; driver only
 * @pio: PIO buffers of all contexts
 * @debugfs: directory of this device
 * @watch_work: looks at the heartbeat
 * @watch_at: jiffies of the last look; @watch_work only
 * @watch: heartbeat; @watch_work only
 * @irq: interrupt that was requested, or 0
 * @link_work: notifies sysfs of a change of the link
 * @irq_lock: protects the four fields below and HCA_CTL_ARM of all contexts
 * @interrupts: the chip interrupts; otherwise a timer looks; read anywhere
 * @irq_serial: last interrupt that was taken
 * @irq_count: number of interrupts that were taken; read anywhere
 * @listener: open file of each context, or NULL
 * @looks: times that the timer has looked into a queue
 * @chip: keeps resets and half-open contexts apart: see above
 * @lock: protects all fields below
 * @state: enum hca_state; written with @lock held, read anywhere
 * @silent: the chip was found dead, so no answer is worth waiting for; written
 *	with @lock held, or by removal, which is alone; read anywhere
 * @resets: times that hca_device_reset() worked
 * @partitions: keys that the administrator has opened
 * @contexts: contexts in use or leaked
 * @active: contexts that are told of changes of @state, by number
 * @files: open files that the removal of the device has not visited yet
 * @leaked: contexts whose memory the chip may still write to
 * @leaked_contexts: number of entries of @leaked
 */
struct hca_device {
	struct kref ref;
	struct device *dev;
	int id;
	char name[16];
	struct miscdevice misc;
	struct dmamap_region *global;
	struct dmamap_region *users;
	struct dmamap_region *control;
	struct dmamap_region *pio;
	struct dentry *debugfs;
	struct delayed_work watch_work;
	unsigned long watch_at;
	struct hca_watch watch;

	unsigned int irq;
	struct work_struct link_work;
	spinlock_t irq_lock;
	bool interrupts;
	u32 irq_serial;
	u32 irq_count;
	struct hca_file *listener[HCA_CONTEXTS];
	atomic_t looks;

	struct rw_semaphore chip;
	struct mutex lock;
	u32 state;
	bool silent;
	u32 resets;
	struct hca_partitions partitions;
	struct hca_contexts contexts;
	struct hca_context *active[HCA_CONTEXTS];
	struct list_head files;
	struct list_head leaked;
	unsigned int leaked_contexts;
};

/**
 * struct hca_file - one open file
 * @ref: one for the file, one while the removal of the device visits it
 * @hca: device, referenced
 * @node: link in hca_device.files, protected by hca_device.lock
 * @wait: pollers
 * @poll_work: looks at the header queue while a process polls, where the
 *	device has no interrupt
 * @lock: protects the fields below
 * @context: context of this file, or NULL
 * @published: the process knows of @context and may map it
 * @gone: the device was taken away from this file
 */
struct hca_file {
	struct kref ref;
	struct hca_device *hca;
	struct list_head node;
	wait_queue_head_t wait;
	struct delayed_work poll_work;

	struct mutex lock;
	struct hca_context *context;
	bool published;
	bool gone;
};

/* bind.c */
struct hca_device *hca_bind(struct device *dev, phys_addr_t window,
			    enum dmamap_behind behind, unsigned int irq);
void hca_unbind(struct hca_device *hca);

/* device.c */
const char *hca_state_name(u32 state);
struct hca_device *hca_device_new(struct device *dev);
struct hca_device *hca_device_get(struct hca_device *hca);
void hca_device_put(struct hca_device *hca);
void hca_device_set_state(struct hca_device *hca, u32 state);
void hca_device_watch(struct hca_device *hca);
void hca_device_unwatch(struct hca_device *hca);
int hca_device_reset(struct hca_device *hca);

/* context.c */
struct hca_context *hca_context_open_locked(struct hca_device *hca, u32 wanted,
					    u32 partition);
bool hca_context_stop_locked(struct hca_device *hca,
			     struct hca_context *context);
void hca_context_close_locked(struct hca_device *hca,
			      struct hca_context *context);
void hca_context_status_locked(struct hca_device *hca,
			       struct hca_context *context, u32 status);
void hca_contexts_reap(struct hca_device *hca);
void hca_contexts_stopped_locked(struct hca_device *hca);
void hca_contexts_abandon(struct hca_device *hca);
struct dmamap_region *hca_source_region(struct hca_device *hca,
					struct hca_context *context,
					u32 source);

/* chip.c */
int hca_chip_reset(struct hca_device *hca);
u32 hca_chip_global(struct hca_device *hca, u32 offset);
u32 hca_chip_head(struct hca_device *hca, u32 context);
void hca_chip_interrupts_locked(struct hca_device *hca, bool enable);
void hca_chip_interrupt_taken_locked(struct hca_device *hca, u32 serial);
void hca_chip_arm_locked(struct hca_device *hca, u32 context);
void hca_chip_program(struct hca_device *hca, struct hca_context *context);
int hca_chip_enable(struct hca_device *hca, struct hca_context *context);
bool hca_chip_disable(struct hca_device *hca, struct hca_context *context);
bool hca_chip_quiet(struct hca_device *hca, struct hca_context *context);

/* irq.c */
void hca_irq_init(struct hca_device *hca);
void hca_irq_start(struct hca_device *hca, unsigned int irq);
void hca_irq_enable(struct hca_device *hca);
void hca_irq_stop(struct hca_device *hca);
bool hca_irq_serve(struct hca_device *hca);
bool hca_irq_arm(struct hca_device *hca, u32 context);
void hca_irq_listen(struct hca_device *hca, u32 context, struct hca_file *f);

/* file.c */
extern const struct file_operations hca_fops;
void hca_files_remove(struct hca_device *hca);

/* sysfs.c */
extern const struct attribute_group *hca_groups[];

/* debugfs.c */
void hca_debugfs_init(void);
void hca_debugfs_exit(void);
void hca_debugfs_add(struct hca_device *hca);
void hca_debugfs_remove(struct hca_device *hca);

/* pci.c, platform.c */
#ifdef CONFIG_PCI
int hca_pci_register(void);
void hca_pci_unregister(void);
#else
static inline int hca_pci_register(void)
{
	return 0;
}

static inline void hca_pci_unregister(void)
{
}
#endif
int hca_platform_register(void);
void hca_platform_unregister(void);

#endif /* HCA_H */
