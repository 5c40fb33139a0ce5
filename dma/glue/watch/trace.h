/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the layer, system "dmamap". docs/observability.md describes
 * their use. Each word that an event prints is the name of a field, so that a
 * filter can use it.
 *
 * The names of events begin with dmamap_ although the system has that name
 * already: a tracepoint is a symbol of the whole kernel, and "map" belongs to
 * the IOMMUs.
 */
/* clang-format off: each event is a macro with columns of its own */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dmamap

#if !defined(DMAMAP_GLUE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DMAMAP_GLUE_TRACE_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>

#include "dma/glue/region/region.h"
#include "dma/glue/watch/steps.h"

DECLARE_EVENT_CLASS(dmamap_region_class,
	TP_PROTO(const struct dmamap_region *region),
	TP_ARGS(region),
	TP_STRUCT__entry(
		__string(device, dev_name(region->dev))
		__string(strategy, dmamap_strategy(region))
		__string(behind, dmamap_behind_name(region->core.behind))
		__field(u64, pfn)
		__field(u64, pages)
		__field(u64, bus)
		__array(char, name, DMAMAP_NAME_BYTES)
	),
	TP_fast_assign(
		__assign_str(device);
		__assign_str(strategy);
		__assign_str(behind);
		__entry->pfn = region->core.pfn;
		__entry->pages = region->core.pages;
		__entry->bus = region->core.bus;
		dmamap_copy_name(region, __entry->name);
	),
	TP_printk("device=%s name=%s strategy=%s behind=%s pfn=%#llx pages=%llu bus=%#llx",
		  __get_str(device), __entry->name, __get_str(strategy), __get_str(behind),
		  __entry->pfn, __entry->pages, __entry->bus)
);

/* The region can be found and used from here ... */
DEFINE_EVENT(dmamap_region_class, dmamap_alloc,
	TP_PROTO(const struct dmamap_region *region),
	TP_ARGS(region)
);

DEFINE_EVENT(dmamap_region_class, dmamap_adopt,
	TP_PROTO(const struct dmamap_region *region),
	TP_ARGS(region)
);

DEFINE_EVENT(dmamap_region_class, dmamap_revoke,
	TP_PROTO(const struct dmamap_region *region),
	TP_ARGS(region)
);

/* ... to here; the steps that give its frames back follow, unless it rests. */
DEFINE_EVENT(dmamap_region_class, dmamap_free,
	TP_PROTO(const struct dmamap_region *region),
	TP_ARGS(region)
);

TRACE_EVENT(dmamap_refuse,
	TP_PROTO(struct device *dev, size_t bytes, unsigned int flags, int err),
	TP_ARGS(dev, bytes, flags, err),
	TP_STRUCT__entry(
		__string(device, dev ? dev_name(dev) : "-")
		__field(u64, bytes)
		__field(unsigned int, flags)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(device);
		__entry->bytes = bytes;
		__entry->flags = flags;
		__entry->err = err;
	),
	TP_printk("device=%s bytes=%llu flags=%#x err=%d", __get_str(device),
		  __entry->bytes, __entry->flags, __entry->err)
);

/*
 * The event times a flip to coherent from the claim of the frames to their entry in the
 * directory, and a flip to cached from their removal there to the moment when their
 * allocator gets them. Only flips that began while the event was on are traced.
 * Context: any.
 */
void dmamap_flip_begins(bool coherent, u64 pfn);
void dmamap_flip_ended(bool coherent, u64 pfn, u64 pages);
int dmamap_flip_forget(void);

/* @start: ktime_get_ns() when it began. */
TRACE_EVENT_FN(dmamap_flip,
	TP_PROTO(bool coherent, u64 pfn, u64 pages, u64 start),
	TP_ARGS(coherent, pfn, pages, start),
	TP_STRUCT__entry(
		__string(direction, coherent ? "to_coherent" : "to_cached")
		__field(u64, pfn)
		__field(u64, pages)
		__field(u64, ns)
	),
	TP_fast_assign(
		__assign_str(direction);
		__entry->pfn = pfn;
		__entry->pages = pages;
		__entry->ns = ktime_get_ns() - start;
	),
	TP_printk("direction=%s pfn=%#llx pages=%llu ns=%llu",
		  __get_str(direction), __entry->pfn, __entry->pages, __entry->ns),
	dmamap_flip_forget, NULL
);

/* A primitive of the machine, at its begin. */
DECLARE_EVENT_CLASS(dmamap_step_class,
	TP_PROTO(const struct dmamap_step *step),
	TP_ARGS(step),
	TP_STRUCT__entry(
		__string(step, dmamap_step_name(step->id))
		__field(u64, pfn)
		__field(u64, pages)
		__field(u32, value)
	),
	TP_fast_assign(
		__assign_str(step);
		__entry->pfn = step->pfn;
		__entry->pages = step->pages;
		__entry->value = step->value;
	),
	TP_printk("step=%s pfn=%#llx pages=%llu value=%u", __get_str(step),
		  __entry->pfn, __entry->pages, __entry->value)
);

/* The two expensive steps have events of their own, to be counted and timed alone. */
DEFINE_EVENT(dmamap_step_class, dmamap_purge,
	TP_PROTO(const struct dmamap_step *step),
	TP_ARGS(step)
);

DEFINE_EVENT(dmamap_step_class, dmamap_flush,
	TP_PROTO(const struct dmamap_step *step),
	TP_ARGS(step)
);

DEFINE_EVENT(dmamap_step_class, dmamap_step,
	TP_PROTO(const struct dmamap_step *step),
	TP_ARGS(step)
);

TRACE_EVENT(dmamap_resolve,
	TP_PROTO(struct device *dev, dma_addr_t bus, int err,
		 const struct dmamap_core_resolution *answer),
	TP_ARGS(dev, bus, err, answer),
	TP_STRUCT__entry(
		__string(device, dev ? dev_name(dev) : "-")
		__string(behind, err ? "-" : dmamap_behind_name(answer->behind))
		__field(u64, bus)
		__field(u64, pfn)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(device);
		__assign_str(behind);
		__entry->bus = bus;
		__entry->pfn = err ? 0 : answer->pfn;
		__entry->err = err;
	),
	TP_printk("device=%s bus=%#llx behind=%s pfn=%#llx err=%d", __get_str(device),
		  __entry->bus, __get_str(behind), __entry->pfn, __entry->err)
);

#define DMAMAP_SHOW_ACCESS(access)					\
	__print_flags(access, "|",					\
		      { DMAMAP_USER_READ, "read" },			\
		      { DMAMAP_USER_WRITE, "write" },			\
		      { DMAMAP_USER_POPULATE, "populate" },		\
		      { DMAMAP_USER_CACHED, "cached" },			\
		      { DMAMAP_USER_UNCACHED, "uncached" },		\
		      { DMAMAP_USER_WRITE_COMBINE, "write-combine" },	\
		      { DMAMAP_USER_UNCHARGED, "uncharged" })

TRACE_EVENT(dmamap_map,
	TP_PROTO(const struct vm_area_struct *vma, const struct dmamap_segment *segments,
		 unsigned int count, unsigned int access),
	TP_ARGS(vma, segments, count, access),
	TP_STRUCT__entry(
		__string(device, dev_name(segments->region->dev))
		__field(unsigned long, address)
		__field(unsigned long, bytes)
		__field(u64, pfn)
		__field(unsigned int, segments)
		__field(unsigned int, access)
	),
	TP_fast_assign(
		__assign_str(device);
		__entry->address = vma->vm_start;
		__entry->bytes = vma->vm_end - vma->vm_start;
		__entry->pfn = segments->region->core.pfn + (segments->offset >> PAGE_SHIFT);
		__entry->segments = count;
		__entry->access = access;
	),
	TP_printk("device=%s address=%#lx bytes=%lu segments=%u pfn=%#llx access=%s",
		  __get_str(device), __entry->address, __entry->bytes, __entry->segments,
		  __entry->pfn, DMAMAP_SHOW_ACCESS(__entry->access))
);

/*
 * The file stands for the device: what the driver gave as a region may be none.
 * @reason: a word, see dma/glue/user/vma.c.
 */
TRACE_EVENT(dmamap_map_refuse,
	TP_PROTO(const struct vm_area_struct *vma, unsigned int segments, unsigned int access,
		 const char *reason, int err),
	TP_ARGS(vma, segments, access, reason, err),
	TP_STRUCT__entry(
		__string(file, file_dentry(vma->vm_file)->d_name.name)
		__string(reason, reason)
		__field(unsigned long, address)
		__field(unsigned long, bytes)
		__field(unsigned int, segments)
		__field(unsigned int, access)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(file);
		__assign_str(reason);
		__entry->address = vma->vm_start;
		__entry->bytes = vma->vm_end - vma->vm_start;
		__entry->segments = segments;
		__entry->access = access;
		__entry->err = err;
	),
	TP_printk("file=%s address=%#lx bytes=%lu segments=%u access=%s reason=%s err=%d",
		  __get_str(file), __entry->address, __entry->bytes, __entry->segments,
		  DMAMAP_SHOW_ACCESS(__entry->access), __get_str(reason), __entry->err)
);

TRACE_EVENT(dmamap_fault,
	TP_PROTO(const struct vm_fault *vmf, u64 pfn, vm_fault_t result),
	TP_ARGS(vmf, pfn, result),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(u64, pfn)
		__field(unsigned int, result)
	),
	TP_fast_assign(
		__entry->address = vmf->address;
		__entry->pfn = pfn;
		__entry->result = (__force unsigned int)result;
	),
	TP_printk("address=%#lx pfn=%#llx result=%s", __entry->address, __entry->pfn,
		  __print_flags(__entry->result, "|", VM_FAULT_RESULT_TRACE))
);

#endif /* DMAMAP_GLUE_TRACE_H */

/* Found below -I$(src), as all headers of the layer. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH dma/glue/watch
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
